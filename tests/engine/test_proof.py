"""Faults put into the writer, the dialects and the rules by hand: the proof must catch each before a byte is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import accumulate
from pathlib import Path

import pytest
from support import efs_migrate

from migrate.dialects.common.base_dialect import PlainDialect
from migrate.dialects.common.nodes import walk
from migrate.dialects.common.volumes import volume_edits
from migrate.dialects.dialect import Reading
from migrate.edit import Edit, apply
from migrate.engine import plan, settle
from migrate.syntax.data.document import DataDocument
from migrate.syntax.document import Document
from migrate.syntax.node import Added, EditMapping, EditSequence, Kept, Mapping, Scalar, SetScalar, TreeEdit
from migrate.syntax.node import Sequence as SequenceNode
from migrate.syntax.python import PythonDocument
from rules import RULES
from rules.context import Context
from rules.model import ENABLED, EfsVolume, SetStorage, Task, Text, Volume
from rules.rule import Finding, Rule, Status

CONFIG = """\
file-systems:
  - id: fs-0123456789abcdef0
    mounts: {/mnt/efs: /}
    access-points: {/wiki: fsap-0123456789abcdef0}
"""

JSON = """\
{
  "family": "blog",
  "taskRoleArn": "arn:aws:iam::123456789012:role/blog",
  "containerDefinitions": [
    {
      "name": "web",
      "image": "wordpress:6.5",
      "memory": 512,
      "command": ["serve", "--fast"],
      "mountPoints": [{"sourceVolume": "uploads", "containerPath": "/uploads", "readOnly": true}]
    },
    {"name": "cron", "image": "cron:1", "memory": 64}
  ],
  "volumes": [
    {
      "name": "uploads",
      "host": {
        "sourcePath": "/mnt/efs/blog/a/b/c/uploads"
      }
    },
    {
      "name": "wiki",
      "efsVolumeConfiguration": {
        "fileSystemId": "fs-0123456789abcdef0",
        "rootDirectory": "/wiki"
      }
    },
    {
      "name": "sock",
      "host": {"sourcePath": "/var/run/docker.sock"}
    }
  ]
}
"""

YAML = """\
# Owned by team web.
family: blog
containerDefinitions:
  - name: web
    image: "wordpress:6.5"

volumes:
  - name: uploads  # do not rename
    efsVolumeConfiguration:
      fileSystemId: fs-0123456789abcdef0
      rootDirectory: /uploads
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settle, "_MOST_ROUNDS", 0)  # no step is refused, so that the whole file tells of the fault
    Path(".efs-migrate.yaml").write_text(CONFIG)


def is_left_alone(text: str = JSON, *, name: str = "blog.json", because: str = "") -> None:
    """Apply to a file with this text: it must stay as it is, with one line that says why and exit status 2."""
    path = Path(name)
    path.write_text(text, newline="")
    done = efs_migrate("apply", "--format=json", path)
    assert path.read_text() == text
    (file,) = done.report["files"]
    assert re.search(rf"left alone, .*{because}", str(file["error"])), file["error"]
    assert done.stderr.splitlines()[-1].startswith(f"efs-migrate: error: {name}")
    assert done.status == 2


def test_without_a_fault_the_change_is_proven() -> None:
    path = Path("blog.json")
    path.write_text(JSON)
    assert efs_migrate("apply", path).status == 1, "the fifth level of uploads is refused an access point"
    expected = json.loads(JSON)
    expected["volumes"][0] = {
        "name": "uploads",
        "efsVolumeConfiguration": {
            "fileSystemId": "fs-0123456789abcdef0",
            "rootDirectory": "/blog/a/b/c/uploads",
            "transitEncryption": "ENABLED",
            "authorizationConfig": {"iam": "ENABLED"},
        },
    }
    expected["volumes"][1]["efsVolumeConfiguration"] = {
        "fileSystemId": "fs-0123456789abcdef0",
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
    }
    assert json.loads(path.read_text()) == expected


# -- faults of the printer: what stands in the new text ---------------------------------------------------------------

