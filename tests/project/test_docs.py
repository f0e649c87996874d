"""The documents show what the tool does, not what somebody remembers of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import docs
import pytest
import yaml
from support import ROOT, SAMPLES

from migrate import __version__
from migrate.report.rules import address
from rules import RULES

README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    """The fenced blocks of the section on CI, hooks and editors."""
    section = README.partition("\n## In CI, hooks and editors\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", docs.written(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_written_by_the_tool_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == docs.written()[path], "`make docs` writes it anew"


def test_the_readme_has_screens() -> None:
    screens = re.findall(r"<!-- screen: efs-migrate (\w+) ", README)
    assert {"diff", "check", "apply"} <= set(screens)
    for command in screens:
        shown = README.partition(f"<!-- screen: efs-migrate {command} ")[2].partition("```\n\n")[0]
        assert len(shown.splitlines()) > 5
        assert "\x1b" not in shown


def test_the_architecture_names_files_that_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:migrate|rules|tests|samples)/[\w./-]*)`", text)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_links_lead_somewhere() -> None:
    documents = ("README.md", "ARCHITECTURE.md", "rules/README.md", "rules/REVIEWERS.md")
    for document in (ROOT / name for name in documents):
        text = document.read_text(encoding="utf-8")
        headings = {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)}
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith("#"):
                assert target[1:] in headings, target
            elif not target.startswith("http"):
                assert (document.parent / target).exists(), target


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_page_at_its_address(rule: Any) -> None:
    url, _, anchor = address(rule).partition("#")
    assert url.endswith("/rules/README.md")
    assert f"\n## {rule.id} {rule.name}\n" in (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
    assert anchor == f"{rule.id} {rule.name}".lower().replace(" ", "-")


def test_reviewers_are_told_of_every_edit() -> None:
    page = (ROOT / "rules" / "REVIEWERS.md").read_text(encoding="utf-8")
    editing = {rule.id for rule in RULES if rule.default not in ("advice", "refused")}
    named = set(re.findall(r"EFS\d{3}", page))
    assert editing <= named <= {rule.id for rule in RULES}
    assert len(page.splitlines()) <= 45, "one screen"


# -- what can be copied from the README -------------------------------------------------------------------------------


def test_pre_commit_configuration() -> None:
    (repository,) = yaml.safe_load(blocks("yaml")[0])["repos"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert repository["rev"] == f"v{__version__}"
    assert {hook["id"] for hook in repository["hooks"]} <= {hook["id"] for hook in hooks}


def test_github_workflow() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = yaml.safe_load(blocks("yaml")[1])["jobs"]["efs"]["steps"][-1]
    assert step["uses"] == f"efs-migrate/efs-migrate@v{__version__}"
    named = re.search(r"also: ([\w, -]+)", blocks("yaml")[1])
    assert named
    assert {*step["with"], *named[1].split(", ")} == set(action["inputs"]) - {"token"}


def run(*command: str | Path, folder: Path) -> int:
    environment = {"PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]), "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True).returncode


def test_gitlab_job(tmp_path: Path) -> None:
    job = yaml.safe_load(blocks("yaml")[2])["efs-migrate"]
    shutil.copy(SAMPLES / "efs201-preview-form" / "before.json", tmp_path / "web.json")
    install, *script = job["script"]
    assert install.startswith("pip install ")
    for line in script:
        assert run("bash", "-c", line, folder=tmp_path) == 0
    found = json.loads((tmp_path / job["artifacts"]["reports"]["codequality"]).read_bytes())
    assert any("EFS201" in str(issue) for issue in found)


def test_make_recipe(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(blocks("make")[0])
    (tmp_path / "infra").mkdir()
    case = SAMPLES / "efs201-preview-form"
    shutil.copy(case / "before.json", tmp_path / "infra" / "web.json")
    shutil.copy(case / "config.yaml", tmp_path / ".efs-migrate.yaml")
    assert run("make", "efs", folder=tmp_path) == 2  # make's own status for a recipe that failed
    assert run("make", "efs-apply", folder=tmp_path) == 0
    assert run("make", "efs", folder=tmp_path) == 0
    assert (tmp_path / "infra" / "web.json").read_bytes() == (case / "after.json").read_bytes()
