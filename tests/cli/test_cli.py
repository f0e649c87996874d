"""The command line as users script against it: commands, options, exit statuses and the JSON report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support import Ran, efs_migrate

from migrate import __version__, commands
from migrate.cli import Format
from rules import RULES

FIXABLE = """\
family: web
taskRoleArn: arn:aws:iam::123456789012:role/web
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
      transitEncryption: ENABLED
      authorizationConfig: {accessPointId: fsap-0123456789abcdef0}
"""
NEEDS_INPUT = FIXABLE.replace("      authorizationConfig", "      # ") + ("      authorizationConfig: {iam: ENABLED}\n")
DONE = FIXABLE.replace("{acc", "{iam: ENABLED, acc")
UNSAFE = FIXABLE.replace("volumes:", "requiresCompatibilities: [MANAGED_INSTANCES]\nvolumes:")
REFUSED = NEEDS_INPUT + "      rootDirectory: /a/b/c/d/e/f\n"
OTHER = "family: x\nvolumes:\n  - name: sock\n    host: {sourcePath: /var/run/docker.sock}\n"
BROKEN = FIXABLE + "x: [\n"

COMMANDS = ("check", "diff", "apply", "init", "rules")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "migrate", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def statuses(ran: Ran) -> set[str]:
    return {str(finding["status"]) for finding in ran.findings}


# -- exit status ------------------------------------------------------------------------------------------------------


def test_the_files_below_are_what_they_are_called() -> None:
    for content, expected in (
        (FIXABLE, {"fixable"}),
        (NEEDS_INPUT, {"needs-input"}),
        (DONE, set()),
        (UNSAFE, {"unsafe"}),
        (REFUSED, {"refused"}),
        (OTHER, set()),
    ):
        Path("x.yaml").write_text(content)
        assert statuses(efs_migrate("check", "--format", "json")) - {"advice"} == expected


@pytest.mark.parametrize(
    ("content", "check", "diff", "apply"),
    [
        (None, 0, 0, 0),
        (OTHER, 0, 0, 0),
        (DONE, 0, 0, 0),
        (FIXABLE, 1, 1, 0),
        (NEEDS_INPUT, 1, 0, 1),
        (REFUSED, 1, 0, 1),
        (UNSAFE, 1, 0, 1),
        (BROKEN, 2, 2, 2),
    ],
    ids=["none", "other", "done", "fixable", "needs-input", "refused", "unsafe", "broken"],
)
def test_exit_status(content: str | None, check: int, diff: int, apply: int) -> None:
    if content is not None:
        Path("x.yaml").write_text(content)
    assert [efs_migrate(command).status for command in ("check", "diff")] == [check, diff]
    assert [efs_migrate(command, "--exit-zero").status for command in ("check", "diff")] == [
        status if status == 2 else 0 for status in (check, diff)
    ]
    assert efs_migrate("apply").status == apply
    if content is not None:
        Path("x.yaml").write_text(content)
    assert efs_migrate("apply", "--exit-zero").status == (apply if apply == 2 else 0)
    assert (efs_migrate("diff").stdout, efs_migrate("diff").status) == (b"", 2 if diff == 2 else 0)


def test_the_worst_decides() -> None:
    Path("a.yaml").write_text(FIXABLE)
    Path("b.yaml").write_text(BROKEN)
    assert [efs_migrate(command).status for command in ("check", "diff", "apply")] == [2, 2, 2]
    Path("b.yaml").write_text(UNSAFE)
    assert [efs_migrate(command).status for command in ("check", "diff", "apply")] == [1, 0, 1]


def test_advice_never_counts() -> None:
    Path("x.yaml").write_text(
        DONE.replace(
            "volumes:",
            "containerDefinitions: [{name: a, image: a, mountPoints: [{sourceVolume: data, containerPath: /d}]}]\nvolumes:",
        )
    )
    ran = efs_migrate("check", "--format", "json")
    assert (ran.status, statuses(ran)) == (0, {"advice"})


def test_suppressed_findings_never_count() -> None:
    Path("x.yaml").write_text(FIXABLE.replace("name: data", "name: data  # efs-migrate: ignore[EFS203] not yet"))
    ran = efs_migrate("check", "--format", "json")
    assert (ran.status, statuses(ran)) == (0, set())
    assert (efs_migrate("diff").status, efs_migrate("apply").status) == (0, 0)


MARK = "# efs-migrate: ignore[EFS203] not yet"


@pytest.mark.parametrize(
    ("volumes", "left"),
    [
        (f"  {MARK}\n  - name: a\n    EFS", set()),
        (f"  {MARK}\n  -\n    # of the team\n    name: a\n    EFS", set()),
        (f"  -  {MARK}\n    name: a\n    EFS", set()),
        (f"  -\n    {MARK}\n    name: a\n    EFS", set()),
        (f"  - host: {{}}\n    name: b  {MARK}\n  - name: a\n    EFS", {"fixable"}),
        (f"  - name: b\n    host: {{}}  {MARK}\n  -\n    name: a\n    EFS", {"fixable"}),
        (f"  {MARK}\n\n  - name: a\n    EFS", {"fixable"}),
    ],
)
def test_where_a_suppression_stands(volumes: str, left: set[str]) -> None:
    """On the volume's line, which begins with its dash, or on a line of its own above that."""
    head, _, rest = FIXABLE.partition("  - name: data\n")
    Path("x.yaml").write_text(head + volumes.removesuffix("    EFS") + rest)
    assert statuses(efs_migrate("check", "--format", "json")) == left


