"""Bad input: one line that says what is wrong and where, status 2, the file untouched, and the others processed."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import ROOT as PROJECT
from support import SOAKING, combined, efs_migrate

from migrate.files import source

ROOT = os.geteuid() == 0
COMMANDS = ("check", "diff", "apply")

JSON = """\
{
  "family": "web",
  "taskRoleArn": "arn:aws:iam::123456789012:role/web",
  "containerDefinitions": [{"name": "web", "image": "web"}],
  "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678"}}]
}
"""
YAML = """\
family: web
taskRoleArn: arn:aws:iam::123456789012:role/web
containerDefinitions: [{name: web, image: web}]
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
"""


@dataclass(frozen=True)
class Bad:
    """A file that must be refused: `line` None where none is to blame; `cause` is what the message ends with."""

    name: str
    content: str | bytes
    line: int | None
    cause: str

    @property
    def raw(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.encode()

    @property
    def message(self) -> str:
        place = self.name if self.line is None else f"{self.name}:{self.line}"
        return f"efs-migrate: error: {place}: {self.cause}\n"


def json_with(old: str, new: str) -> str:
    assert old in JSON
    return JSON.replace(old, new)


def yaml_with(old: str, new: str) -> str:
    assert old in YAML
    return YAML.replace(old, new)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


REFUSED = [
    # cut off
    Bad("cut.json", JSON[: JSON.rindex("]")], 5, "ends where ',' or ']' is expected"),
    Bad("cut-key.json", JSON[: JSON.index('"fs-')], 5, "ends where a value is expected"),
    Bad("cut-string.json", JSON[: JSON.index("fs-") + 5], 5, "string is not closed"),
    Bad("cut-flow.yaml", YAML + "tags: [", 8, "while parsing a flow node, expected the node content, but found '<stream end>'"),
    Bad("cut-string.yaml", YAML + 'tags: "a', 8, "while scanning a quoted scalar, found unexpected end of stream"),
    # templates
    Bad("jinja.json", json_with('  "volumes"', '{% if efs %}\n  "volumes"'), 5, "templated: '{%' is not JSON"),
    Bad("jinja.yaml", yaml_with("volumes:", "{% if efs %}\nvolumes:"), 4, "templated: '{%' is not YAML"),
    Bad("jinja-value.json", json_with('"fs-12345678"', '{% if a %}"fs-12345678"{% endif %}'), 5, "templated: '{%' is not JSON"),
    Bad("jinja-line.yaml", YAML + "{{ more }}\n", 9, "templated: '{{' is not YAML"),
    Bad("go.json", json_with('  "volumes"', '{{ if .Efs }}\n  "volumes"'), 5, "templated: '{{' is not JSON"),
    Bad("go.yaml", yaml_with("volumes:", "{{- if .Efs }}\nvolumes:") + "{{- end }}\n", 5, "templated: '{{' is not YAML"),
    Bad("terraform.json", json_with('  "volumes"', '%{ if efs }\n  "volumes"'), 5, "templated: '%{' is not JSON"),
    Bad("erb.json", json_with('"fs-12345678"', "<%= @efs"), 5, "templated: '<%' is not JSON"),
    Bad("erb.yaml", yaml_with("volumes:", "<% if @efs %>\nvolumes:"), 5, "templated: '<%' is not YAML"),
    # encodings
    Bad("utf-16.json", JSON.encode("utf-16"), None, "encoded as UTF-16, not UTF-8"),
    Bad("utf-16.yaml", YAML.encode("utf-16"), None, "encoded as UTF-16, not UTF-8"),
    Bad("utf-16-le.json", JSON.encode("utf-16-le"), None, "encoded as UTF-16, not UTF-8"),
    Bad("utf-16-be.yaml", YAML.encode("utf-16-be"), None, "encoded as UTF-16, not UTF-8"),
    Bad("latin-1.json", json_with('"image": "web"', '"image": "é"').encode("latin-1"), 4, "byte 0xe9 is not UTF-8"),
    Bad("latin-1.yaml", (YAML + "# é\n").encode("latin-1"), 8, "byte 0xe9 is not UTF-8"),
    Bad("nul.json", json_with('"image": "web"', '"image": "\0"'), 4, "holds a NUL byte, as no text does"),
    Bad("nul.yaml", YAML + "# \0\n", 8, "holds a NUL byte, as no text does"),
    # control characters
    Bad("escape.json", json_with('"family": "web"', '"family": "\x1b[31m"'), 2, "control character in a string"),
    Bad("escape.yaml", yaml_with("family: web", 'family: "\x1b[31m"'), 1, "character U+001B is not allowed"),
    Bad("c1.yaml", yaml_with("family: web", 'family: "\x9b31m"'), 1, "character U+009B is not allowed"),
    # nesting
    Bad("deep.json", json_with('"web",\n  "task', f'"web", "x": {nested(3000)},\n  "task'), 2, "nested deeper than 500 levels"),
    Bad("deep.yaml", f"{YAML}x: {nested(3000)}\n", 8, "nested deeper than 500 levels"),
    Bad("deeper.json", json_with('"web",\n  "task', f'"web", "x": {nested(100_000)},\n  "task'), 2, "nested deeper than 500 levels"),
    Bad("deeper.yaml", f"{YAML}x: {nested(100_000)}\n", 8, "nested deeper than 500 levels"),
    Bad("deeper-objects.json", '{"efsVolumeConfiguration":\n' + '{"a":' * 100_000 + "1" + "}" * 100_001, 2, "nested deeper than 500 levels"),
    Bad("deeper-block.yaml", f"{YAML}x:\n  {'- ' * 100_000}1\n", 9, "nested deeper than 500 levels"),
    Bad("deep-open.json", '{"efsVolumeConfiguration": ' + "[" * 100_000, 1, "nested deeper than 500 levels"),
    # names for nothing
    Bad("alias.yaml", YAML + "x: *nothing\n", 8, "undefined alias *nothing"),
    Bad("alias-of-another-document.yaml", "x: &a 1\n---\n" + YAML + "x: *a\n", 10, "undefined alias *a"),
    # neither JSON nor YAML
    Bad("comma.json", json_with("}]\n}", "}],\n}"), 6, "trailing comma before '}'"),
    Bad("comment.json", json_with('  "volumes"', '  /* here\n  "volumes"'), 5, "comment is not closed"),
    Bad("two.json", JSON + JSON, 7, "expected the end of the file"),
    Bad("conflict.json", json_with('  "volumes"', '<<<<<<< HEAD\n  "volumes"'), 5, "expected a string"),
    Bad("tab.yaml", yaml_with("  - name", "\t- name"), 5, "while scanning for the next token, found character '\\t' that cannot start any token"),
    # what is not meant can neither be guessed
    Bad("ignore.yaml", yaml_with("- name: data", "- name: data  # efs-migrate: ignore[EFS999]"), 5, "unknown rule EFS999 in a suppression"),
]  # fmt: skip  # one case per line reads better than five lines for each


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a good file of either kind: whatever is beside them, they must be processed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.json").write_text(JSON)
    (tmp_path / "good.yaml").write_text(YAML)
    return tmp_path


def assert_good_files_processed(command: str, stdout: bytes) -> None:
    for name, before in (("good.json", JSON), ("good.yaml", YAML)):
        expected = {"check": f"\n{name} (", "diff": f"\n+++ b/{name}\n", "apply": f"\n{name} ("}[command]
        assert expected in "\n" + stdout.decode()
        after = Path(name).read_text()
        assert ("ENABLED" in after) == (command == "apply")
        assert after == before or command == "apply"


def stamp(path: Path) -> tuple[bytes, int, int]:
    info = path.lstat()
    return path.read_bytes(), info.st_mtime_ns, info.st_ino


@pytest.mark.parametrize(
    ("bad", "command"), [pytest.param(*at, id=f"{at[0].name}-{at[1]}") for at in combined(REFUSED, COMMANDS)]
)
def test_refused(bad: Bad, command: str) -> None:
    path = Path(bad.name)
    path.write_bytes(bad.raw)
    before = stamp(path)
    ran = efs_migrate(command, "--quiet")
    assert (ran.status, ran.stderr) == (2, bad.message)
    assert stamp(path) == before
    assert_good_files_processed(command, ran.stdout)
    assert (bad.name in ran.stdout.decode()) is False
    # Named, or from standard input, it is the same.
    ran = efs_migrate(command, "--quiet", bad.name)
    assert (ran.status, ran.stderr) == (2, bad.message)
    ran = efs_migrate(command, "--quiet", "-", "--stdin-filename", bad.name, stdin=bad.raw)
    assert (ran.status, ran.stderr.splitlines(keepends=True)[-1]) == (2, bad.message)
    assert stamp(path) == before


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.name)
def test_the_report_says_so(bad: Bad) -> None:
    Path(bad.name).write_bytes(bad.raw)
    (file,) = efs_migrate("check", "--format", "json", bad.name).report["files"]
    assert str(file["error"]) == (f"line {bad.line}: {bad.cause}" if bad.line else bad.cause)
    assert (file["volumes"], file["findings"]) == ([], [])


BOMB = "".join(
    [
        "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n",
        *(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 30)),
    ]
)

ODD_BUT_LEGAL = {
    "bomb-before.yaml": BOMB + YAML,
    "bomb-after.yaml": YAML + BOMB,
    "bomb-in-the-definition.yaml": f"{BOMB}{YAML}      more: *x29\n",
    "bomb-in-a-list.yaml": f"{BOMB}{YAML}  - *x29\n",
    "bomb-merged.yaml": "m0: &m0 {a: 1}\n"
    + "".join(f"m{i}: &m{i}\n  <<: [{', '.join([f'*m{i - 1}'] * 10)}]\n" for i in range(1, 30))
    + "<<: *m29\n"
    + YAML,
    "cycle.yaml": YAML + "x: &a [*a]\n",
    "cycle-of-two.yaml": YAML + "x: &a\n  b: &b\n    - *a\n    - *b\n",
    "cycle-of-merges.yaml": yaml_with("  - name", "  - &a\n    <<: *a\n    name"),
    "huge-number.json": json_with('"image"', f'"memory": {"9" * 5000}, "image"'),
    "huge-number.yaml": yaml_with("image: web", f"image: web, memory: {'9' * 5000}"),
    "huge-exponent.json": json_with('"image"', '"memory": 1e999999, "image"'),
    "half-pair.json": json_with('"image": "web"', '"image": "\\ud83d"'),
    "half-pair-in-names.json": json_with('"family": "web"', '"family": "\\ud83d"').replace("data", "da\\udc00"),
    "half-pair.yaml": yaml_with("family: web", 'family: "\\ud83d"'),
    "duplicates.json": json_with('"family": "web"', '"family": "old", "family": "web"'),
    "duplicates.yaml": "family: old\n" + YAML,
    "duplicate-volumes.json": json_with('"volumes"', '"volumes": [], "volumes"'),
    "jinja-value.yaml": yaml_with("fs-12345678", "{{ efs }}"),
    "terraform-string.json": json_with("fs-12345678", "${efs}"),
    "not-a-number.json": json_with('"image"', '"memory": NaN, "image"'),
    "tag.yaml": yaml_with("family: web", "family: !!python/object/apply:os.system ['touch pwned']"),
    "directive.yaml": "%YAML 1.1\n---\n" + YAML,
    "odd-keys.yaml": YAML + "? [a, b]\n: 1\n? \n: 2\n",
    "c1.json": json_with('"family": "web"', '"family": "\x9b31m\x7f"'),
    "bidirectional.json": json_with('"family": "web"', '"family": "\u202e"'),
    "bom.json": "\ufeff" + JSON,
    "bom.yaml": "\ufeff" + YAML,
}


@pytest.mark.parametrize("name", ODD_BUT_LEGAL)
def test_odd_but_legal(name: str) -> None:
    """Processed: the diff is one that git takes and equals what apply writes; nothing but the volume's lines changes."""
    path, content = Path(name), ODD_BUT_LEGAL[name].encode()
    path.write_bytes(content)
    assert efs_migrate("check", "--quiet", name).status == 1
    diff = efs_migrate("diff", "--quiet", name)
    assert (diff.status, diff.stderr) == (1, "")
    subprocess.run(["git", "apply", "-"], input=diff.stdout, check=True)
    patched = path.read_bytes()
    path.write_bytes(content)
    applied = efs_migrate("apply", "--quiet", name)
    assert (applied.status in (0, 1), applied.stderr) == (True, "")
    assert path.read_bytes() == patched != content
    removed = set(content.splitlines()) - set(patched.splitlines())
    assert all(b"fs-12345678" in line or b"efs" in line for line in removed)
    assert efs_migrate("diff", "--quiet", name).stdout == b""
    assert not Path("pwned").exists()


