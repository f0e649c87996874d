"""Whose `migrate` and `rules` run: ours, whatever else bears these names where Python looks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support import FLEET, ROOT

HOSTILE = 'raise SystemExit("somebody else\'s code ran")\n'
COMMAND = ("-c", "from ecs_efs_migrate import main; main()")
"""What the script `efs-migrate` runs."""
MODULE = ("-m", "migrate")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with what a wheel installs."""
    site = tmp_path / "site"
    for package in ("migrate", "rules"):
        shutil.copytree(ROOT / package, site / package)  # with what is compiled already
    (site / "migrate" / "entry.py").rename(site / "ecs_efs_migrate.py")
    return site


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with something to find, where the command is run."""
    return Path(shutil.copytree(FLEET / "billing", tmp_path / "repository"))


def run(
    how: tuple[str, ...], cwd: Path, *path: Path, arguments: tuple[str, ...] = ("check", "--jobs", "2", ".")
) -> tuple[int, str]:
    """The status, and the last line that was printed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        [sys.executable, *how, *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip().splitlines()[-1]


def test_the_command_starts_in_a_module_of_its_own_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"efs-migrate": "ecs_efs_migrate:main"}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"migrate/entry.py": "ecs_efs_migrate.py"}


@pytest.mark.parametrize("form", ["package", "module"])
@pytest.mark.parametrize(
    ("how", "names"),
    [
        pytest.param(COMMAND, ("migrate", "rules"), id="command"),
        # Which `migrate` is meant by `-m migrate`, Python itself decides before anything of ours runs.
        pytest.param(MODULE, ("rules",), id="python -m migrate"),
    ],
)
def test_other_packages_of_these_names_do_not_run(
    how: tuple[str, ...], names: tuple[str, ...], form: str, installed: Path, repository: Path
) -> None:
    expected = run(COMMAND, repository, installed)
    assert (expected[0], expected[1].startswith("1 file: ")) == (1, True), expected
    for name in names:
        file = repository / name / "__init__.py" if form == "package" else repository / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(HOSTILE)
    # The folder where the command is run comes first, as it does with `-m` and with `PYTHONPATH=.`.
    assert run(how, repository, repository, installed) == expected


def test_folders_of_these_names_change_nothing(installed: Path, repository: Path) -> None:
    expected = run(COMMAND, repository, installed)
    for name in ("migrate", "rules"):
        (repository / name).mkdir()
    assert run(COMMAND, repository, repository, installed) == expected
    assert run(MODULE, repository, repository, installed) == expected


@pytest.mark.parametrize("how", [COMMAND, MODULE], ids=["command", "python -m migrate"])
@pytest.mark.parametrize(
    "overwritten",
    ["migrate/__init__.py", "rules/__init__.py", "rules/rule.py", "rules/model/__init__.py", "migrate/run/run.py"],
)
def test_an_overwritten_package_is_said_in_one_line(
    how: tuple[str, ...], overwritten: str, installed: Path, repository: Path
) -> None:
    (installed / overwritten).write_text("__version__ = '1.0'\n")
    status, line = run(how, repository, installed)
    assert status == 2
    assert line.startswith("efs-migrate: ")
    assert "another distribution has overwritten a part of ecs-efs-migrate" in line


def test_a_missing_package_is_said_in_one_line(installed: Path, repository: Path) -> None:
    shutil.rmtree(installed / "migrate")
    # Without site-packages, where an editable installation would lead to this very checkout.
    status, line = run(("-S", *COMMAND), repository, installed)
    assert (status, line) == (2, "efs-migrate: the package `migrate` of ecs-efs-migrate is missing: install it anew")