# -- options ----------------------------------------------------------------------------------------------------------


def test_the_default_path_is_here() -> None:
    Path("sub").mkdir()
    Path("sub/x.yaml").write_text(FIXABLE)
    assert efs_migrate("check").stdout == efs_migrate("check", ".").stdout
    assert b"sub/x.yaml" in efs_migrate("check").stdout
    assert efs_migrate("diff").stdout == efs_migrate("diff", "./").stdout == efs_migrate("diff", "sub").stdout


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
def test_a_missing_path(command: str) -> None:
    Path("x.yaml").write_text(FIXABLE)
    ran = efs_migrate(command, "-q", "nowhere", "x.yaml", "")
    assert ran.status == 2
    assert ran.stderr == (
        "efs-migrate: error: nowhere: no such file or directory\nefs-migrate: error: .: no such file or directory\n"
    )
    assert b"x.yaml" in ran.stdout


def test_a_path_given_twice_counts_once() -> None:
    Path("x.yaml").write_text(FIXABLE)
    ran = efs_migrate("check", "--format", "json", "x.yaml", "./x.yaml", ".")
    assert [file["path"] for file in ran.report["files"]] == ["x.yaml"]


def test_target() -> None:
    Path("x.yaml").write_text(FIXABLE.replace("      transitEncryption: ENABLED\n", ""))

    def after(*options: str) -> object:
        return efs_migrate("check", "--format", "json", *options).report["files"][0]["volumes"][0]["after"]

    assert [after(), after("--target", "iam")] == ["iam", "iam"]
    assert [after("--target", "tls"), after("--target", "access-point")] == ["access-point", "access-point"]
    Path("x.yaml").write_text(NEEDS_INPUT.replace("      authorizationConfig: {iam: ENABLED}\n", ""))
    assert [after("--target", "tls"), after("--target", "access-point"), after()] == ["tls", "tls", "iam"]
    for wrong in ("efs", "host", "IAM", ""):
        assert efs_migrate("check", "--target", wrong).status == 2


def test_only_and_skip() -> None:
    Path("x.yaml").write_text(FIXABLE.replace("      transitEncryption: ENABLED\n", ""))

    def found(*options: str) -> set[object]:
        ran = efs_migrate("check", "--format", "json", *options)
        return {finding["rule"] for finding in ran.findings if finding["status"] == "fixable"}

    assert found() == {"EFS201", "EFS203"}
    assert found("--only", "EFS201") == {"EFS201"}
    assert found("--only", "efs201", "--only", "EFS203") == found("--only", "EFS201,EFS203") == {"EFS201", "EFS203"}
    assert found("--skip", "EFS203") == {"EFS201"}
    assert found("--only", "EFS201", "--skip", "EFS201") == set()
    assert efs_migrate("diff", "--only", "EFS301").stdout == b""


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_an_unknown_rule(command: str, option: str) -> None:
    Path("x.yaml").write_text(FIXABLE)
    ran = efs_migrate(command, option, "EFS201", option, "EFS999,nonsense")
    assert (ran.status, ran.stdout) == (2, b"")
    assert ran.stderr == "efs-migrate: error: unknown rule EFS999, NONSENSE; `efs-migrate rules` lists them\n"
    assert Path("x.yaml").read_text() == FIXABLE


