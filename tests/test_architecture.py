"""The one direction of imports, no circle anywhere, and what may not be loaded before it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import ROOT

from migrate.dialects import DIALECTS as DIALECT_CLASSES

MIGRATE = (
    ("migrate", "migrate.edit", "migrate.launcher"),
    ("migrate.files", "migrate.terminal"),
    ("migrate.syntax",),
    ("migrate.nothing_to_do", "migrate.dialects"),
    ("migrate.config", "migrate.engine"),
    ("migrate.run",),
    ("migrate.report",),
    ("migrate.review", "migrate.lsp", "migrate.batch"),
    ("migrate.commands",),
    ("migrate.cli",),
    ("migrate.__main__",),
    ("migrate.entry",),
)
"""Rooms of `migrate`, from the lowest floor up. A module may import its own room and every floor below it."""

DIALECTS = {
    "migrate.dialects.common": {"migrate.dialects.dialect"},
    # What troposphere makes are templates, so its dialect is that of templates, read and written another way.
    "migrate.dialects.troposphere": {
        "migrate.dialects.common",
        "migrate.dialects.dialect",
        "migrate.dialects.cloudformation",
    },
    "migrate.dialects.cdk": {
        "migrate.dialects.common",
        "migrate.dialects.dialect",
        "migrate.dialects.cloudformation.language.spelling",
    },
    "migrate.dialects.dialect": set[str](),
}
"""The rooms of the dialects that may import something else than `USUAL` of the others."""

USUAL = {"migrate.dialects.common", "migrate.dialects.dialect"}

RULES = (
    ("rules.model",),
    ("rules.facts",),
    ("rules.hosts", "rules.choices"),
    ("rules.context",),
    ("rules.rule",),
    ("rules.shared",),
    ("rules.efs",),
    ("rules",),
)
"""Rooms of `rules`, from the lowest floor up; `rules.efs` stands for the rules, one file each."""

KNOWLEDGE = ("rules.model", "rules.facts", "rules.hosts")
"""What dialects may know of `rules`: the vocabulary and the facts of AWS, but no rule."""

MOST_MODULES = 13
"""How many modules a folder may hold before nobody finds anything in it."""

HEAVY = {
    "typer": {"migrate.cli"},
    "rich": {"migrate.commands", "migrate.batch.command"},
    "distributed": {"migrate.batch.executors"},
    "ruamel": {"migrate.syntax.data.yaml"},
    "deepdiff": {"migrate.engine.differences"},
    "pygls": {"migrate.lsp.server"},
    "lsprotocol": {"migrate.lsp.server"},
    "libcst": {"migrate.syntax.python.brackets", "migrate.syntax.python.imports"},
}
"""What takes long to import, and who may."""


@dataclass(frozen=True)
class Import:
    """`module` imports `imported` (both dotted); `late` inside a function, or for type checkers only."""

    module: str
    imported: str
    late: bool

    def __str__(self) -> str:
        return f"{self.module} imports {self.imported}"


def modules() -> dict[str, Path]:
    """The source of every module, by its dotted name."""
    found = {}
    for package in ("migrate", "rules"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


MODULES = modules()


def imports_of(module: str) -> Iterator[Import]:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    late = {id(inner) for node in ast.walk(tree) if _is_late(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, id(node) in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(module, inner if inner in MODULES else str(node.module), id(node) in late)


def _is_late(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) or (
        isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )


def registered() -> Iterator[Import]:
    """The dialects that the registry names, which imports them when a file needs them."""
    for _, name in DIALECT_CLASSES:
        yield Import("migrate.dialects", f"migrate.dialects.{name.rpartition('.')[0]}", late=True)


IMPORTS = [*(found for module in MODULES for found in imports_of(module)), *registered()]
OURS = [found for found in IMPORTS if found.imported in MODULES]


def lies_in(module: str, rooms: Iterable[str]) -> bool:
    """Whether a module is one of `rooms` or lies in one."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def floor(module: str, floors: Iterable[Iterable[str]]) -> tuple[int, str]:
    """The number of a module's floor, and the room there."""
    named = module.replace("rules.efs", "rules.efs.", 1)
    found = [(len(r), n, r) for n, rooms in enumerate(floors) for r in rooms if lies_in(named, [r])]
    assert found, f"{module} has no floor"
    _, number, room = max(found)
    return number, room


@pytest.mark.parametrize(("package", "floors"), [("migrate", MIGRATE), ("rules", RULES)])
def test_imports_run_downwards(package: str, floors: tuple[tuple[str, ...], ...]) -> None:
    wrong = []
    for found in OURS:
        if lies_in(found.module, [package]) and lies_in(found.imported, [package]):
            (above, importer), (below, imported) = floor(found.module, floors), floor(found.imported, floors)
            if importer != imported and above <= below and found.imported != "migrate":  # which holds the version
                wrong.append(str(found))
    assert wrong == []


def test_no_circles() -> None:
    """Imports inside functions and for type checkers count, too: they are circles that somebody had to hide."""
    below = defaultdict(set)
    for found in OURS:
        below[found.module].add(found.imported)
    assert list(circles(below)) == []