SLIPS = {
    "an extra key": (
        '"transitEncryption": "ENABLED",',
        '"transitEncryption": "ENABLED", "transitEncryptionPort": 2049,',
    ),
    "an unknown extra key": ('"iam": "ENABLED"', '"iam": "ENABLED", "mode": "0755"'),
    "an extra key elsewhere": ('"memory": 512', '"memory": 512, "privileged": true'),
    "another value": ('"transitEncryption": "ENABLED"', '"transitEncryption": "DISABLED"'),
    "a value in another case": ('"transitEncryption": "ENABLED"', '"transitEncryption": "enabled"'),
    "another file system": ('"fs-0123456789abcdef0"', '"fs-0fedcba9876543210"'),
    "another access point": ('"fsap-0123456789abcdef0"', '"fsap-0fedcba9876543210"'),
    "another directory": ('"/blog/a/b/c/uploads"', '"/blog/a/b/c/upload"'),
    "a lost directory": ('        "rootDirectory": "/blog/a/b/c/uploads",\n', ""),
    "a directory that is kept": (
        '"fs-0123456789abcdef0",\n        "transitEncryption"',
        '"fs-0123456789abcdef0", "rootDirectory": "/wiki",\n        "transitEncryption"',
    ),
    "a lost name": ('"name": "uploads",\n', "\n"),
    "a lost key elsewhere": ('      "memory": 512,\n', ""),
    "a lost volume": (
        ',\n    {\n      "name": "sock",\n      "host": {"sourcePath": "/var/run/docker.sock"}\n    }',
        "",
    ),
    "a lost role": ('  "taskRoleArn": "arn:aws:iam::123456789012:role/blog",\n', ""),
    "reordered items": ('["serve", "--fast"]', '["--fast", "serve"]'),
    "another scalar elsewhere": ('"wordpress:6.5"', '"wordpress:6.6"'),
    "another type elsewhere": ('"memory": 512', '"memory": "512"'),
    "another number elsewhere": ('"memory": 512', '"memory": 512.5'),
    "a writable mount": ('"readOnly": true', '"readOnly": false'),
    "a duplicate volume": ('    {\n      "name": "sock"', '    {"name": "uploads"},\n    {\n      "name": "sock"'),
    "a duplicate key": ('        "transitEncryption": "ENABLED",', '        "transitEncryption": "ENABLED",\n' * 2),
    "both storages": (
        '      "efsVolumeConfiguration"',
        '      "host": {"sourcePath": "/x"},\n      "efsVolumeConfiguration"',
    ),
    "a missing comma": ('"name": "uploads",', '"name": "uploads"'),
    "a trailing comma": ('"iam": "ENABLED"', '"iam": "ENABLED",'),
    "a bracket too many": ("]\n}", "]]\n}"),
    "an unescaped quote": ('"serve"', '"ser"ve"'),
}
"""What a slip makes of the right text: the first of these replaced by the second."""


def by_lines(old: str, new: str) -> Iterator[tuple[str, int, int, int, int]]:
    """difflib's opcodes for lines, in characters."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [[0, *accumulate(map(len, lines))] for lines in (before, after)]
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield tag, starts[0][a], starts[0][b], starts[1][c], starts[1][d]


def print_instead(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[str], str], printer: type[Document] = DataDocument
) -> None:
    """Have the printer of edits produce a faulty text."""
    right = printer.edits

    def edits(self: Document, changes: Sequence[TreeEdit]) -> list[Edit]:
        text = apply(self.text, right(self, changes))
        wrong = fault(text)
        assert wrong != text, "the fault does nothing"
        return [Edit(a, b, wrong[c:d]) for tag, a, b, c, d in by_lines(self.text, wrong) if tag != "equal"]

    monkeypatch.setattr(printer, "edits", edits)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_of_the_printer_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = SLIPS[name]
    print_instead(monkeypatch, lambda text: text.replace(right, wrong, 1))
    is_left_alone()


def test_reordered_volumes_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def swap(text: str) -> str:
        head, volumes = text.split('  "volumes": [\n')
        first, second, third = re.findall(r"    \{\n.*?\n    \}", volumes, re.DOTALL)
        return head + '  "volumes": [\n' + ",\n".join((second, first, third)) + "\n  ]\n}\n"

    print_instead(monkeypatch, swap)
    is_left_alone()


def test_an_edit_of_the_wrong_volume_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(text: str) -> str:
        return text.replace('"uploads",\n', '"@",\n').replace('"wiki",\n', '"uploads",\n').replace('"@"', '"wiki"')

    print_instead(monkeypatch, names)
    is_left_alone()


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_another_kind_of_newline_is_caught(newline: str, monkeypatch: pytest.MonkeyPatch) -> None:
    print_instead(monkeypatch, lambda text: text.replace('"ENABLED",\n', f'"ENABLED",{newline}'))
    is_left_alone(because="newline")


def test_a_change_that_is_not_written_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DataDocument, "edits", lambda _self, _changes: [])
    is_left_alone(because="was not written")


LAYOUT = {
    "a dropped comment": ("# Owned by team web.\n", ""),
    "a changed comment": ("# do not rename", "# rename"),
    "other quotes elsewhere": ('"wordpress:6.5"', "'wordpress:6.5'"),
    "a dropped blank line": ("\n\n", "\n"),
    "another indentation elsewhere": ('  - name: web\n    image: "w', '    - name: web\n      image: "w'),
}


@pytest.mark.parametrize("name", LAYOUT)
def test_a_fault_of_layout_elsewhere_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, quotes, blank lines and indentation are no data: what keeps them is that no edit leaves the lines of what
    is planned. On those lines, `samples/` and `tests/syntax` hold them fast byte for byte."""
    right, wrong = LAYOUT[name]
    print_instead(monkeypatch, lambda text: text.replace(right, wrong, 1))
    is_left_alone(YAML, name="blog.yaml")