def test_unsafe() -> None:
    Path("x.yaml").write_text(UNSAFE)
    assert (efs_migrate("diff").status, efs_migrate("diff", "--unsafe").status) == (0, 1)
    ran = efs_migrate("apply", "--unsafe", "--format", "json")
    assert (ran.status, statuses(ran)) == (0, {"unsafe"})  # the status names the nature of the step
    assert [finding["applied"] for finding in ran.findings] == [True]
    assert "iam: ENABLED" in Path("x.yaml").read_text()


@pytest.mark.parametrize(
    "arguments", [["check"], ["check", "-v"], ["check", "--format", "json"], ["diff"]], ids=" ".join
)
def test_jobs_change_nothing(arguments: list[str]) -> None:
    for i, content in enumerate((FIXABLE, NEEDS_INPUT, UNSAFE, DONE, BROKEN, OTHER) * 9):
        Path(f"{i % 7}").mkdir(exist_ok=True)
        Path(f"{i % 7}/{i:02}.yaml").write_text(content)
    first = efs_migrate(*arguments, "--jobs", "1")
    for jobs in ("0", "2", "3"):
        again = efs_migrate(*arguments, "--jobs", jobs)
        assert (again.status, again.stdout, again.stderr) == (first.status, first.stdout, first.stderr)


def test_exclude_and_no_gitignore() -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    Path(".gitignore").write_text("ignored.yaml\n")
    for name in ("a.yaml", "b.yaml", "ignored.yaml"):
        Path(name).write_text(FIXABLE)

    def found(*options: str) -> list[object]:
        return [file["path"] for file in efs_migrate("check", "--format", "json", *options).report["files"]]

    assert found() == ["a.yaml", "b.yaml"]
    assert found("--no-gitignore") == ["a.yaml", "b.yaml", "ignored.yaml"]
    assert found("--exclude", "a.*") == ["b.yaml"]
    assert found("--exclude", "a.*", "--exclude", "b.*", "--no-gitignore") == ["ignored.yaml"]


def test_quiet_and_verbose() -> None:
    Path("x.yaml").write_text(NEEDS_INPUT + "x: {dockerVolumeConfiguration: {}}\n")
    plain, quiet, verbose = efs_migrate("check"), efs_migrate("check", "-q"), efs_migrate("check", "-v")
    assert plain.stderr == (
        "efs-migrate: warning: x.yaml:10: not read: dockerVolumeConfiguration lies in no definition that this version "
        "knows\n"
    )
    assert (quiet.stderr, quiet.stdout) == ("", plain.stdout)
    assert verbose.stdout == plain.stdout  # nothing changes here
    assert efs_migrate("diff").stderr.splitlines()[-1] == (
        "efs-migrate: not in the diff: 1 needs-input; `efs-migrate check` says why"
    )
    assert efs_migrate("diff", "-q").stderr == ""
    Path("x.yaml").write_text(FIXABLE)
    assert b"web/data: access-point \xe2\x86\x92 iam: IAM authorization ENABLED\n" in efs_migrate("check", "-v").stdout
    assert b"IAM authorization ENABLED\n" not in efs_migrate("check").stdout


# -- the report -------------------------------------------------------------------------------------------------------

TEXT, NUMBER, MAYBE_TEXT = (str,), (int,), (str, type(None))
FILE = {
    "path": TEXT,
    "dialect": MAYBE_TEXT,
    "error": MAYBE_TEXT,
    "volumes": (list,),
    "findings": (list,),
    "unread": (list,),
}
VOLUME = dict.fromkeys(("task", "name", "level", "after"), TEXT)
FINDING = {
    "rule": TEXT,
    "name": TEXT,
    "line": NUMBER,
    "column": NUMBER,
    "task": TEXT,
    "volume": MAYBE_TEXT,
    "status": TEXT,
    "message": TEXT,
    "caveat": MAYBE_TEXT,
    "help": TEXT,
}
SUMMARY = ["files", "volumes", "fixable", "unsafe", "needs-input", "refused", "advice", "errors", "unread"]
LEVELS = {"other", "host", "efs", "tls", "access-point", "iam"}
STATUSES = {"fixable", "unsafe", "needs-input", "refused", "advice"}


