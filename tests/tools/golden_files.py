"""What is compared byte for byte with what the tool does, and writing it anew: `make golden`.

A deliberate change of what the tool says or writes changes these files; they are to be read in the diff:

* `samples/*/findings.json` and `samples/*/after.*`: what is found in each golden case, and what it becomes;
* `tests/golden/said/`: what the tool says of each golden case and of each snippet of the rules' tests, a file each;
* `tests/hosts/mounted.txt`: what is read of small scripts of container instances.

No test writes any of them.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import scripts
from snippets import Snippet
from support import ROOT, Case, cases, efs_migrate

from migrate.run.run import Options, Run, work
from rules.rule import Finding

SAID = ROOT / "tests" / "golden" / "said"
"""What the tool says of each golden case and snippet."""


def said_file(case: Case | Snippet) -> Path:
    """The file that has what is said of a case or snippet."""
    return SAID / ("samples" if isinstance(case, Case) else "snippets") / f"{case.name}.txt"


def said_before(case: Case | Snippet) -> str:
    """What the recorded file says, which must be what the tool still says."""
    return said_file(case).read_text(encoding="utf-8")


def snippets() -> list[Snippet]:
    """The snippets of all rules, each from the test of its rule."""
    folder = ROOT / "tests" / "rules"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    modules = [importlib.import_module(path.stem) for path in sorted(folder.glob("test_efs*.py"))]
    return [snippet for module in modules for snippet in getattr(module, "SNIPPETS", [])]


def said(name: str, options: Sequence[str] = ()) -> str:
    """What `check` prints of a file in the current folder, and what else a person gets to see of it."""
    return efs_migrate("check", *options, name).stdout.decode() + "".join(_offered(name, "--unsafe" in options))


def _offered(name: str, unsafe: bool) -> Iterator[str]:
    """What a review shows of each finding and what the reports name it by, in lines."""
    for job in Run(Options(unsafe=unsafe), warn=lambda _: None).jobs([name]):
        for located in work(job).outcome.findings:
            finding = located.finding
            more = {
                "help": finding.help,
                "else": finding.otherwise,
                "asks": finding.question,
                "this": finding.label,
                **{f"or {number}": _way(other) for number, other in enumerate(finding.alternatives, 1)},
            }
            written = [f"    {name}: {value}\n" for name, value in more.items() if value]
            if written or finding.detail:
                yield f"  {located.line}:{located.column} {finding.rule} {finding.detail}".rstrip() + "\n"
                yield from written


def _way(other: Finding) -> str:
    return f"{other.status} {other.detail}, {other.label}: {other.message}. {other.whole_caveat}"


def git_apply(patch: bytes, folder: Path) -> None:
    done = subprocess.run(["git", "apply", "-"], cwd=folder, input=patch, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def check_sample(case: Case, folder: Path) -> None:
    """Run a golden case in an empty folder, the current one, as a user does."""
    original = case.before.read_bytes()
    path = case.copy(folder)

    # `check` changes nothing and says what it says.
    checked = efs_migrate("check", "--format=json", *case.options, ".")
    findings = sorted((str(f["rule"]), str(f["status"])) for f in checked.findings)
    if case.findings is not None:
        assert findings == case.findings
    else:
        assert go_without_saying(findings, case.changes), "a case that says nothing of findings has none of note"
    is_read = not checked.report["summary"]["unread"]
    is_open = any(status != "advice" for _, status in findings)
    assert checked.status == (1 if is_open or not is_read else 0), checked.stderr
    assert path.read_bytes() == original
    assert said(path.name, case.options) == said_before(case)

    # `diff` changes nothing, and git makes the right file of what it prints.
    dry = efs_migrate("diff", *case.options, ".")
    assert dry.status == (1 if case.changes else 0), dry.stderr
    assert bool(dry.stdout) == case.changes
    assert path.read_bytes() == original
    if dry.stdout:
        git_apply(dry.stdout, folder)
    assert path.read_bytes().decode() == case.after.decode()
    again = efs_migrate("diff", *case.options, ".")
    assert (again.status, again.stdout) == (0, b"")

    # `apply` writes the same.
    path.write_bytes(original)
    applied = efs_migrate("apply", "--format=json", *case.options, ".")
    assert path.read_bytes() == case.after
    left = [f for f in applied.findings if f["status"] != "advice" and not f["applied"]]
    assert applied.status == (1 if left or not is_read else 0), applied.stderr


def go_without_saying(findings: Sequence[tuple[str, str]], changes: bool) -> bool:
    """Whether a case with these findings needs no `findings.json`: it changes and leaves nothing undone, or has none."""
    return {status for _, status in findings} <= {"fixable", "advice"} if changes else not findings


def check_snippet(snippet: Snippet, folder: Path) -> None:
    """In an empty folder, the current one: the tool says what it said, and the definition can be upgraded or is left as it is."""
    path = snippet.copy(folder)
    assert said(path.name, snippet.options) == said_before(snippet)
    applied = efs_migrate("apply", "--unsafe", "--quiet", path.name)
    assert applied.status < 2, applied.stderr
    assert efs_migrate("diff", "--unsafe", path.name).stdout == b""


def recorded() -> Iterator[tuple[Path, bytes | None]]:
    """Each golden file with what it should hold today; None for one that should not be there."""
    kept = set()
    every: list[Case | Snippet] = [*cases(), *snippets()]
    for case in every:
        with TemporaryDirectory() as folder, chdir(folder):
            path = case.copy(Path(folder))
            yield said_file(case), said(path.name, case.options).encode()
            kept.add(said_file(case))
            if isinstance(case, Case):
                yield from _sample(case, path)
    yield from ((path, None) for path in SAID.glob("*/*") if path not in kept)
    yield scripts.MOUNTED, scripts.record().encode()


def _sample(case: Case, path: Path) -> Iterator[tuple[Path, bytes | None]]:
    """The findings of a golden case, unless they go without saying and it never said them, and what the case becomes."""
    found = efs_migrate("check", "--format=json", *case.options, ".").findings
    findings = sorted((str(f["rule"]), str(f["status"])) for f in found)
    efs_migrate("apply", "--quiet", *case.options, ".")
    after, before = path.read_bytes(), case.before.read_bytes()
    if case.findings != findings and (case.findings is not None or not go_without_saying(findings, after != before)):
        yield case.folder / "findings.json", f"{json.dumps(findings)}\n".encode()
    yield case.folder / f"after{case.before.suffix}", after if after != before else None


if __name__ == "__main__":
    for path, content in recorded():
        if content is None and path.exists():
            path.unlink()
            print(f"{path.relative_to(ROOT)} removed")
        elif content is not None and (not path.exists() or path.read_bytes() != content):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            print(f"{path.relative_to(ROOT)} written")
