"""The one direction of imports, and what may not be loaded before it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import ROOT

TIERS = (
    {"migrate", "edit", "terminal", "discover"},
    {"source", "syntax", "keys", "quick"},
    {"dialects", "shapes"},
    {"suppress", "wording", "config", "survey"},
    {"schema"},
    {"engine", "settings"},
    {"fixes"},
    {"run", "answers"},
    {"report", "starter"},
    {"review", "lsp", "batch"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
"""Modules and packages of `migrate` from the lowest; each may import itself and what stands in a tier below its own.
`migrate` is the package itself, which holds the version."""

HEAVY = {
    "typer": {"migrate.cli"},
    "rich": {"migrate.commands", "migrate.batch.command"},
    "distributed": {"migrate.batch.executors"},
    "ruamel": {"migrate.syntax.yaml"},
    "deepdiff": {"migrate.wording"},
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


def modules() -> dict[str, Path]:
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


IMPORTS = [found for module in MODULES for found in imports_of(module)]


def tier(module: str) -> tuple[int, str]:
    unit = module.split(".")[1] if "." in module else "migrate"
    places = [number for number, units in enumerate(TIERS) if unit in units]
    assert places, f"{module} has no place in TIERS"
    return places[0], unit


def test_every_module_has_a_place() -> None:
    for module in MODULES:
        if module.startswith("migrate"):
            tier(module)


def test_imports_run_downwards() -> None:
    wrong = []
    for found in IMPORTS:
        if found.module.startswith("migrate") and found.imported.startswith("migrate"):
            (above, importer), (below, imported) = tier(found.module), tier(found.imported)
            if importer != imported and above <= below:
                wrong.append(f"{found.module} imports {found.imported}")
    assert wrong == []


def test_rules_import_nothing_but_the_standard_library_and_themselves() -> None:
    allowed = sys.stdlib_module_names | {"rules"}
    assert [f for f in IMPORTS if f.module.startswith("rules") and f.imported.split(".")[0] not in allowed] == []


def test_the_model_is_a_leaf() -> None:
    ours = ("migrate", "rules")
    assert [f for f in IMPORTS if f.module == "rules.model" and f.imported.split(".")[0] in ours] == []


def test_dialects_and_syntax_know_no_rule() -> None:
    knowledge = {"rules.model", "rules.identifiers", "rules.paths", "rules.hosts"}  # vocabulary, not rules
    wrong = [
        f"{f.module} imports {f.imported}"
        for f in IMPORTS
        if (f.module.startswith("migrate.dialects") and f.imported.startswith("rules") and f.imported not in knowledge)
        or (f.module.startswith(("migrate.syntax", "migrate.edit")) and f.imported.startswith("rules"))
    ]
    assert wrong == []


def test_no_dialect_imports_another() -> None:
    shared = {"plain", "reading", "shape", "values", "intrinsics", "resources", "instances", "network"}
    shared |= {
        "alternatives",
        "arms",
        "batch_jobs",
        "cdk_batch",
        "cdk_hosts",
        "cdk_program",
        "cdk_resources",
        "cdk_spelling",
        "cdk_writer",
        "conditions",
        "hidden",
        "clusters",
        "code",
        "identities",
        "images",
        "manner",
        "neighbours",
        "tags",
        "template_spelling",
        "scripts",
        "starters",
        "parameters",
        "platform_versions",
        "policies",
        "roles",
        "unread",
    }
    # What troposphere makes are templates, so its dialect is that of templates, read and written another way.
    shared |= {"troposphere_objects", "troposphere_statements", "troposphere_template", "troposphere_writer"}
    based_on = {("migrate.dialects.troposphere", "migrate.dialects.cloudformation")}
    wrong = [
        f"{f.module} imports {f.imported}"
        for f in IMPORTS
        if (f.module, ".".join(f.imported.split(".")[:3])) not in based_on
        and f.module.startswith("migrate.dialects.")
        and f.imported.startswith("migrate.dialects.")
        and f.imported.split(".")[2] not in shared
    ]
    assert wrong == []


def test_heavy_libraries_have_one_door() -> None:
    users = {name: {f.module for f in IMPORTS if f.imported.split(".")[0] == name} for name in HEAVY}
    assert {name: found - HEAVY[name] for name, found in users.items() if found - HEAVY[name]} == {}


@pytest.mark.parametrize(
    "door",
    [
        "migrate.syntax.yaml",
        "migrate.syntax.python.write",
        "migrate.dialects.boto3",
        "migrate.wording",
        "rich",
        "migrate.cli",
        "migrate.lsp.server",
    ],
)
def test_doors_open_late(door: str) -> None:
    early = [f.module for f in IMPORTS if f.imported.startswith(door) and not f.late]
    assert early == []


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The heavy libraries that a fresh interpreter holds after running `code`."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted({set(HEAVY)!r} & sys.modules.keys())))"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("code", ["import migrate.discover, migrate.source", "import rules", "import migrate.run"])
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert loaded_by(code) == set()


def test_json_needs_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(
        '{"containerDefinitions": [], "volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}]}'
    )
    code = (
        "import sys\n"
        "from migrate.run import Options, Run\n"
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
        "from migrate.run import Options, Run\n"
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
