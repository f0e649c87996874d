"""The table of README's "Speed": what the tool takes beside others, measured in the same run, taking turns.

    .venv/bin/python tests/benchmarks/table.py [SECTION...]

Sections: screening, templates, growth, start, parallel (default: all). The other tools are installed into environments of their
own below `.venv/bench`; one that cannot be is left out, and the table says so. Medians of wall time; CPU time (user and system,
children included) beside it, because other work on the machine disturbs it less. Judges nothing.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCH = ROOT / ".venv" / "bench"
OURS = str(Path(sys.executable).parent / "efs-migrate")
PATTERN = "efs_?-?volume_?-?(conf|s)|docker_?-?volume|source_?-?path|ecs_?-?volume|host_?-?volume"
SUFFIXES = ("json", "yaml", "yml", "template", "py")
PACKAGES = {"semgrep": "semgrep", "checkov": "checkov", "cfn-lint": "cfn-lint", "ast-grep": "ast-grep-cli"}

SEMGREP = """\
rules:
  - id: efs-transit-encryption
    languages: [yaml]
    severity: WARNING
    message: EFS without transit encryption
    pattern: "EFSVolumeConfiguration:\\n  FilesystemId: $ID\\n"
    fix: "EFSVolumeConfiguration:\\n  FilesystemId: $ID\\n  TransitEncryption: ENABLED\\n"
  - id: host-path
    languages: [yaml]
    severity: WARNING
    message: a host path
    pattern: "Host:\\n  SourcePath: $PATH\\n"
"""
AST_GREP = """\
id: efs
language: yaml
rule:
  kind: block_mapping_pair
  regex: ^EFSVolumeConfiguration
"""

TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: 'sts:AssumeRole'}}
  FileSystem:
    Type: AWS::EFS::FileSystem
    Properties: {{Encrypted: true}}
"""
TASK = """\
  Task{0}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: service-{0}
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: example/web:{0}
          Memory: 256
          Environment:
            - {{Name: STAGE, Value: production}}
            - {{Name: NUMBER, Value: '{0}'}}
          MountPoints:
            - {{SourceVolume: data, ContainerPath: /data}}
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: !Ref FileSystem
            RootDirectory: /service-{0}
"""


@dataclass(frozen=True)
class Taken:
    """What one run of a command took: seconds, and megabytes of its largest process."""

    wall: float
    cpu: float
    peak: float


@dataclass
class Command:
    arguments: Sequence[str]
    folder: Path
    statuses: tuple[int, ...] = (0, 1)
    runs: list[Taken] = field(default_factory=list)

    def run(self) -> None:
        environment = {
            **os.environ,
            "SEMGREP_SEND_METRICS": "off",
            "SEMGREP_ENABLE_VERSION_CHECK": "0",
            "LOG_LEVEL": "ERROR",
        }
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                self.arguments, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=said, env=environment
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wall = time.perf_counter() - begun
            if process.returncode not in self.statuses:
                said.seek(0)
                sys.exit(
                    f"{self.arguments} ended with {process.returncode}: {said.read()[-2000:].decode(errors='replace')}"
                )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.runs.append(Taken(wall, cpu, used.ru_maxrss / 1024))

    @property
    def median(self) -> Taken:
        runs = self.runs
        return Taken(*(statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "peak")))


def take_turns(commands: dict[str, Command], rounds: int) -> None:
    """Run each command once to warm the disk's cache, then all of them in turn, so that load disturbs all alike."""
    for command in commands.values():
        command.run()
        command.runs.clear()
    for _ in range(rounds):
        for command in commands.values():
            command.run()


def tool(name: str) -> str | None:
    """The program of another tool, installed on demand; None where that fails."""
    folder = BENCH / name
    program = folder / "bin" / name
    if not program.exists():
        print(f"installing {name} into {folder.relative_to(ROOT)}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", PACKAGES[name]]
        if subprocess.run(pip, capture_output=True, check=False).returncode or not program.exists():
            return None
    return str(program)


