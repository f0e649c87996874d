"""What the repository holds that the tool itself can write, written anew: `make docs`.

Files: the rules' pages, the schema of the configuration, the map in ARCHITECTURE.md, and in README.md the table of rules and every
screen: a fenced block behind `<!-- screen: efs-migrate … -->` shows what that command prints, run in the repository's root. Lines
that are too long to be read there end with `…`. Behind `<!-- screen: efs-migrate … ; keys -->` it shows the last question of that command
on a terminal, where somebody has pressed these keys, in a copy of the samples.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from person import Person

ROOT = Path(__file__).parents[2]
WIDEST = 120

_SCREEN = re.compile(
    r"(<!-- screen: efs-migrate ([^;]+?)(?:; (.+?))? -->\n```\w*\n).*?(?=^```$)", re.DOTALL | re.MULTILINE
)
_MAP = re.compile(r"(?<=<!-- map -->\n).*?(?=<!-- /map -->)", re.DOTALL)
_RULES = re.compile(r"(?<=<!-- rules -->\n).*?(?=<!-- /rules -->)", re.DOTALL)


@cache
def written() -> dict[Path, str]:
    """Each file with the text that it should have."""
    from migrate.config import schema
    from migrate.report.rules import book, table

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = _SCREEN.sub(lambda s: s[1] + (asked(s[2], s[3]) if s[3] else printed(s[2])), readme)
    return {
        ROOT / "rules" / "README.md": book(),
        ROOT / "migrate" / "efs-migrate.schema.json": schema.text(),
        ROOT / "README.md": _RULES.sub(lambda _: table(), readme),
        ROOT / "ARCHITECTURE.md": _MAP.sub(lambda _: tree(), (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")),
    }


def tree() -> str:
    """Every folder and module of ours in a line, with the first sentence of its docstring."""
    lines = ["\n"]
    for package in ("rules", "migrate"):
        for folder in sorted({path.parent for path in (ROOT / package).rglob("*.py")}):
            depth = len(folder.relative_to(ROOT).parts) - 1
            lines.append(
                f"{'  ' * depth}- **`{folder.relative_to(ROOT).as_posix()}/`**{_about(folder / '__init__.py')}\n"
            )
            modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
            lines += [f"{'  ' * (depth + 1)}- `{path.name}`{_about(path)}\n" for path in modules]
    return "".join([*lines, "\n"])


def _about(path: Path) -> str:
    """The first sentence of a module's docstring, behind a dash."""
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = re.split(r"(?<=[^.][.])\s+(?=[A-Z`])|\n\n", said, maxsplit=1)[0]
    return f" — {' '.join(first.split()).rstrip('.')}" if first else ""


def printed(arguments: str) -> str:
    """What a command prints, as a README shows it."""
    done = subprocess.run(
        [sys.executable, "-m", "migrate", *shlex.split(arguments)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(WIDEST)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in (0, 1), f"efs-migrate {arguments} ended with {done.returncode}"
    return "".join(f"{_cut(line)}\n" for line in done.stdout.splitlines())


def asked(arguments: str, keys: str) -> str:
    """The question on a terminal of 90 columns after keys were pressed."""
    with TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "samples", Path(folder) / "samples")
        environment = {"PYTHONPATH": str(ROOT)}
        with Person(*shlex.split(arguments), environment=environment, cwd=folder) as person:
            screen = person.sees()
            for key in keys.split():
                screen = person.answers(key)
    return screen.partition("\n\n")[2].rstrip() + "\n"


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST else line[: WIDEST - 2].rstrip() + " …"


if __name__ == "__main__":
    for path, text in written().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(ROOT)} written")