PROGRAM = """\
from aws_cdk import Stack, aws_ecs as ecs, aws_efs as efs, aws_iam as iam


class Blog(Stack):
    # Owned by team web.
    def __init__(self, scope, id, vpc):
        super().__init__(scope, id)
        logs = efs.FileSystem(self, "Logs", vpc=vpc)
        files = efs.FileSystem(self, "Files", vpc=vpc, encrypted=True)
        task = ecs.FargateTaskDefinition(self, "Task", cpu=512)
        other = ecs.FargateTaskDefinition(self, "Other")
        task.add_volume(
            name="uploads",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=files.file_system_id,
                root_directory="/uploads",
            ),
        )

        web = task.add_container("Web", image=ecs.ContainerImage.from_registry('nginx:1'), user="101")
        web.add_mount_points(
            ecs.MountPoint(container_path="/uploads", source_volume="uploads", read_only=False)
        )
"""

STATEMENTS: dict[str, tuple[str | re.Pattern[str], str]] = {
    "another file system": ("= files.add_access_point(", "= logs.add_access_point("),
    "another path": ('path="/uploads"', 'path="/upload"'),
    "another owner": ('owner_uid="0"', 'owner_uid="1000"'),
    "another id": ('"UploadsAccessPoint"', '"Logs"'),
    "a user of the access point": (
        '            path="/uploads",\n',
        '            path="/uploads",\n            posix_user=user,\n',
    ),
    "another access point": ("access_point_id=uploads_access_point.access_point_id", 'access_point_id="fsap-1"'),
    "no IAM": ('                    iam="ENABLED",\n', ""),
    "a directory that is kept": (
        '                transit_encryption="ENABLED",\n',
        '                transit_encryption="ENABLED",\n                root_directory="/uploads",\n',
    ),
    "the role of another task definition": ("task.add_to_task_role_policy(", "other.add_to_task_role_policy("),
    "a grant without a condition": (
        re.compile(r"                conditions=\{.*?\n                \},\n", re.DOTALL),
        "",
    ),
    "a grant of more": ('"elasticfilesystem:ClientWrite"]', '"elasticfilesystem:ClientWrite", "s3:*"]'),
    "a grant of root": (
        '"elasticfilesystem:ClientWrite"]',
        '"elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"]',
    ),
    "a grant on everything": ("resources=[files.file_system_arn]", 'resources=["*"]'),
    "a grant by a method": ("        web = task", "        files.grant_read_write(task.task_role)\n        web = task"),
    "no grant": (
        re.compile(r"        task\.add_to_task_role_policy\(.*?\n        \)\n", re.DOTALL),
        "",
    ),
    "an access point that is made too late": (
        re.compile(r"(        uploads_access_point = .*?\n        \)\n)(.*)", re.DOTALL),
        r"\2\1",
    ),
    "another argument elsewhere": ("cpu=512", "cpu=256"),
    "other quotes elsewhere": ("'nginx:1'", '"nginx:1"'),
    "a lost comment": ("    # Owned by team web.\n", ""),
    "a lost blank line": ("\n\n        web", "\n        web"),
    "a lost statement": ("        super().__init__(scope, id)\n", ""),
    "an import too many": ("aws_iam as iam\n", "aws_iam as iam\nimport os\n"),
    "another indentation elsewhere": ("            ecs.MountPoint(", "                ecs.MountPoint("),
    "a bracket too many": ("encrypted=True)", "encrypted=True))"),
}
"""What a slip makes of the right program."""