def row(name: str, command: Command, beside: Command | None = None) -> None:
    found = command.median
    ratio = ""
    if beside is not None:
        other = beside.median
        ratio = f"{found.wall / other.wall:.2f} ({found.cpu / other.cpu:.2f})"
    print(f"| {name} | {found.wall * 1000:,.0f} | {found.cpu * 1000:,.0f} | {found.peak:,.0f} | {ratio} |")


def head(title: str, beside: str) -> None:
    print(f"\n{title}\n\n| | wall, ms | CPU, ms | peak, MB | ratio to {beside} (CPU) |\n|---|---:|---:|---:|---:|")


# -- sections ---------------------------------------------------------------------------------------------------------


def screening(folder: Path) -> None:
    """An untouched tree: what is installed beside this Python, without the files that hold a word of ours."""
    ripgrep = shutil.which("rg")
    tree = folder / "tree"
    count = 0
    packages = [path for path in (ROOT / ".venv").glob("**/site-packages") if path.is_dir()]
    packages.append(Path(sysconfig.get_path("stdlib")))
    for source in (path for package in packages for path in package.rglob("*")):
        if source.suffix.lstrip(".") not in SUFFIXES or not source.is_file() or source.is_symlink():
            continue
        target = tree / f"{count // 200:04}" / f"{count}{source.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        count += 1
    hits = subprocess.run(["git", "grep", "--no-index", "-lEi", PATTERN], cwd=tree, capture_output=True, check=False)
    for name in hits.stdout.decode().splitlines():
        (tree / name).unlink()
        count -= 1
    size = sum(path.stat().st_size for path in tree.rglob("*.*"))
    globs = [word for suffix in SUFFIXES for word in ("-g", f"*.{suffix}")]
    commands = {"efs-migrate check": Command([OURS, "check", "."], tree, (0,))}
    commands["efs-migrate check --jobs 1"] = Command([OURS, "check", "--jobs=1", "."], tree, (0,))
    if ripgrep:
        commands["rg -l"] = Command([ripgrep, "-il", "--no-ignore", PATTERN, *globs], tree, (0, 1))
        commands["rg -l -j1"] = Command([ripgrep, "-il", "-j1", "--no-ignore", PATTERN, *globs], tree, (0, 1))
    take_turns(commands, 7)
    head(f"Screening {count:,} files ({size / 1e6:,.0f} MB) in which nothing is to be done", "rg -l")
    for name, command in commands.items():
        row(name, command, commands.get("rg -l"))
    if not ripgrep:
        print("\nripgrep is not installed, so there is nothing to compare with.")


def templates(folder: Path) -> None:
    tree = folder / "templates"
    tree.mkdir()
    for number in range(500):
        (tree / f"stack-{number}.yaml").write_text(TEMPLATE.format() + TASK.format(number))
    (folder / "semgrep.yaml").write_text(SEMGREP)
    (folder / "ast-grep.yaml").write_text(AST_GREP)
    commands = {
        "efs-migrate diff": Command([OURS, "diff", "."], tree, (1,)),
        "efs-migrate diff --jobs 1": Command([OURS, "diff", "--jobs=1", "."], tree, (1,)),
    }
    arguments = {
        "ast-grep": ["scan", "--rule", str(folder / "ast-grep.yaml"), "."],
        "semgrep": [
            "scan",
            "--config",
            str(folder / "semgrep.yaml"),
            "--autofix",
            "--dryrun",
            "--metrics=off",
            "--quiet",
            ".",
        ],
        "checkov": ["-d", ".", "--check", "CKV_AWS_97", "--framework", "cloudformation", "--compact", "--quiet"],
        "cfn-lint": ["*.yaml"],
    }
    missing = []
    for name, words in arguments.items():
        program = tool(name)
        if program is None:
            missing.append(name)
            continue
        commands[name] = Command([program, *words], tree, tuple(range(16)))
    take_turns(commands, 3)
    head("500 templates that all need migration (reading, planning, writing, proving)", "efs-migrate diff")
    for name, command in commands.items():
        row(name, command, commands["efs-migrate diff"])
    for name in missing:
        print(f"\n{name} could not be installed, and is left out.")