def assert_shape(value: dict[str, object], shape: Mapping[str, tuple[type, ...]]) -> None:
    assert list(value) == list(shape)
    for key, types in shape.items():
        assert type(value[key]) in types, key


@pytest.mark.parametrize("command", ["check", "apply"])
def test_the_json_report(command: str) -> None:
    contents = {
        "broken.yaml": BROKEN,
        "done.yaml": DONE,
        "fixable.yaml": FIXABLE,
        "input.yaml": NEEDS_INPUT,
        "other.yaml": OTHER,
        "refused.yaml": REFUSED,
        "sub/unread.yaml": FIXABLE + "x: {dockerVolumeConfiguration: {}}\n",
        "unsafe.yaml": UNSAFE,
    }
    Path("sub").mkdir()
    for name, content in contents.items():
        Path(name).write_text(content)
    ran = efs_migrate(command, "-q", "--format", "json")
    report = json.loads(ran.stdout)
    assert ran.stdout.endswith(b"}\n")
    assert ran.stdout.isascii()
    assert list(report) == ["version", "summary", "files"]
    assert report["version"] == 1
    assert list(report["summary"]) == SUMMARY
    assert all(type(count) is int for count in report["summary"].values())
    assert [file["path"] for file in report["files"]] == sorted(contents)
    known = {rule.id: rule.name for rule in RULES}
    for file in report["files"]:
        assert_shape(file, FILE)
        for volume in file["volumes"]:
            assert_shape(volume, VOLUME)
            assert {volume["level"], volume["after"]} <= LEVELS
        for finding in file["findings"]:
            assert_shape(finding, FINDING | ({"applied": (bool,)} if command == "apply" else {}))
            assert finding["status"] in STATUSES
            assert known[finding["rule"]] == finding["name"]
            assert finding["line"] >= 1
            assert finding["column"] >= 1
            if command == "apply":
                assert finding["applied"] == (finding["status"] == "fixable")
        for unread in file["unread"]:
            assert_shape(unread, {"word": TEXT, "line": NUMBER, "column": NUMBER})
    by_path = {file["path"]: file for file in report["files"]}
    assert by_path["broken.yaml"]["dialect"] is None
    assert by_path["broken.yaml"]["error"].startswith("line 10: ")
    assert by_path["fixable.yaml"]["dialect"] == "task-definition"
    assert by_path["fixable.yaml"]["volumes"] == [
        {"task": "web", "name": "data", "level": "access-point", "after": "iam"}
    ]
    assert by_path["other.yaml"]["volumes"] == [{"task": "x", "name": "sock", "level": "other", "after": "other"}]
    assert by_path["sub/unread.yaml"]["unread"] == [{"word": "dockerVolumeConfiguration", "line": 9, "column": 5}]
    (finding,) = by_path["fixable.yaml"]["findings"]
    assert (finding["line"], finding["column"]) == (4, 5)
    counted = [finding["status"] for file in report["files"] for finding in file["findings"]]
    assert report["summary"] == {
        "files": len(contents),
        "volumes": sum(len(file["volumes"]) for file in report["files"]),
        **{status: counted.count(status) for status in STATUSES},
        "errors": 1,
        "unread": 1,
    }


def test_an_empty_report() -> None:
    assert efs_migrate("check").stdout == b""
    report = json.loads(efs_migrate("check", "--format", "json").stdout)
    assert report == {"version": 1, "summary": dict.fromkeys(SUMMARY, 0), "files": []}


def test_names_in_the_report_are_escaped() -> None:
    Path("größe\udcff.yaml").write_text(FIXABLE)
    ran = efs_migrate("check", "--format", "json")
    assert b'"gr\\u00f6\\u00dfe\\udcff.yaml"' in ran.stdout