def test_a_list_of_volumes_that_holds_itself() -> None:
    """An alias elsewhere would change with the volume: refused, and left as it is."""
    path = Path("x.yaml")
    path.write_text(yaml_with("volumes:", "volumes: &a") + "  - *a\n")
    before = stamp(path)
    ran = efs_migrate("apply", "-q", "--format", "json", "x.yaml")
    assert (ran.status, ran.stderr) == (1, "")
    assert {finding["status"] for finding in ran.findings} == {"refused"}
    assert stamp(path) == before


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \n\t\n", b"\n" * 100, b"\0", b"\xff\xfe"])
@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_nothing_to_read(content: bytes, suffix: str) -> None:
    path = Path(f"x.{suffix}")
    path.write_bytes(content)
    before = stamp(path)
    for command in COMMANDS:
        ran = efs_migrate(command, path)
        assert (ran.status, ran.stdout, ran.stderr) == (0, b"", "")
    assert stamp(path) == before


# -- files that are more, or less, than files -------------------------------------------------------------------------


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory is one that others can reach, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        monkeypatch.chdir(path)
        yield path
        monkeypatch.undo()
        path.chmod(0o777)


def as_somebody(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run efs-migrate without root's powers."""
    # Modules are imported before the identity changes: the checkout may lie where nobody else can read.
    code = f"import os, sys; sys.path.insert(0, {str(PROJECT)!r})\n"
    code += "import migrate.cli, migrate.report.text, migrate.report.diff, migrate.syntax.data.yaml, migrate.syntax.data.writing.write\n"
    code += "from migrate.engine.process import process; from rules.choices import Choices; import encodings.idna\n"
    code += f"process({YAML!r}, '', Choices()); process({JSON!r}, '', Choices())\n"
    if ROOT:
        code += "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
    code += f"migrate.cli.app({list(arguments)!r}, prog_name='efs-migrate')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


def given_away(path: Path, mode: int) -> bytes:
    """Make a file that belongs to the user that `as_somebody` is."""
    path.write_text(YAML)
    if ROOT:
        os.chown(path, 65534, 65534)
    path.chmod(mode)
    return YAML.encode()


@pytest.mark.parametrize("command", COMMANDS)
def test_unreadable_file(command: str, public: Path) -> None:
    given_away(public / "good.yaml", 0o644)
    given_away(public / "bad.yaml", 0)
    ran = as_somebody(command, "-q")
    assert (ran.returncode, ran.stderr) == (2, "efs-migrate: error: bad.yaml: permission denied\n")
    assert "good.yaml" in ran.stdout
    assert ("ENABLED" in (public / "good.yaml").read_text()) == (command == "apply")


@pytest.mark.parametrize("command", COMMANDS)
def test_unreadable_folder(command: str, public: Path) -> None:
    given_away(public / "good.yaml", 0o644)
    (public / "bad").mkdir(0)
    ran = as_somebody(command, "-q")
    assert (ran.returncode, ran.stderr) == (2, "efs-migrate: error: bad: permission denied\n")
    assert "good.yaml" in ran.stdout


def test_read_only_file() -> None:
    """Root may write anything, but who made a file read-only meant something by it."""
    path = Path("bad.yaml")
    path.write_text(YAML)
    path.chmod(0o444)
    before = stamp(path)
    assert efs_migrate("check").status == 1
    assert efs_migrate("diff").status == 1
    ran = efs_migrate("apply", "-q")
    assert (ran.status, ran.stderr) == (2, "efs-migrate: error: bad.yaml: read-only, so left alone\n")
    assert stamp(path) == before
    assert_good_files_processed("apply", ran.stdout)
    ran = efs_migrate("apply", "-q", "--format", "json", "bad.yaml")
    assert [finding["applied"] for finding in ran.findings] == [False] * len(ran.findings)


def test_read_only_folder(public: Path) -> None:
    (public / "locked").mkdir()
    before = given_away(public / "locked" / "bad.yaml", 0o644)
    (public / "locked").chmod(0o555)
    given_away(public / "good.yaml", 0o644)
    ran = as_somebody("apply", "-q")
    assert (ran.returncode, ran.stderr) == (2, "efs-migrate: error: locked/bad.yaml: permission denied\n")
    assert (public / "locked" / "bad.yaml").read_bytes() == before
    assert [path.name for path in (public / "locked").iterdir()] == ["bad.yaml"]
    assert "ENABLED" in (public / "good.yaml").read_text()


def test_a_file_of_somebody_else(public: Path) -> None:
    if not ROOT:
        pytest.skip("only root can make a file that belongs to somebody else")
    (public / "bad.yaml").write_text(YAML)
    ran = as_somebody("apply", "-q")
    assert (ran.returncode, ran.stderr) == (2, "efs-migrate: error: bad.yaml: read-only, so left alone\n")
    assert (public / "bad.yaml").read_text() == YAML


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere.json")


def _missing(path: Path) -> None:
    del path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (_loop, "too many levels of symbolic links"),
        (_dangling, "no such file or directory"),
        (_missing, "no such file or directory"),
        (os.mkfifo, "not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    ],
    ids=["loop", "dangling", "missing", "pipe", "device"],
)
def test_what_is_not_a_file(make: Callable[[Path], None], cause: str, command: str) -> None:
    """Named it is an error; in a folder it is nothing."""
    make(Path("bad.json"))
    Path("folder.json").mkdir()
    ran = efs_migrate(command, "-q", "bad.json", "good.json", "good.yaml")
    assert (ran.status, ran.stderr) == (2, f"efs-migrate: error: bad.json: {cause}\n")
    assert_good_files_processed(command, ran.stdout)
    ran = efs_migrate(command, "-q")
    assert (ran.status in (0, 1), ran.stderr) == (True, "")


def test_a_folder_that_is_called_like_a_file() -> None:
    Path("x.json").mkdir()
    Path("x.json", "y.json").write_text(JSON)
    assert [str(f["path"]) for f in efs_migrate("check", "--format", "json", "x.json").report["files"]] == [
        "x.json/y.json"
    ]
    assert len(efs_migrate("check", "--format", "json").report["files"]) == 3


def test_a_link_stays_and_its_target_changes() -> None:
    Path("real").write_text(YAML)
    Path("link.yaml").symlink_to("real")
    assert efs_migrate("apply", "-q", "link.yaml").stderr == ""
    assert Path("link.yaml").readlink() == Path("real")
    assert "ENABLED" in Path("real").read_text()


# -- names and values that a terminal would obey ----------------------------------------------------------------------

NAMES = {
    b"a b.json": "a b.json",
    b"a\nb.json": "a\\nb.json",
    b"-x.json": "-x.json",
    b"--help.json": "--help.json",
    b"\x1b[31m.json": "\\x1b[31m.json",
    b"caf\xe9.json": "caf\\xe9.json",
    "\u202egnp.json".encode(): "\\u202egnp.json",
    "größe.json".encode(): "größe.json",
}


@pytest.fixture
def odd_names(folder: Path) -> list[Path]:
    """Files whose names are odd; where the file system takes no such bytes there is nothing to test."""
    made = []
    for name in NAMES:
        path = folder / os.fsdecode(name)
        try:
            path.write_text(JSON)
        except OSError:
            continue
        made.append(path)
    return made


CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def run(*arguments: str | bytes, **options: object) -> tuple[int, str, str]:
    """Run efs-migrate in a process of its own; the output as UTF-8 with undecodable bytes as U+FFFD."""
    command: list[str | bytes] = [sys.executable, "-m", "migrate", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, timeout=300, **options)  # type: ignore[call-overload]  # options are passed through
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def on_a_terminal(*arguments: str) -> str:
    """Everything that a command prints where both streams are one terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "migrate", *arguments], stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        pieces = []
        try:
            while piece := os.read(ours, 1 << 16):
                pieces.append(piece)
        except OSError:  # Linux: the other end is closed
            pass
        os.close(ours)
        process.wait(60)
    return b"".join(pieces).decode(errors="replace").replace("\r\n", "\n")


OUTPUTS = [
    ["check"],
    ["check", "-v"],
    ["check", "--format", "json"],
    ["diff"],
    ["apply"],
    ["apply", "-v"],
    ["apply", "--format", "json"],
    ["init"],
]


@pytest.mark.parametrize("arguments", OUTPUTS, ids=" ".join)
def test_names_are_never_raw(arguments: list[str], odd_names: list[Path]) -> None:
    for path in odd_names:  # one that is broken for each that is not
        path.with_name("broken" + path.name).write_text(JSON[:-3])
    status, stdout, stderr = run(*arguments)
    assert status == 2
    assert "Traceback" not in stderr
    assert not CONTROL.search(stdout)
    assert "\ufffd" not in stdout + stderr
    assert not CONTROL.search(stderr)
    errors = sorted(line for line in stderr.splitlines() if ": error: " in line)
    shown = [NAMES[os.fsencode(path.name)] for path in odd_names]
    assert errors == sorted(f"efs-migrate: error: broken{name}:5: ends where ',' or '}}' is expected" for name in shown)


@pytest.mark.parametrize("arguments", OUTPUTS, ids=" ".join)
@pytest.mark.parametrize(
    "content",
    [
        JSON.replace('"web"', '"\\u001b[31mweb\\u009b\\u202e"').replace("data", "da\\u001b]0;x\\u0007ta"),
        JSON.replace("fs-12345678", "fs-\\u001b[31m"),
        JSON.replace('"fileSystemId"', '"filesystemid\\u001b[31m": 1, "fileSystemId"'),
        JSON.replace('{"fileSystemId": "fs-12345678"}', '{}').replace('"efsV', '"host": {"sourcePath": "/mnt/efs/\\u001b[31m"}, "efsV'),
        YAML.replace("web", '"\\e[31mweb\\x9b\\u202e"').replace("data", '"da\\e]0;x\\ata"'),
        YAML.replace("name: data", 'name: data # efs-migrate: ignore[\u202e]'),
        YAML + '"dockerVolumeConfiguration\\e[31m": 1\nx: {"efsVolumeConfiguration": "\\e[31m"}\n',
    ],
)  # fmt: skip  # a content per line
def test_values_are_never_raw(arguments: list[str], content: str, folder: Path) -> None:
    name = "x.json" if content.startswith("{") else "x.yaml"
    (folder / name).write_text(content)
    ran = efs_migrate(*arguments, name)
    assert not CONTROL.search(ran.stderr)
    if arguments != ["diff"]:  # a diff holds the file's own bytes
        assert not CONTROL.search(ran.stdout.decode())


def test_a_diff_on_a_terminal_is_harmless(folder: Path) -> None:
    name = "x.json"
    (folder / name).write_bytes(ODD_BUT_LEGAL["c1.json"].replace('"web"', '"\u202e"').replace("\n", "\r\n").encode())
    _, piped, _ = run("diff", name)
    assert "\x9b31m\x7f" in piped  # for git, byte for byte
    shown = on_a_terminal("diff", name)
    assert not CONTROL.search(shown)
    assert "\\x9b31m\\x7f" in shown
    assert "\n+" in shown


def test_arguments_are_never_raw(folder: Path) -> None:
    del folder
    odd = "\x1b[31m"
    for arguments in (
        [odd], [f"--{odd}"], ["check", f"--{odd}"], ["check", odd], ["check", "--format", odd], ["check", "--only", odd],
        ["check", "--config", odd], ["check", "--output", f"{odd}/x"], ["rules", odd], ["rules", "a", odd],
        ["check", "--target", odd], ["check", "--jobs", odd], ["init", f"{odd}/x"],
    ):  # fmt: skip  # a table
        status, stdout, stderr = run(*arguments)
        assert (status, "Traceback" in stderr) == (2, False), arguments
        assert not CONTROL.search(stdout + stderr), arguments


def test_a_leading_dash(odd_names: list[Path]) -> None:
    del odd_names
    for arguments in (["./-x.json"], ["--", "-x.json"], ["-q", "--", "-x.json"]):
        ran = efs_migrate("check", "--format", "json", *arguments)
        assert [str(file["path"]) for file in ran.report["files"]] == ["-x.json"]
    ran = efs_migrate("check", "-x.json")
    assert (ran.status, ran.stdout) == (2, b"")


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_written(name: bytes, odd_names: list[Path]) -> None:
    if os.fsdecode(name) not in [path.name for path in odd_names]:
        pytest.skip("this file system takes no such name")
    status, _, stderr = run("apply", "-q", b"./" + name)
    assert (status, stderr) == (1, "")
    changed = [path.name for path in odd_names if "ENABLED" in path.read_text()]
    assert changed == [os.fsdecode(name)]


def test_diffs_of_odd_names_apply(odd_names: list[Path]) -> None:
    done = subprocess.run([sys.executable, "-m", "migrate", "diff", "-q"], capture_output=True, check=False)
    subprocess.run(["git", "apply", "-"], input=done.stdout, check=True)
    assert all("ENABLED" in path.read_text() for path in odd_names)


# -- what happens meanwhile -------------------------------------------------------------------------------------------


def _edited(path: Path) -> None:
    path.write_text(YAML + "# mine\n")


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("happens", "cause"),
    [
        (_edited, "changed on disk since it was read"),
        (_emptied, "changed on disk since it was read"),
        (Path.unlink, "no such file or directory"),
    ],
)
def test_a_change_between_reading_and_writing(
    happens: Callable[[Path], None], cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("bad.yaml")
    path.write_text(YAML)
    write_all = source.write_all
    left: list[bytes | None] = []

    def late(changes: Sequence[tuple[source.SourceFile, str]]) -> None:
        if any(read.name == path.name for read, _ in changes):
            happens(path)
            left.append(path.read_bytes() if path.exists() else None)
        write_all(changes)

    monkeypatch.setattr("migrate.run.run.write_all", late)
    ran = efs_migrate("apply", "-q")
    assert (ran.status, ran.stderr) == (2, f"efs-migrate: error: bad.yaml: {cause}\n")
    assert left == [path.read_bytes() if path.exists() else None]
    assert_good_files_processed("apply", ran.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_vanishes_before_it_is_read(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("bad.yaml")
    path.write_text(YAML)
    read = source.read

    def late(opened: Path, name: str) -> source.SourceFile:
        if name == path.name:
            path.unlink()
        return read(opened, name)

    monkeypatch.setattr("migrate.run.run.read", late)
    ran = efs_migrate(command, "-q", "--jobs", "1")
    assert (ran.status, ran.stderr) == (2, "efs-migrate: error: bad.yaml: no such file or directory\n")
    assert_good_files_processed(command, ran.stdout)


def fleet(folder: Path, count: int) -> dict[Path, str]:
    """Many files and what each holds."""
    contents = {folder / f"f{i:03}.json": JSON.replace('"web"', f'"web{i}"', 1) for i in range(count)}
    for path, content in contents.items():
        path.write_text(content)
    return contents


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted(jobs: str, folder: Path) -> None:
    before = fleet(folder, 400)
    expected = efs_migrate("apply", "-q", "good.json")
    assert expected.stderr == ""
    added = (folder / "good.json").read_text()
    process = subprocess.Popen(
        [sys.executable, "-m", "migrate", "apply", "-q", "--jobs", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # what a terminal does: the signal goes to every process of the command
    )
    first = folder / "f000.json"
    deadline = time.monotonic() + 60
    while first.read_text() == before[first] and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert stderr == b""
    assert process.returncode in (130, 1)  # 1: it was faster than the signal
    changed = 0
    for i, (path, content) in enumerate(before.items()):
        after = path.read_text()
        assert after in (content, added.replace('"web"', f'"web{i}"', 1))
        changed += after != content
    assert changed
    assert not [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


@pytest.mark.parametrize(
    ("arguments", "setting"),
    combined(
        [["check"], ["diff"], ["check", "--format", "json"], ["apply"]],
        [("1", ""), ("2", ""), ("1", "1")],
    ),
)
def test_a_reader_that_has_enough(arguments: list[str], setting: tuple[str, str], folder: Path) -> None:
    jobs, unbuffered = setting
    fleet(folder, 200)  # more than a pipe holds
    process = subprocess.Popen(
        [sys.executable, "-m", "migrate", *arguments, "-q", "--jobs", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},  # set in many container images
    )
    assert process.stdout and process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("arguments", [["check"], ["diff"], ["apply"], ["rules"], ["rules", "EFS101"]], ids=" ".join)
def test_output_that_takes_nothing(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "migrate", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "efs-migrate: error: output: no space left on device"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "closed"),
    combined(["check", "diff", "apply", "apply -", "check -", "rules"], ["<&-", ">&-", "2>&-"]),
)
def test_closed_streams(closed: str, command: str) -> None:
    Path("log").touch()
    shell = f'exec "{sys.executable}" -m migrate {command} {closed}'
    stdin = None if closed == "<&-" else b""
    done = subprocess.run(["sh", "-c", shell], capture_output=True, input=stdin, check=False, timeout=60)
    assert b"Traceback" not in done.stderr + done.stdout
    assert done.returncode in (0, 1) or closed == ">&-"


def test_a_current_directory_that_is_gone(folder: Path) -> None:
    gone = folder / "gone"
    gone.mkdir()
    for arguments in ("check", "diff", "apply", "init"):
        script = f'cd gone && rmdir ../gone; "{sys.executable}" -m migrate {arguments}; status=$?; mkdir ../gone 2>&-; exit $status'
        search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": search}
        gone.mkdir(exist_ok=True)
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, env=environment)
        assert (done.returncode, done.stderr) == (
            2,
            "efs-migrate: error: current directory: no such file or directory\n",
        )


# -- all at once, and much of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_everything_at_once(command: str, folder: Path) -> None:
    before = {}
    for bad in REFUSED:
        path = folder / bad.name
        path.write_bytes(bad.raw)
        before[path] = stamp(path)
    _loop(folder / "loop.json")
    _dangling(folder / "dangling.yaml")
    os.mkfifo(folder / "pipe.json")
    status, stdout, stderr = run(command, "-q", "--jobs", "2")
    assert status == 2
    assert sorted(stderr.splitlines(keepends=True)) == sorted(bad.message for bad in REFUSED)
    assert {path: stamp(path) for path in before} == before
    assert_good_files_processed(command, stdout.encode())


def test_megabytes_on_one_line(folder: Path) -> None:
    """Thirty in `make soak`, of which each run takes seconds."""
    line = JSON.replace("\n", "").removesuffix("}")
    line += (
        ', "tags": ['
        + ",".join(f'{{"key": "k{i}", "value": "{"v" * 30_000}"}}' for i in range(1000 if SOAKING else 100))
        + "]}"
    )
    (folder / "big.json").write_text(line)
    status, stdout, stderr = run("diff", "-q", "big.json")
    assert (status, stderr) == (1, "")
    assert len(stdout) > 2 * len(line)
    status, _, stderr = run("apply", "-q", "big.json")
    assert (status, stderr) == (1, "")
    written = (folder / "big.json").read_text()
    assert len(written) - len(line) < 1000
    (folder / "big.json").write_text(line[:-3])
    status, _, stderr = run("check", "-q", "big.json", "good.json")
    assert (status, stderr) == (2, "efs-migrate: error: big.json:1: ends where ',' or '}' is expected\n")


def test_more_than_the_limit(folder: Path) -> None:
    with (folder / "huge.json").open("w") as file:
        file.write(JSON)
        file.truncate(65 * 1024 * 1024)
    status, stdout, stderr = run("check", "-q")
    assert (status, stderr) == (2, "efs-migrate: error: huge.json: larger than 64 MiB\n")
    assert "good.json" in stdout
