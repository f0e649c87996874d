"""The GitHub action: its steps run as the runner would run them, against a `gh` that keeps its comments in a file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import ROOT, SAMPLES, SOAKING

from migrate.report import markdown

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
CASE = SAMPLES / "efs201-preview-form"
MARKER = "<!-- efs-migrate -->"

# The fake answers as the API does and filters with jq, whose language gh's own filter speaks.
GH = f"""\
#!{sys.executable}
import json, os, pathlib, subprocess, sys

def option(*names):
    return [sys.argv[i + 1] for i, word in enumerate(sys.argv) if word in names]

state_path = pathlib.Path(os.environ["GH_STATE"])
state = json.loads(state_path.read_text())
state["calls"].append(sys.argv[1:])
method = (option("--method") or ["GET"])[0]
endpoint = next(word for word in sys.argv[2:] if word == "graphql" or word.startswith("repos/"))
fields = dict(word.split("=", 1) for word in option("-f", "-F"))
answer, status = None, 0
if not os.environ.get("GH_TOKEN") or state.get("forbidden") and method != "GET":
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
if endpoint == "graphql":
    assert (fields["owner"], fields["name"], fields["number"]) == ("acme", "infra", "7"), fields
    nodes = [{{"databaseId": c["id"], "viewerDidAuthor": c["own"], "body": c["body"]}} for c in state["comments"]]
    answer = {{"data": {{"repository": {{"pullRequest": {{"comments": {{"nodes": nodes}}}}}}}}}}
elif endpoint == "repos/acme/infra/pulls/7/files?per_page=100":
    answer = state["files"]
elif method == "POST" and endpoint == "repos/acme/infra/issues/7/comments":
    body = pathlib.Path(fields["body"].removeprefix("@")).read_text()
    state["comments"].append({{"id": 100 + len(state["comments"]), "own": True, "body": body}})
elif method == "PATCH" and endpoint.startswith("repos/acme/infra/issues/comments/"):
    (comment,) = [c for c in state["comments"] if str(c["id"]) == endpoint.rpartition("/")[2]]
    comment["body"] = pathlib.Path(fields["body"].removeprefix("@")).read_text()
else:
    sys.exit(f"gh: no such endpoint: {{method}} {{endpoint}}")
state_path.write_text(json.dumps(state))
if answer is not None:
    filtered = subprocess.run(["jq", "-r", *option("--jq")], input=json.dumps(answer), text=True, check=True,
                              capture_output=True)
    sys.stdout.write(filtered.stdout)