def circles(below: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Groups of modules that all import one another, directly or not (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> Iterator[list[str]]:
        index[module] = low[module] = len(index)
        stack.append(module)
        for imported in below.get(module, ()):
            if imported not in index:
                yield from visit(imported)
                low[module] = min(low[module], low[imported])
            elif imported in stack:
                low[module] = min(low[module], index[imported])
        if low[module] == index[module]:
            at = stack.index(module)
            group = stack[at:]
            del stack[at:]
            if len(group) > 1 or module in below.get(module, ()):
                yield sorted(group)

    for module in MODULES:
        if module not in index:
            yield from visit(module)


def test_a_circle_is_seen() -> None:
    assert list(circles({"migrate.cli": {"migrate.edit"}, "migrate.edit": {"migrate.cli"}})) == [
        ["migrate.cli", "migrate.edit"]
    ]


def test_rules_import_nothing_but_the_standard_library_and_themselves() -> None:
    allowed = sys.stdlib_module_names | {"rules"}
    assert [str(f) for f in IMPORTS if f.module.startswith("rules") and f.imported.split(".")[0] not in allowed] == []


def test_no_rule_imports_another() -> None:
    wrong = [f for f in OURS if f.module.startswith("rules.efs") and f.imported.startswith(("rules.efs", "migrate"))]
    assert [str(f) for f in wrong] == []


def test_dialects_and_syntax_know_no_rule() -> None:
    wrong = [
        f
        for f in OURS
        if lies_in(f.imported, ["rules"])
        and (
            (lies_in(f.module, ["migrate.dialects"]) and not lies_in(f.imported, KNOWLEDGE))
            or lies_in(f.module, ["migrate.syntax", "migrate.files", "migrate.edit"])
        )
    ]
    assert [str(f) for f in wrong] == []


def test_no_dialect_imports_another() -> None:
    wrong = []
    for found in OURS:
        room = ".".join(found.module.split(".")[:3])
        outside = lies_in(found.imported, ["migrate.dialects"]) and not lies_in(found.imported, [room])
        if room.startswith("migrate.dialects.") and outside and not lies_in(found.imported, DIALECTS.get(room, USUAL)):
            wrong.append(str(found))
    assert wrong == []


def test_every_exception_is_for_a_room() -> None:
    rooms = {".".join(module.split(".")[:3]) for module in MODULES}
    assert rooms >= DIALECTS.keys()


def test_no_folder_is_crowded() -> None:
    folders: dict[Path, int] = defaultdict(int)
    for module, path in MODULES.items():
        if path.name != "__init__.py" and not module.startswith("rules.efs"):
            folders[path.parent] += 1
    assert {str(f.relative_to(ROOT)): n for f, n in folders.items() if n > MOST_MODULES} == {}


def test_heavy_libraries_have_one_door() -> None:
    users = {name: {f.module for f in IMPORTS if f.imported.split(".")[0] == name} for name in HEAVY}
    assert {name: found - HEAVY[name] for name, found in users.items() if found - HEAVY[name]} == {}


@pytest.mark.parametrize(
    "door",
    [
        "migrate.syntax.data.yaml",
        "migrate.syntax.python.write",
        "migrate.dialects.boto3",
        "migrate.engine.differences",
        "rich",
        "migrate.cli",
        "migrate.lsp.server",
    ],
)
def test_doors_open_late(door: str) -> None:
    early = [str(f) for f in IMPORTS if f.imported.startswith(door) and not f.late and not f.module.startswith(door)]
    assert early == []


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The heavy libraries that a fresh interpreter holds after running `code`."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted({set(HEAVY)!r} & sys.modules.keys())))"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code", ["import migrate.files.discover, migrate.files.source", "import rules", "import migrate.run.run"]
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert loaded_by(code) == set()


def test_json_needs_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(
        '{"containerDefinitions": [], "volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}]}'
    )
    code = (
        "import sys\n"
        "from migrate.run.run import Options, Run\n"
        "(result,) = Run(Options(jobs=1), warn=print).results([sys.argv[1]])\n"
        "assert result.outcome.edits and not result.outcome.error, result"
    )
    assert loaded_by(code, str(tmp_path)) == set()


def test_python_needs_libcst_to_write_only(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(
        'ecs.register_task_definition(containerDefinitions=[], volumes=[{"name": "v", "host": {"sourcePath": "/proc"}}])\n'
    )
    code = (
        "import sys\n"
        "from migrate.run.run import Options, Run\n"
        "(result,) = Run(Options(jobs=1), warn=print).results([sys.argv[1]])\n"
        "assert result.outcome.volumes and not result.outcome.error, result"
    )
    assert loaded_by(code, str(tmp_path)) == set()


def test_version_needs_no_command_line() -> None:
    assert (
        loaded_by("import sys; sys.argv = ['efs-migrate', '--version']\nfrom migrate.__main__ import main; main()")
        == set()
    )


def test_nothing_to_do_needs_no_command_line(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("on: push\n")
    code = "import sys; sys.argv = ['efs-migrate', 'check', *sys.argv[1:]]\nfrom migrate.__main__ import main; main()"
    assert loaded_by(code, str(tmp_path), "--exit-zero", "-q") == set()
    assert (
        loaded_by(f"{code}\nassert 'rules' not in sys.modules and 'typing' not in sys.modules", str(tmp_path)) == set()
    )