# -- output -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "apply"])
@pytest.mark.parametrize("form", [form.value for form in Format])
def test_output(command: str, form: str) -> None:
    """The file gets the report in its format, the terminal what the file does not say to people."""
    Path("x.yaml").write_text(NEEDS_INPUT)
    expected = efs_migrate(command, "--format", form)
    text = efs_migrate(command)
    Path("out.txt").write_text("longer than the report will ever be\n" * 3000)
    ran = efs_migrate(command, "--format", form, "--output", "out.txt")
    assert (ran.status, ran.stdout) == (expected.status, b"" if form == "text" else text.stdout)
    assert Path("out.txt").read_bytes() == expected.stdout


def test_output_stays_as_it_was_if_the_work_fails() -> None:
    Path("old.json").write_text("the report of yesterday\n")
    for name in ("old.json", "new.json"):
        with pytest.raises(KeyboardInterrupt), commands._writable(Path(name)) as stream:
            assert stream is not None
            stream.write("{")
            raise KeyboardInterrupt
    assert Path("old.json").read_text() == "the report of yesterday\n"
    assert not Path("new.json").exists()


def test_output_stays_as_it_was_if_it_cannot_be_written() -> None:
    resource = pytest.importorskip("resource")
    Path("x.yaml").write_text(FIXABLE)
    Path("old.json").write_text("the report of yesterday\n")
    done = subprocess.run(
        [sys.executable, "-m", "migrate", "check", "--format", "json", "--output", "old.json"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert (done.returncode, done.stderr) == (2, "efs-migrate: error: output: file too large\n")
    assert Path("old.json").read_text() == "the report of yesterday\n"


def test_output_through_a_link() -> None:
    Path("x.yaml").write_text(FIXABLE)
    Path("real.json").write_text("old\n")
    Path("link.json").symlink_to("real.json")
    efs_migrate("check", "--format", "json", "--output", "link.json")
    assert Path("link.json").is_symlink()
    assert json.loads(Path("real.json").read_bytes())["version"] == 1


@pytest.mark.parametrize("command", ["check", "apply"])
def test_output_that_cannot_be_written(command: str) -> None:
    """Found out before the work, or `apply` would lose the caveats of what it wrote."""
    Path("x.yaml").write_text(FIXABLE)
    for place, cause in (
        ("nowhere/out", "no such file or directory"),
        (".", "is a directory"),
        ("x.yaml/out", "not a directory"),
    ):
        ran = efs_migrate(command, "--output", place)
        assert (ran.status, ran.stdout) == (2, b"")
        assert ran.stderr == f"efs-migrate: error: {place}: {cause}\n"
        assert Path("x.yaml").read_text() == FIXABLE


def test_output_to_a_device() -> None:
    Path("x.yaml").write_text(FIXABLE)
    ran = run("check", "--output", "/dev/stdout")
    assert (ran.returncode, ran.stdout.encode()) == (1, efs_migrate("check").stdout)
    ran = run("check", "--output", "/dev/null")
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "")
    # Two reports in one stream would be none.
    ran = run("check", "--format", "json", "--output", "/dev/stdout")
    assert json.loads(ran.stdout)["version"] == 1
    with Path("both.json").open("wb") as both:
        command = [sys.executable, "-m", "migrate", "check", "--format", "json", "--output", "/dev/stdout"]
        subprocess.run(command, stdout=both, check=False)
    assert json.loads(Path("both.json").read_bytes())["version"] == 1


@pytest.mark.parametrize(
    "arguments", [["check"], ["check", "-v"], ["diff"], ["apply"], ["rules"], ["rules", "EFS101"], ["--help"]]
)
def test_no_colours_in_a_pipe(arguments: list[str]) -> None:
    Path("x.yaml").write_text(NEEDS_INPUT)
    ran = run(*arguments)
    assert "\x1b" not in ran.stdout + ran.stderr
    assert ran.stdout or arguments == ["diff"]


def test_standard_output_is_utf_8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("x.yaml").write_text(FIXABLE)
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    for arguments in (["check"], ["check", "-v"], ["diff"], ["rules"], ["rules", "EFS202"]):
        done = subprocess.run([sys.executable, "-m", "migrate", *arguments], capture_output=True, check=False)
        assert done.returncode in (0, 1)
        assert b"Traceback" not in done.stderr
        done.stdout.decode("utf-8")


# -- standard input ---------------------------------------------------------------------------------------------------


def test_standard_input_is_checked() -> None:
    ran = efs_migrate("check", "--format", "json", "-", stdin=FIXABLE.encode())
    assert (ran.status, [file["path"] for file in ran.report["files"]]) == (1, ["-"])
    ran = efs_migrate("check", "--format", "json", "-", "--stdin-filename", "a/b.yaml", stdin=FIXABLE.encode())
    assert [file["path"] for file in ran.report["files"]] == ["a/b.yaml"]
    # The name settles the syntax, and what a definition without a family is called.
    ran = efs_migrate("check", "-", "--stdin-filename", "b.json", stdin=FIXABLE.encode())
    assert (ran.status, ran.stderr) == (2, "efs-migrate: error: b.json:1: expected a value\n")
    nameless = FIXABLE.removeprefix("family: web\n").encode()
    ran = efs_migrate("check", "--format", "json", "-", "--stdin-filename", "api.yaml", stdin=nameless)
    assert {finding["task"] for finding in ran.findings} == {"api"}


def test_standard_input_beside_files() -> None:
    Path("x.yaml").write_text(FIXABLE)
    ran = efs_migrate("check", "--format", "json", "-", "x.yaml", stdin=FIXABLE.encode())
    assert [file["path"] for file in ran.report["files"]] == ["-", "x.yaml"]


def test_the_diff_of_standard_input_applies() -> None:
    ran = efs_migrate("diff", "-", "--stdin-filename", "x.yaml", stdin=FIXABLE.encode())
    assert ran.status == 1
    assert ran.stdout.count(b"--- a/x.yaml\n+++ b/x.yaml\n") == 1
    Path("x.yaml").write_text(FIXABLE)
    subprocess.run(["git", "apply", "-"], input=ran.stdout, check=True)
    assert efs_migrate("apply", "-", stdin=FIXABLE.encode()).stdout == Path("x.yaml").read_bytes()


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_apply_is_a_filter(prefix: bytes, newline: bytes) -> None:
    Path("x.yaml").write_bytes(b"not what is read")
    raw = prefix + FIXABLE.encode().replace(b"\n", newline)
    for options in ([], ["--stdin-filename", "x.yaml"]):
        ran = efs_migrate("apply", "-", *options, stdin=raw)
        assert ran.status == 0
        assert ran.stdout.startswith(raw[:100])
        assert b"iam: ENABLED" in ran.stdout
        assert ran.stdout.count(newline) == ran.stdout.count(b"\n")
        assert "EFS203 applied" in ran.stderr  # the report makes room for the result
    assert Path("x.yaml").read_bytes() == b"not what is read"


@pytest.mark.parametrize(
    "raw", [b"", b"hello\r\n", b"\xff\x00\xfe", DONE.encode(), NEEDS_INPUT.encode(), OTHER.encode()]
)
def test_a_filter_hands_on_what_it_does_not_change(raw: bytes) -> None:
    assert efs_migrate("apply", "-q", "-", stdin=raw).stdout == raw


def test_a_filter_prints_nothing_of_what_it_cannot_read() -> None:
    ran = efs_migrate("apply", "-q", "-", stdin=BROKEN.encode())
    assert (ran.status, ran.stdout) == (2, b"")
    assert "efs-migrate: error: -:10: " in ran.stderr


def test_the_report_of_a_filter_can_go_to_a_file() -> None:
    ran = efs_migrate("apply", "-", "--format", "json", "--output", "out.json", stdin=FIXABLE.encode())
    assert (ran.status, ran.stderr) == (0, "")
    assert b"iam: ENABLED" in ran.stdout
    assert json.loads(Path("out.json").read_text())["summary"]["fixable"] == 1


def test_a_file_called_like_standard_input() -> None:
    Path("-").write_text(FIXABLE)
    ran = efs_migrate("apply", "./-")
    assert ran.status == 0
    assert "iam: ENABLED" in Path("-").read_text()
    assert b"iam: ENABLED" not in ran.stdout


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_version() -> None:
    for arguments in (["--version"], ["--version", "check"]):
        ran = run(*arguments)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"efs-migrate {__version__}\n", "")