def test_without_a_fault_the_program_is_proven() -> None:
    Path("blog.py").write_text(PROGRAM)
    assert efs_migrate("apply", "blog.py").status == 0


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_slip_in_a_program_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = STATEMENTS[name]
    if isinstance(right, re.Pattern):
        print_instead(monkeypatch, lambda text: right.sub(wrong, text, count=1), PythonDocument)
    else:
        print_instead(monkeypatch, lambda text: text.replace(right, wrong, 1), PythonDocument)
    is_left_alone(PROGRAM, name="blog.py")


# -- faults of a dialect: which tree edits it asks for ----------------------------------------------------------------


def write_instead(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[Reading[object], list[TreeEdit]], list[TreeEdit]]
) -> None:
    """Have the dialect ask for faulty tree edits."""
    right = PlainDialect.write
    monkeypatch.setattr(
        PlainDialect, "write", lambda self, reading, planned: fault(reading, right(self, reading, planned))
    )


def mapping_with(reading: Reading[object], key: str, value: str) -> Mapping:
    """The first mapping that has this entry."""
    for node in walk(reading.document.roots):
        if isinstance(node, Mapping):
            for entry in node.entries:
                if getattr(entry.key, "text", None) == key and getattr(entry.value, "text", None) == value:
                    return node
    raise AssertionError(f"no {key}: {value}")


def list_of(reading: Reading[object], key: str) -> SequenceNode:
    for node in walk(reading.document.roots):
        if isinstance(node, Mapping):
            for entry in node.entries:
                if getattr(entry.key, "text", None) == key and isinstance(entry.value, SequenceNode):
                    return entry.value
    raise AssertionError(f"no list {key}")


def without(node: Mapping, key: str) -> EditMapping:
    return EditMapping(node, tuple(Kept(e) for e in node.entries if getattr(e.key, "text", None) != key))


def test_a_forgotten_edit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    write_instead(monkeypatch, lambda _reading, edits: edits[:-1])
    is_left_alone(because="differently")


def test_an_extra_key_in_a_volume_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_reading: Reading[object], edits: list[TreeEdit]) -> list[TreeEdit]:
        first = edits[0]
        assert isinstance(first, EditMapping)
        return [replace(first, entries=(*first.entries, Added("driver", "local"))), *edits[1:]]

    write_instead(monkeypatch, fault)
    is_left_alone(because="differently")


def test_a_changed_volume_that_nobody_planned_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(reading: Reading[object], edits: list[TreeEdit]) -> list[TreeEdit]:
        entry = mapping_with(reading, "sourcePath", "/var/run/docker.sock").entries[0]
        assert isinstance(entry.value, Scalar)
        return [*edits, SetScalar(entry.value, "/run/docker.sock")]

    write_instead(monkeypatch, fault)
    is_left_alone(because="differently")


def test_a_removed_volume_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(reading: Reading[object], edits: list[TreeEdit]) -> list[TreeEdit]:
        volumes = list_of(reading, "volumes")
        return [*edits, EditSequence(volumes, tuple(volumes.items[:2]))]

    write_instead(monkeypatch, fault)
    is_left_alone(because="differently")


def test_a_removed_container_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(reading: Reading[object], edits: list[TreeEdit]) -> list[TreeEdit]:
        containers = list_of(reading, "containerDefinitions")
        return [*edits, EditSequence(containers, tuple(containers.items[:1]))]

    write_instead(monkeypatch, fault)
    is_left_alone(because="differently from the plan: task definition blog has other containers than planned")