def growth(folder: Path) -> None:
    commands: dict[str, tuple[Command, float]] = {}
    for megabytes in (0.1, 1, 10):
        text = TEMPLATE.format()
        number = 0
        parts = [text]
        length = len(text)
        while length < megabytes * 1e6:
            parts.append(TASK.format(number))
            length += len(parts[-1])
            number += 1
        tree = folder / f"one-{megabytes}"
        tree.mkdir()
        (tree / "template.yaml").write_text("".join(parts))
        commands[f"one template of {megabytes} MB"] = (Command([OURS, "check", "--jobs=1", "."], tree, (1,)), megabytes)
    for number in (100, 1_000, 10_000):
        tree = folder / f"many-{number}"
        size = 0
        for n in range(number):
            path = tree / f"{n // 100:03}" / f"stack-{n}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            size += path.write_text(TEMPLATE.format() + TASK.format(n))
        commands[f"{number:,} templates"] = (Command([OURS, "check", "--jobs=1", "."], tree, (1,)), size / 1e6)
    print(
        "\nGrowth: one process\n\n| | wall, s | CPU, s | CPU, s per MB | peak, MB | peak beyond start-up, MB per MB |\n|---|---:|---:|---:|---:|---:|"
    )
    empty = Command([OURS, "check", "--jobs=1", str(folder / "one-0.1" / "none.yaml")], folder, (2,))
    empty.run()
    for name, (command, megabytes) in commands.items():
        for _ in range(1 if megabytes >= 5 else 3):
            command.run()
        found = command.median
        beyond = (found.peak - empty.median.peak) / megabytes
        print(
            f"| {name} ({megabytes:.1f} MB) | {found.wall:.2f} | {found.cpu:.2f} | {found.cpu / megabytes:.2f} | {found.peak:.0f} | {beyond:.0f} |"
        )


def start(folder: Path) -> None:
    tree = folder / "start"
    tree.mkdir()
    for number in range(20):
        (tree / f"{number}.yaml").write_text("on: push\njobs: {}\n")
    names = [f"{number}.yaml" for number in range(20)]
    commands = {
        "python -c pass": Command([sys.executable, "-c", "pass"], tree, (0,)),
        "efs-migrate --version": Command([OURS, "--version"], tree, (0,)),
        "efs-migrate check, 1 file (hook)": Command([OURS, "check", *names[:1]], tree, (0,)),
        "efs-migrate check, 20 files (hook)": Command([OURS, "check", *names], tree, (0,)),
    }
    take_turns(commands, 21)
    head("Start-up", "python -c pass")
    for name, command in commands.items():
        row(name, command, commands["python -c pass"])


def parallel(folder: Path) -> None:
    tree = folder / "parallel"
    for n in range(10_000):
        path = tree / f"{n // 100:03}" / f"stack-{n}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEMPLATE.format() + TASK.format(n))
    commands = {f"--jobs {jobs}": Command([OURS, "check", f"--jobs={jobs}", "."], tree, (1,)) for jobs in (1, 2)}
    for _ in range(2):
        for command in commands.values():
            command.run()
    head("10,000 templates by one and two processes", "--jobs 1")
    for name, command in commands.items():
        row(name, command, commands["--jobs 1"])


SECTIONS: dict[str, Callable[[Path], None]] = {
    "screening": screening,
    "templates": templates,
    "growth": growth,
    "start": start,
    "parallel": parallel,
}


def main(names: Sequence[str]) -> None:
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    for name in names or SECTIONS:
        with tempfile.TemporaryDirectory() as folder:
            SECTIONS[name](Path(folder))
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