def test_the_installed_command_is_the_module() -> None:
    script = Path(sys.executable).with_name("efs-migrate")
    if not script.exists():
        pytest.skip("not installed beside this interpreter")
    Path("x.yaml").write_text(FIXABLE)
    done = subprocess.run([script, "diff"], capture_output=True, text=True, check=False)
    ran = run("diff")
    assert (done.returncode, done.stdout, done.stderr) == (ran.returncode, ran.stdout, ran.stderr)


def test_help() -> None:
    top = run("--help").stdout
    assert "Exit status: 0 " in top
    for command in COMMANDS:
        assert re.search(rf"^  {command}  ", top, re.MULTILINE)
        ran = efs_migrate(command, "--help")
        assert (ran.status, ran.stderr) == (0, "")
        assert ran.stdout == efs_migrate(command, "-h").stdout
        assert ran.stdout.startswith(f"Usage: efs-migrate {command} ".encode())
    common = (
        "--config --target --only --skip --unsafe --jobs --exclude --no-gitignore --stdin-filename --exit-zero --quiet"
    )
    for command, more in (
        ("check", " --format --output --verbose"),
        ("diff", ""),
        ("apply", " --format --output --verbose"),
    ):
        words = efs_migrate(command, "--help").stdout.decode().split()
        assert [option for option in (common + more).split() if not {option, option + ","} & set(words)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["check", "--nonsense"],
        ["check", "--jobs", "-1"],
        ["check", "--jobs", "two"],
        ["check", "--format", "xml"],
        ["check", "--target"],
        ["diff", "--format", "json"],
        ["diff", "--output", "x"],
        ["rules", "EFS101", "EFS102"],
        ["init", "--unsafe"],
    ],
    ids=" ".join,
)
def test_usage_errors(arguments: list[str]) -> None:
    ran = efs_migrate(*arguments)
    assert ran.status == 2
    assert re.search("^(Usage: efs-migrate |Error: )", ran.stdout.decode() + ran.stderr, re.MULTILINE)