"""

needs_jq = pytest.mark.skipif(
    shutil.which("jq") is None, reason="jq, which stands in for gh's filter, is not installed"
)


@dataclass
class Runner:
    """A runner's machine: a checkout, a temporary folder, the context that expressions are about."""

    folder: Path
    inputs: dict[str, str] = field(default_factory=dict)
    pull_request: bool = True
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    printed: str = ""

    def __post_init__(self) -> None:
        for name in ("checkout", "temp", "bin"):
            (self.folder / name).mkdir(parents=True)
        gh = self.folder / "bin" / "gh"
        gh.write_text(GH)
        gh.chmod(0o755)
        self.state = {"comments": [], "files": [], "calls": []}

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "gh.json").read_text())
        return found

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        (self.folder / "gh.json").write_text(json.dumps(value))

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text(encoding="utf-8")

    def evaluate(self, text: str) -> str:
        """A text with its expressions, which are only look-ups, replaced."""
        defaults = {name: str(given["default"]) for name, given in ACTION["inputs"].items()}
        known = {f"inputs.{name}": value for name, value in (defaults | self.inputs).items()}
        known |= {
            "github.token": "token",
            "github.repository": "acme/infra",
            "github.event.pull_request.number": "7" if self.pull_request else "",
            "steps.python.outputs.python-path": sys.executable,
        }
        known |= {f"steps.{s}.outputs.{n}": value for s, given in self.outputs.items() for n, value in given.items()}

        def value(match: re.Match[str]) -> str:
            if match[1].startswith("steps."):
                return known.get(match[1], "")  # an output that was not set
            return self.evaluate(known[match[1]])

        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", value, text)

    def step(self, name: str) -> int:
        """Run a step as the runner does, and take note of what it outputs; return its exit status."""
        step = STEPS[name]
        assert step["shell"] == "bash"
        output = self.folder / "output"
        output.write_text("")
        environment = {name: self.evaluate(value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.checkout,
            env={
                "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]]),
                "HOME": str(self.folder),
                "RUNNER_TEMP": str(self.folder / "temp"),
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                "GH_STATE": str(self.folder / "gh.json"),
                **{k: v for k, v in os.environ.items() if k.startswith(("PIP_", "COVERAGE"))},
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.printed += done.stdout + done.stderr
        if "id" in step:
            lines = output.read_text().splitlines()
            self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        return done.returncode

    def run(self, *, files: list[str] | None = None) -> int:
        """Run the steps with the tool as it is installed here; return the job's exit status."""
        self.printed = ""
        state = self.state
        if files is not None:
            self.state = state | {"files": [{"filename": name, "status": "modified"} for name in files]}
        self.outputs["install"] = {"command": str(Path(sys.executable).with_name("efs-migrate"))}
        for name in ("Find the files", "Check", "Comment"):
            assert self.step(name) == 0, self.printed
        return self.step("Decide")

    @property
    def paths(self) -> list[str]:
        return Path(self.outputs["files"]["list"]).read_text().split("\0")[:-1]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path / "runner")
    shutil.copy(CASE / "before.json", made.checkout / "web.json")
    shutil.copy(CASE / "config.yaml", made.checkout / ".efs-migrate.yaml")
    return made


# -- the file ---------------------------------------------------------------------------------------------------------


def test_zizmor_finds_nothing() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", "--persona=auditor", "action.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_expression_reaches_a_script() -> None:
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def test_actions_of_others_are_pinned() -> None:
    used = [step["uses"] for step in STEPS.values() if "uses" in step]
    assert len(used) == 2
    assert [use for use in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use)] == []


def test_outputs_are_those_of_the_check() -> None:
    script = STEPS["Check"]["run"]
    assert all(f"{name}=" in script for name in ACTION["outputs"])


# -- which files ------------------------------------------------------------------------------------------------------


@needs_jq
def test_the_files_of_the_pull_request(runner: Runner) -> None:
    odd = ["-rf.json", "with space.yaml", "$(touch owned).py", "new\nline.yml", "ünï.TEMPLATE"]
    for name in (*odd, "README.md"):
        (runner.checkout / name).write_text("x")
    changed = [{"filename": name, "status": "added"} for name in (*odd, "README.md", "not-checked-out.json")]
    runner.state = runner.state | {"files": [*changed, {"filename": "web.json", "status": "removed"}]}
    assert runner.step("Find the files") == 0, runner.printed
    assert runner.paths == [f"./{name}" for name in odd]
    assert not (runner.checkout / "owned").exists()


def test_the_paths_that_are_given(runner: Runner) -> None:
    runner.inputs["paths"] = "infra\n  services/api web\n\n-x\n/absolute\n$(touch owned)\n"
    assert runner.step("Find the files") == 0, runner.printed
    assert runner.paths == ["./infra", "./services/api web", "./-x", "/absolute", "./$(touch owned)"]
    assert not (runner.checkout / "owned").exists()


def test_everything_on_other_events(runner: Runner) -> None:
    runner.pull_request = False
    assert runner.step("Find the files") == 0, runner.printed
    assert runner.paths == ["./."]


# -- what it does with them -------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not SOAKING, reason="`make soak` has the action install the tool; the hook of pre-commit does it every time"
)
def test_installs_the_tool_of_its_own_checkout(runner: Runner) -> None:
    status = runner.step("Install efs-migrate")
    if "No matching distribution" in runner.printed:
        pytest.skip("no package index is reachable, so that the action cannot install the tool")
    assert status == 0, runner.printed
    done = subprocess.run([runner.outputs["install"]["command"], "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"efs-migrate ")


@needs_jq
def test_a_pull_request_with_findings(runner: Runner) -> None:
    assert runner.run(files=["web.json"]) == 1
    (comment,) = runner.state["comments"]
    assert comment["body"].startswith(f"{MARKER}\n")
    assert "EFS201" in comment["body"]
    assert '+        "transitEncryption": "ENABLED"' in comment["body"]
    assert "EFS201" in runner.summary
    assert re.search(r"^::\w+ .*file=web\.json", runner.printed, re.MULTILINE)
    outputs = runner.outputs["check"]
    assert outputs["status"] == "1"
    (report,) = json.loads(Path(outputs["sarif"]).read_bytes())["runs"]
    assert {result["ruleId"] for result in report["results"]} == {"EFS201"}
    subprocess.run(["git", "init", "-q"], cwd=runner.checkout, check=True)
    subprocess.run(["git", "apply", outputs["diff"]], cwd=runner.checkout, check=True)
    assert (runner.checkout / "web.json").read_bytes() == (CASE / "after.json").read_bytes()


@needs_jq
def test_the_comment_is_updated_not_repeated(runner: Runner) -> None:
    foreign = {"id": 1, "own": False, "body": f"{MARKER}\nnot ours"}
    runner.state = runner.state | {"comments": [foreign, {"id": 2, "own": True, "body": "of another bot's step"}]}
    assert runner.run(files=["web.json"]) == 1
    assert runner.run(files=["web.json"]) == 1
    assert len(runner.state["comments"]) == 3
    shutil.copy(CASE / "after.json", runner.checkout / "web.json")
    assert runner.run(files=["web.json"]) == 0
    comments = runner.state["comments"]
    assert (len(comments), comments[0]) == (3, foreign)
    assert comments[2]["body"].startswith(f"{MARKER}\n")
    assert "fixable" not in comments[2]["body"]


@needs_jq
def test_nothing_to_say_makes_no_comment(runner: Runner) -> None:
    shutil.copy(CASE / "after.json", runner.checkout / "web.json")
    assert runner.run(files=["web.json"]) == 0
    assert runner.run(files=["README.md"]) == 0
    assert runner.state["comments"] == []


@needs_jq
def test_it_only_informs(runner: Runner) -> None:
    runner.inputs["fail"] = "false"
    assert runner.run(files=["web.json"]) == 0
    assert runner.outputs["check"]["status"] == "1"
    assert len(runner.state["comments"]) == 1


@needs_jq
def test_no_comment_is_wanted(runner: Runner) -> None:
    runner.inputs["comment"] = "false"
    assert runner.run(files=["web.json"]) == 1
    assert runner.state["comments"] == []


@needs_jq
def test_a_fork_may_not_comment(runner: Runner) -> None:
    runner.state = runner.state | {"forbidden": True}
    assert runner.run(files=["web.json"]) == 1
    assert "::warning title=efs-migrate::The comment could not be written" in runner.printed
    assert "EFS201" in runner.summary


@needs_jq
def test_what_could_not_be_processed_fails_and_is_said(runner: Runner) -> None:
    (runner.checkout / ".efs-migrate.yaml").write_text('target: "`##[error]x\\n::error::y"\n')
    assert runner.run(files=["web.json"]) == 2
    (comment,) = runner.state["comments"]
    assert "must be one of" in comment["body"]
    assert not re.search(r"^\s*::error::y|##\[error\]", runner.printed, re.MULTILINE)
    # The runner takes no commands from what is said on standard error.
    _, stop, rest = runner.printed.partition("::stop-commands::")
    token, _, messages = rest.partition("\n")
    assert stop
    assert "must be one of" in messages.partition(f"\n::{token}::")[0]


@needs_jq
def test_options_that_are_none(runner: Runner) -> None:
    runner.inputs["options"] = "--nonsense"
    assert runner.run(files=["web.json"]) == 2
    (comment,) = runner.state["comments"]
    assert comment["body"] == f"{MARKER}\nefs-migrate could not run: see the log.\n"
    assert "No such option: --nonsense" in runner.printed


@needs_jq
def test_options_are_words(runner: Runner) -> None:
    (runner.checkout / "xyz").write_text("")
    runner.inputs["options"] = "--skip EFS201\n  --exclude x* --exclude $(touch${IFS}owned)"
    assert runner.run(files=["web.json"]) == 0
    assert not (runner.checkout / "owned").exists()


def test_every_report_fits_into_a_comment() -> None:
    """GitHub takes 65,536 characters."""
    assert len(f"{MARKER}\n") + markdown.LIMIT <= 65_536