@pytest.mark.parametrize(
    ("key", "value", "lost"),
    [
        pytest.param("family", "blog", "taskRoleArn", id="role"),
        pytest.param("sourceVolume", "uploads", "readOnly", id="readOnly"),
        pytest.param("sourceVolume", "uploads", "sourceVolume", id="mount point"),
        pytest.param("name", "web", "image", id="image"),
        pytest.param("name", "web", "command", id="command"),
        pytest.param("sourceVolume", "uploads", "containerPath", id="container path"),
    ],
)
def test_a_lost_key_outside_the_volumes_is_caught(
    key: str, value: str, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_instead(monkeypatch, lambda reading, edits: [*edits, without(mapping_with(reading, key, value), lost)])
    is_left_alone(because="differently")


EfsValue = Callable[..., dict[str, object]]
SHAPES: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
    "an extra member": lambda members: members | {"transitEncryptionPort": 2049},
    "a misspelt member": lambda members: {"fileSystemID" if k == "fileSystemId" else k: v for k, v in members.items()},
    "a lost member": lambda members: {k: v for k, v in members.items() if k != "rootDirectory"},
    "another value": lambda members: members | {"transitEncryption": "DISABLED"},
    "another directory": lambda members: members | {"rootDirectory": "/"},
    "another file system": lambda members: members | {"fileSystemId": "fs-0fedcba9876543210"},
    "a scalar in a mapping's place": lambda members: members | {"authorizationConfig": "ENABLED"},
    "a boolean in a word's place": lambda members: members | {"transitEncryption": True},
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_fault_in_the_shape_of_a_new_volume_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right: EfsValue = volume_edits.efs_value  # type: ignore[assignment]  # its values' type is not of interest here
    monkeypatch.setattr(volume_edits, "efs_value", lambda *args, **kwargs: SHAPES[name](right(*args, **kwargs)))
    is_left_alone()


@pytest.mark.parametrize("crash", [StopIteration, KeyError])
def test_a_crash_never_passes_for_nothing_to_do(crash: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(_reading: Reading[object], _edits: list[TreeEdit]) -> list[TreeEdit]:
        raise crash

    write_instead(monkeypatch, fault)
    Path("blog.json").write_text(JSON)
    try:
        status = efs_migrate("check", "blog.json").status
    except (RuntimeError, crash):
        status = 2
    assert status == 2


# -- faults of a rule: what it plans ----------------------------------------------------------------------------------


def add_rule(monkeypatch: pytest.MonkeyPatch, change: Callable[[EfsVolume], EfsVolume | None]) -> None:
    """Register one more rule, which gives EFS volumes another storage."""

    def check(volume: Volume, _task: Task, _context: Context) -> Finding | None:
        if not isinstance(volume.storage, EfsVolume) or (storage := change(volume.storage)) is None:
            return None
        return Finding("EFS999", volume.key, Status.FIXABLE, "a fault", changes=(SetStorage(volume.key, storage),))

    rule = Rule("EFS999", "fault", "any", "fixable", "A fault", check_volume=check)
    monkeypatch.setattr(plan, "RULES", (*RULES, rule))


def test_a_rule_that_is_never_content_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def deeper(storage: EfsVolume) -> EfsVolume:
        above = storage.root_directory.source if storage.root_directory else ""
        return replace(storage, root_directory=Text.of(f"{above}/deeper"), access_point=None)

    add_rule(monkeypatch, deeper)
    is_left_alone(because="second run would change it again")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            lambda s: replace(s, root_directory=Text.of("/x")) if s.access_point and not s.root_directory else None,
            "root directory other than /",
            id="root directory beside an access point",
        ),
        pytest.param(
            lambda s: replace(s, transit_encryption=None) if s.authorizes and s.encrypts else None,
            "without transit encryption|second run",
            id="IAM in the clear",
        ),
        pytest.param(
            lambda s: replace(s, file_system=None) if s.file_system and s.authorizes else None,
            "no file system|differently",
            id="no file system",
        ),
    ],
)
def test_a_rule_that_breaks_a_constraint_is_caught(
    change: Callable[[EfsVolume], EfsVolume | None], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rule(monkeypatch, change)
    is_left_alone(because=f"({reason})")


def test_iam_without_a_role_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    add_rule(monkeypatch, lambda s: None if s.authorizes else replace(s, iam=ENABLED))
    is_left_alone(YAML, name="blog.yaml", because="without a task role")


def test_a_plan_that_the_dialect_forgets_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlainDialect, "write", lambda _self, _reading, _planned: [])
    is_left_alone(because="was not written")