def test_rules() -> None:
    ran = efs_migrate("rules")
    assert (ran.status, ran.stderr) == (0, "")
    lines = ran.stdout.decode().splitlines()
    assert lines[:2] == ["| id | name | level | default |", "|---|---|---|---|"]
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {rule}" for rule in sorted(rule.id for rule in RULES)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_is_explained(rule: object) -> None:
    identifier = getattr(rule, "id")  # noqa: B009  # `object` spares an import of the type
    ran = efs_migrate("rules", identifier)
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"# {identifier} ".encode())
    assert efs_migrate("rules", identifier.lower()).stdout == ran.stdout


@pytest.mark.parametrize("wrong", ["NOPE", "", "EFS101,EFS102", "EFS101 ", "EFS"])
def test_no_such_rule(wrong: str) -> None:
    ran = efs_migrate("rules", wrong)
    assert (ran.status, ran.stdout) == (2, b"")
    assert ran.stderr == f"efs-migrate: error: unknown rule {wrong}; `efs-migrate rules` lists them\n"


def test_init() -> None:
    Path("x.yaml").write_text(FIXABLE)
    ran = efs_migrate("init")
    assert (ran.status, ran.stdout, ran.stderr) == (0, b".efs-migrate.yaml\n", "")
    written = Path(".efs-migrate.yaml").read_text()
    assert "fs-12345678" in written
    assert efs_migrate("check").status == 1  # a valid configuration as it stands
    ran = efs_migrate("init")
    assert (ran.status, ran.stdout) == (2, b"")
    assert ran.stderr == "efs-migrate: .efs-migrate.yaml: is there already, and init never overwrites one\n"
    assert Path(".efs-migrate.yaml").read_text() == written


def test_init_elsewhere() -> None:
    for name in ("a/b/x.yaml", "a/c/y.yaml"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text(FIXABLE)
    assert efs_migrate("init", "a/b", "a/c/y.yaml").stdout == b"a/.efs-migrate.yaml\n"
    Path("a/b/.efs-migrate.yaml").symlink_to("nowhere")
    assert efs_migrate("init", "a/b").status == 2
    assert not Path("a/b/nowhere").exists()


def test_init_where_nothing_can_be_written() -> None:
    ran = efs_migrate("init", "nowhere/x.yaml")
    assert (ran.status, ran.stdout) == (2, b"")
    assert ran.stderr.count("\n") == 1
