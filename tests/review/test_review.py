"""`apply --interactive` at a real (pseudo-)terminal: every key, planning again, what is typed in, and every way to end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from person import Person
from support import SAMPLES, efs_migrate

from migrate.config.schema import MODELINE
from migrate.terminal.printable import unpainted

CONFIG = """\
file-systems:
  - id: fs-12345678
    access-points: {/a: fsap-0000000000000000a, /b: fsap-0000000000000000b}
"""
BEFORE = """\
family: {name}
taskRoleArn: arn:aws:iam::123456789012:role/{name}
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
      rootDirectory: /{name}
"""
TLS = "      transitEncryption: ENABLED\n"
POINT = "      authorizationConfig:\n        accessPointId: fsap-0000000000000000{name}\n"
IAM_ALONE = "      authorizationConfig:\n        iam: ENABLED\n"


NO_PLACE = """\
from aws_cdk import Stack, aws_ecs as ecs, aws_iam as iam

class App(Stack):
    def task(self):
        return ecs.FargateTaskDefinition(self, "Task", volumes=[ecs.Volume(
            name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id="fs-0123456789abcdef0"))])

    def other(self):
        task = ecs.FargateTaskDefinition(self, "Other")
        task.add_volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(
            file_system_id="fs-0123456789abcdef1"))
"""


def text(name: str, *more: str) -> str:
    """A definition after some of its steps."""
    kept = BEFORE
    if POINT in more:
        kept = kept.replace("      rootDirectory: /{name}\n", "")
    return (kept + "".join(more)).format(name=name)


def whole(name: str) -> str:
    return text(name, TLS, POINT, "        iam: ENABLED\n")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two definitions with three steps each: TLS, the access point, IAM."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(SAMPLES.parent))
    for name in "ab":
        Path(f"{name}.yaml").write_text(text(name))
    Path(".efs-migrate.yaml").write_text(CONFIG)
    return tmp_path


def reviewing(*arguments: str | Path, **environment: str) -> Person:
    return Person("apply", "-i", *arguments, environment=environment)


def pressing(keys: str, *arguments: str | Path, **environment: str) -> tuple[str, int]:
    """The screen and the status after these keys, each pressed at a question."""
    with reviewing(*arguments, **environment) as person:
        for key in keys:
            person.sees()
            person.presses(key)
        status = person.ends()
        return person.screen, status


# -- keys -------------------------------------------------------------------------------------------------------------


def test_yes_to_everything_is_what_apply_does() -> None:
    screen, status = pressing("yyy\n\ny")
    assert status == 0
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [whole("a"), whole("b")]
    assert "6 fixable" in screen
    assert "Apply this step [Y,n,a,d,s,e,q,?]? y" in screen


def test_a_step_says_where_what_why_and_on_which_terms() -> None:
    with reviewing("a.yaml") as person:
        screen = person.sees()
        assert screen.startswith(
            "\na.yaml:4: a/data\nEFS201 transit-encryption (a volume without transit encryption)\n"
            "EFS traffic of fs-12345678 is not encrypted in transit: set transitEncryption to ENABLED\n"
            "@@ -5,3 +5,4 @@\n     efsVolumeConfiguration:\n"
        )
        assert "\n+      transitEncryption: ENABLED\n" in screen
        assert "\nCaveat: Container instances need the ECS-optimized AMI" in screen
        assert "\x1b[32m+      transitEncryption: ENABLED\x1b[0m" in person.screen
        screen = person.answers("y")
        # What the step alone adds to what was accepted.
        assert "\n       transitEncryption: ENABLED\n" in screen
        assert "\n-      rootDirectory: /a\n" in screen
        assert "  n  keep mounting fs-12345678:/a without an access point\n" in screen
        screen = person.answers("y")
        assert "attach to role a this statement" in screen
        assert '"elasticfilesystem:AccessPointArn": ' in screen


def test_no_plans_again_what_rested_on_it() -> None:
    with reviewing("a.yaml") as person:
        person.sees()
        person.answers("y")
        screen = person.answers("n")
        assert "EFS203" in screen
        assert "covers the whole file system" in " ".join(screen.split())
        assert "AccessedViaMountTarget" in screen
        person.presses("y")
        # What was left counts, though it was somebody's wish.
        assert person.ends() == 1
    assert Path("a.yaml").read_text() == text("a", TLS, IAM_ALONE)


def test_no_to_the_first_step_leaves_nothing_to_ask() -> None:
    screen, status = pressing("n", "a.yaml")
    assert status == 1
    assert Path("a.yaml").read_text() == text("a")
    assert screen.count("]? ") == 1


def test_all_that_follow() -> None:
    _, status = pressing("ya")
    assert status == 0
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [whole("a"), whole("b")]


def test_no_more_in_this_file() -> None:
    _, status = pressing("ydyyy")
    assert status == 1
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [text("a", TLS), whole("b")]


def test_skip_the_rule_everywhere() -> None:
    _, status = pressing("ysyyy")
    assert status == 1
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [text(name, TLS, IAM_ALONE) for name in "ab"]


@pytest.mark.parametrize("key", ["q", "\x04"], ids=["q", "Ctrl-D"])
def test_quit_writes_what_was_accepted(key: str) -> None:
    screen, status = pressing(f"y{key}")
    assert status == 1
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [text("a", TLS), text("b")]
    assert "2 files: 4 fixable" in unpainted(screen)  # what was not asked is in the report, too


def test_help_and_what_is_no_answer() -> None:
    with reviewing("a.yaml") as person:
        person.sees()
        assert "s    leave it, and whatever EFS201 says anywhere\n" in person.answers("?")
        assert "y    apply this step\n" in person.answers("x")
        # An arrow key ends in an A, and an umlaut is two bytes.
        assert "y    apply this step\n" in person.answers("\x1b[A")
        assert "y    apply this step\n" in person.answers("ü")
        person.presses("q")
        assert person.ends() == 1
    assert Path("a.yaml").read_text() == text("a")


def test_keys_in_capitals() -> None:
    _, status = pressing("YNQ", "a.yaml")
    assert status == 1
    assert Path("a.yaml").read_text() == text("a", TLS)


# -- unsafe steps and choices -----------------------------------------------------------------------------------------

STACK = """\
Parameters:
  FileSystemId: {Type: String}
Resources:
  HomeAccessPoint:
    Type: AWS::EFS::AccessPoint
    Properties:
      FileSystemId: !Ref FileSystemId
      PosixUser: {Uid: "1000", Gid: "1000"}
      RootDirectory: {Path: /home}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
        - Name: web
          Image: nginx
          MountPoints: [{SourceVolume: home, ContainerPath: /home}]
      Volumes:
        - Name: home
          EFSVolumeConfiguration:
            FilesystemId: !Ref FileSystemId
            RootDirectory: /home
            TransitEncryption: ENABLED
"""


def test_an_unsafe_step_is_marked_and_asked_after_all() -> None:
    Path("c.yaml").write_text(STACK)
    with reviewing("c.yaml") as person:
        person.sees()
        screen = person.answers("a")
        assert "EFS203 iam-authorization (a volume that anyone who reaches the file system may mount, UNSAFE)" in screen
        assert " *1  create role TaskRole (UNSAFE)\n" in screen
        assert "  n  keep IAM authorization off\n" in screen
        assert screen.endswith("Apply this UNSAFE step [y,N,1-2,a,d,s,e,q,?]? ")
        person.presses("\n")  # no, unless somebody says yes
        assert person.ends() == 1
    after = Path("c.yaml").read_text()
    assert "HomeAccessPoint2" in after
    assert "TaskRole" not in after


def test_an_unsafe_step_takes_no_key_from_before_it_was_shown() -> None:
    Path("c.yaml").write_text(STACK)
    with reviewing("c.yaml") as person:
        person.sees()
        screen = person.answers("yy")
        assert screen.endswith("Apply this UNSAFE step [y,N,1-2,a,d,s,e,q,?]? ")
        person.presses("y")
        assert person.ends() == 0
    assert "TaskRoleArn: !GetAtt TaskRole.Arn" in Path("c.yaml").read_text()


def test_another_way_is_shown_before_it_is_taken() -> None:
    Path("c.yaml").write_text(STACK)
    with reviewing("c.yaml", "--record", "answers.json") as person:
        screen = person.sees()
        assert " *1  create access point HomeAccessPoint2\n" in screen
        assert "  2  mount through access point ${HomeAccessPoint}, which enforces user 1000:1000 (UNSAFE)\n" in screen
        assert "  3  name an access point that exists already\n" in screen
        screen = person.answers("2")
        assert "+              AccessPointId: !Ref HomeAccessPoint\n" in screen
        assert "+  HomeAccessPoint2:" not in screen
        assert "enforces user 1000:1000: whoever a container runs" in screen
        person.answers("y")
        person.presses("n")
        assert person.ends() == 1
    after = Path("c.yaml").read_text()
    assert "AccessPointId: !Ref HomeAccessPoint\n" in after
    Path("c.yaml").write_text(STACK)
    assert efs_migrate("apply", "c.yaml", "--replay", "answers.json").status == 1
    assert Path("c.yaml").read_text() == after


def test_reuse_or_create_or_keep() -> None:
    """An access point that enforces nobody is reused; another one, or none, is a choice."""
    Path("c.yaml").write_text(STACK.replace('      PosixUser: {Uid: "1000", Gid: "1000"}\n', ""))
    with reviewing("c.yaml") as person:
        screen = person.sees()
        assert (
            " *1  mount through access point ${HomeAccessPoint}\n  2  create access point HomeAccessPoint2\n" in screen
        )
        assert "  n  keep mounting ${FileSystemId}:/home without an access point\n" in screen
        assert "+  HomeAccessPoint2:\n" in person.answers("2")
        person.answers("y")
        person.presses("q")
        assert person.ends() == 1
    assert "AccessPointId: !Ref HomeAccessPoint2\n" in Path("c.yaml").read_text()


def test_a_role_that_exists_instead_of_a_new_one() -> None:
    Path("c.yaml").write_text(STACK)
    with reviewing("c.yaml") as person:
        person.sees()
        person.answers("n")
        person.answers("2")
        person.presses("arn:aws:iam::123456789012:role/web\n")
        person.sees("Save this to .efs-migrate.yaml [Y,n]? ")
        screen = person.answers("n")
        assert "set iam to ENABLED and set the task role web" in " ".join(screen.split())
        person.presses("y")
        assert person.ends() == 1
    assert "TaskRoleArn: arn:aws:iam::123456789012:role/web\n" in Path("c.yaml").read_text()
    assert Path(".efs-migrate.yaml").read_text() == CONFIG


# -- what is missing --------------------------------------------------------------------------------------------------

SMALL_CONFIG = """\
# what the definitions do not say
target: access-point   # for now

file-systems:
  - id: fs-12345678   # shared
    mounts: {/mnt/efs: /}
"""


def test_what_is_typed_in_is_checked_saved_and_used_by_all() -> None:
    Path(".efs-migrate.yaml").write_text(SMALL_CONFIG)
    Path("b.yaml").write_text(text("b").replace("/b", "/a"))
    with reviewing() as person:
        person.sees()
        screen = person.answers("y")
        assert "EFS202 access-point" in screen
        assert "needs input" in screen
        assert "aws efs create-access-point --file-system-id fs-12345678" in screen
        person.types("fsap-12")
        assert "That cannot be: `access-points` must look like fsap-0123456789abcdef0, not fsap-12\n" in person.sees()
        person.types("fsap-0000000000000000a")
        person.sees("Save this to .efs-migrate.yaml [Y,n]? ")
        screen = person.answers("y")
        assert "EFS202" in screen
        assert "Apply this step" in screen
        person.answers("y")
        person.answers("y")
        person.presses("y")
        assert person.ends() == 0
    assert Path(".efs-migrate.yaml").read_text() == SMALL_CONFIG + ("    access-points: {/a: fsap-0000000000000000a}\n")
    assert "fsap-0000000000000000a" in Path("b.yaml").read_text()


def test_what_is_left_open_is_not_asked_again() -> None:
    Path(".efs-migrate.yaml").write_text(SMALL_CONFIG)
    Path("b.yaml").write_text(text("b").replace("/b", "/a"))
    with reviewing() as person:
        person.sees()
        person.answers("y")
        screen = person.answers("\n")
        assert "b.yaml:4" in screen
        person.presses("y")
        assert person.ends() == 1
    assert Path(".efs-migrate.yaml").read_text() == SMALL_CONFIG


def test_a_configuration_is_made_where_there_is_none() -> None:
    Path(".efs-migrate.yaml").unlink()
    Path("a.yaml").write_text("family: a\nvolumes:\n  - name: data\n    host: {sourcePath: /mnt/efs/a}\n")
    with reviewing("--target", "tls") as person:
        screen = person.sees()
        assert "EFS101 host-path-volume" in screen
        assert screen.endswith("file system that holds /mnt/efs/a (such as fs-0123456789abcdef0; Enter: skip): ")
        person.answers("fs-12345678\n")
        person.answers("\n")  # /mnt/efs, as proposed
        person.types("apps")
        assert "That cannot be: `mounts` needs an absolute path without `..`, not apps" in person.sees()
        person.answers("/apps\n")
        person.answers("y")  # save
        person.answers("y")
        person.answers("y")
        person.presses("q")
        assert person.ends() == 1
    assert Path(".efs-migrate.yaml").read_text() == (
        f"{MODELINE}\n# What efs-migrate cannot see in the definitions.\nfile-systems:\n  - id: fs-12345678\n    mounts:\n"
        "      /mnt/efs: /apps\n"
    )
    assert "rootDirectory: /apps/a" in Path("a.yaml").read_text()


def test_a_configuration_that_cannot_be_written_holds_for_the_run() -> None:
    Path(".efs-migrate.yaml").write_text("target: access-point\n")
    Path(".efs-migrate.yaml").chmod(0o444)
    with reviewing("a.yaml") as person:
        person.sees()
        person.answers("y")
        person.types("fsap-0000000000000000a")
        person.sees("[Y,n]? ")
        screen = person.answers("y")
        assert ".efs-migrate.yaml is left as it was: read-only" in screen
        person.presses("y")
        assert person.ends() == 0
    assert Path(".efs-migrate.yaml").read_text() == "target: access-point\n"
    assert Path("a.yaml").read_text() == text("a", TLS, POINT)


# -- by hand ----------------------------------------------------------------------------------------------------------


def editor(program: str) -> str:
    """An editor that does to the hunk what a Python expression of `text` says."""
    path = Path("editor.py")
    path.write_text(
        f"import sys, pathlib\np = pathlib.Path(sys.argv[1])\ntext = p.read_text()\np.write_text({program})\n"
    )
    return f"{sys.executable} {path.absolute()}"


def test_a_hunk_edited_by_hand() -> None:
    change = editor(
        "text.replace('+        accessPointId: fsap-0000000000000000a', '+        # mine\\n+        accessPointId: fsap-0000000000000000c')"
    )
    with reviewing("a.yaml", "--record", "answers.yaml", EDITOR="false", VISUAL=change) as person:
        person.sees()
        person.answers("y")
        screen = person.answers("e")
        told = " ".join(screen.split())
        assert "is not proven" in told
        assert (
            "no line changed that the step leaves as it is. Unlike the step: volume data mounts EFS in another way"
            in told
        )
        assert "(access point fsap-0000000000000000a → fsap-0000000000000000c)" in told
        # The next step rests on what was edited.
        assert "EFS203" in screen
        assert " fsap-0000000000000000c\n" in screen
        person.presses("y")
        assert person.ends() == 0
    expected = whole("a").replace(
        "        accessPointId: fsap-0000000000000000a", "        # mine\n        accessPointId: fsap-0000000000000000c"
    )
    assert Path("a.yaml").read_text() == expected
    assert "mount through it — then edited by hand" in person.screen
    assert '"edit"' in Path("answers.yaml").read_text()


LEGACY = """\
Resources:
  Launch:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties: {UserData: "mount -t efs -o tls,iam fs-0123456789abcdef0:/ /mnt/efs"}
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: a, User: '1', MountPoints: [{SourceVolume: data, ContainerPath: /d}]}]
      Volumes:
        - Name: data
          Host:
            SourcePath: /mnt/efs/app
"""


def test_a_no_to_its_authorization_takes_a_mount_back() -> None:
    Path("a.yaml").write_text(LEGACY)
    screen, status = pressing("yyn", "a.yaml")
    told = " ".join(unpainted(screen).split())
    assert "EFS101 is not applied then: host path /mnt/efs/app lies on EFS" in told
    assert (Path("a.yaml").read_text(), status) == (LEGACY, 1)


def test_a_mount_is_not_edited_out_of_its_authorization() -> None:
    Path("a.yaml").write_text(LEGACY)
    with reviewing("a.yaml", EDITOR=editor("text.replace('RootDirectory: /app', 'RootDirectory: /other')")) as person:
        person.sees()
        screen = person.answers("e")
        assert "Not applied: the old mount is authorized by IAM" in " ".join(screen.split())
        person.presses("q")
        assert person.ends() == 1
    assert Path("a.yaml").read_text() == LEGACY


def test_a_hunk_that_is_not_changed_is_a_yes() -> None:
    with reviewing("a.yaml", VISUAL=editor("text")) as person:
        person.sees()
        assert "not proven" not in person.answers("e")
        person.presses("q")
        assert person.ends() == 1
    assert Path("a.yaml").read_text() == text("a", TLS)


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        (
            "text.replace('+      transitEncryption: ENABLED', '+  - name: more\\n+    host: {sourcePath: /x}')",
            "other volumes than before",
        ),
        ("text.replace('       rootDirectory', '       directory')", "are not those of the file any more"),
        ("text.replace('+      transitEncryption: ENABLED\\n', '')", "nothing of it is left"),
        ("''", "nothing of it is left"),
        ("text.replace('+      transitEncryption: ENABLED', '+      transitEncryption: [')", "Not applied: line "),
        ("text.replace('@@ -', '@@ -1 +1 @@\\n x\\n@@ -')", "there were 1 hunks, and now there are 2"),
        ("text.replace('+      transit', 'transit')", "begins with neither"),
        ("sys.exit(3)", "ended with status 3"),
        (
            "text.replace('       fileSystemId', '-      fileSystemId')",
            "only the lines that the step changes can be edited, and this is another: fileSystemId",
        ),
    ],
    ids=range(9),
)
def test_a_hunk_edited_in_vain_is_asked_again(program: str, problem: str) -> None:
    with reviewing("a.yaml", EDITOR=editor(program)) as person:
        person.sees()
        screen = person.answers("e")
        assert problem in " ".join(screen.split())
        assert screen.rstrip().endswith("[Y,n,a,d,s,e,q,?]?")
        person.presses("q")
        assert person.ends() == 1
    assert Path("a.yaml").read_text() == text("a")


def test_without_an_editor() -> None:
    with reviewing("a.yaml", EDITOR="no-such-editor") as person:
        person.sees()
        assert "Not applied: no-such-editor: no such file or directory" in person.answers("e")
        person.presses("q")
        person.ends()


# -- endings ----------------------------------------------------------------------------------------------------------


def test_an_interrupt_leaves_the_file_and_keeps_the_answers() -> None:
    with reviewing("--record", "answers.json") as person:
        person.sees()
        for _ in range(4):
            person.answers("y")
        person.presses("\x03")
        assert person.ends() == 130
        assert "SIGINT: b.yaml is as it was; written before: a.yaml" in person.screen
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [whole("a"), text("b")]
    answers = json.loads(Path("answers.json").read_text())["answers"]
    assert [(a["file"], a["rule"], a["answer"]) for a in answers] == [
        *(("a.yaml", rule, "yes") for rule in ("EFS201", "EFS202", "EFS203")),
        ("b.yaml", "EFS201", "yes"),
    ]
    assert sorted(p.name for p in Path().iterdir()) == [".efs-migrate.yaml", "a.yaml", "answers.json", "b.yaml"]


def test_an_interrupt_while_something_is_typed() -> None:
    Path(".efs-migrate.yaml").unlink()
    with reviewing("a.yaml") as person:
        person.sees()
        person.answers("y")
        person.presses("fsap-\x03")
        assert person.ends() == 130
    assert Path("a.yaml").read_text() == text("a")


def test_a_terminated_process() -> None:
    with reviewing("--record", "answers.json") as person:
        person.sees()
        person.answers("y")
        person.process.send_signal(signal.SIGTERM)
        assert person.ends() == 128 + signal.SIGTERM
    assert Path("a.yaml").read_text() == text("a")
    assert len(json.loads(Path("answers.json").read_text())["answers"]) == 1


@pytest.mark.parametrize("before", [1, 4])
def test_a_terminal_that_goes_away(before: int) -> None:
    with reviewing("--record", "answers.json") as person:
        person.sees()
        for _ in range(before):
            person.answers("y")
        assert person.hangs_up() == 128 + signal.SIGHUP
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [whole("a") if before > 3 else text("a"), text("b")]
    assert len(json.loads(Path("answers.json").read_text())["answers"]) == before


# -- terminals --------------------------------------------------------------------------------------------------------


def test_lines_where_there_are_no_single_keys() -> None:
    with reviewing("a.yaml", TERM="dumb") as person:
        person.sees()
        for line in ("y\n", "\n"):
            person.answers(line)
        person.presses("y\n")
        assert person.ends() == 0
        assert "\x1b" not in person.screen
    assert Path("a.yaml").read_text() == whole("a")


def test_no_colour() -> None:
    screen, _ = pressing("q", NO_COLOR="1")
    assert "\x1b" not in screen
    assert "+      transitEncryption: ENABLED" in screen


def test_the_report_goes_where_it_goes_and_questions_to_the_terminal() -> None:
    with (
        Path("report.json").open("wb") as file,
        Person("apply", "-i", "a.yaml", "--format", "json", stdout=file) as person,
    ):
        person.sees()
        person.presses("a")
        assert person.ends() == 0
    assert [f["applied"] for f in json.loads(Path("report.json").read_text())["files"][0]["findings"]] == [True] * 3


def test_only_standard_input_is_a_terminal() -> None:
    with Person("apply", "-i", "a.yaml", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as person:
        person.sees()
        person.presses("a")
        person.ends()
    assert Path("a.yaml").read_text() == whole("a")


def test_without_a_terminal() -> None:
    ran = efs_migrate("apply", "-i", stdin=b"y\n")
    assert (ran.status, ran.stdout) == (2, b"")
    assert ran.stderr == (
        "efs-migrate: error: --interactive needs a terminal, and standard input is none; --replay takes recorded answers "
        "without one\n"
    )
    assert Path("a.yaml").read_text() == text("a")


def test_options_that_do_not_go_together() -> None:
    assert "standard input, which cannot be what is to be changed" in efs_migrate("apply", "-i", "-").stderr
    assert "--record keeps the answers" in efs_migrate("apply", "--record", "x.json").stderr


def test_names_and_values_smuggle_nothing() -> None:
    Path("a.yaml").unlink()
    Path("b.yaml").unlink()
    hostile = "data\\e]0;title\\a\\e[2J\\u202e"
    Path("x\x1b[31m.yaml").write_text(
        text("a").replace("name: data", f'name: "{hostile}"').replace("volumes:", "# \u202e\nvolumes:")
    )
    with reviewing(".") as person:
        person.sees()
        person.presses("q")
        person.ends()
        assert "\\x1b[31m.yaml:" in person.screen
        rest = unpainted(person.screen)
        assert all(c.isprintable() or c in "\r\n" for c in rest)


def test_a_step_that_has_no_place_in_the_text_is_not_asked_about() -> None:
    """Only writing shows that: it must not be offered again and again."""
    Path("app.py").write_text(NO_PLACE)
    with reviewing("app.py") as person:
        screen = person.sees()
        while "EFS203" not in screen:
            screen = person.answers("y")
        person.presses("y")
        assert person.ends() == 1
    assert person.screen.count("EFS203 iam-authorization") == 1
    assert "the code has no name for its task definition" in person.screen
    assert Path("app.py").read_text().count('iam="ENABLED"') == 1


# -- other dialects ---------------------------------------------------------------------------------------------------


def expected(case: Path) -> bytes:
    return next(case.glob("after.*")).read_bytes()


@pytest.mark.parametrize(
    "case", ["boto3-call", "cdk-fargate-app", "troposphere-fargate", "cloudformation-fargate-stack", "json-minified"]
)
def test_every_dialect(case: str, folder: Path) -> None:
    sample = SAMPLES / case
    place = folder / "case"
    place.mkdir()
    before = next(sample.glob("before.*"))
    file = place / before.name
    file.write_bytes(before.read_bytes())
    if (sample / "config.yaml").exists():
        (place / ".efs-migrate.yaml").write_bytes((sample / "config.yaml").read_bytes())
    with reviewing(file) as person:
        while person.process.poll() is None:
            try:
                person.sees()
            except AssertionError:
                break
            person.presses("y")
        person.ends()
    assert file.read_bytes() == expected(sample)


# -- recorded answers -------------------------------------------------------------------------------------------------


@pytest.fixture(params=["answers.json", "answers.yaml"])
def recorded(request: pytest.FixtureRequest) -> Path:
    """Answers to a review of both files: no access point in the first, nothing but TLS in the second."""
    path = Path(request.param)
    pressing("ynyyd", "--record", path)
    for name in "ab":
        Path(f"{name}.yaml").write_text(text(name))
    return path


def test_answers_are_replayed_without_a_terminal(recorded: Path) -> None:
    ran = efs_migrate("apply", "--replay", recorded)
    assert (ran.status, ran.stderr) == (1, "")
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [text("a", TLS, IAM_ALONE), text("b", TLS)]


def test_what_was_not_answered_is_decided_as_usual_or_asked(recorded: Path) -> None:
    Path("c.yaml").write_text(text("a").replace("family: a", "family: c"))
    with reviewing("--replay", recorded) as person:
        assert "c.yaml:4" in person.sees()
        person.presses("a")
        assert person.ends() == 1
    assert "iam: ENABLED" in Path("c.yaml").read_text()
    assert [Path(f"{name}.yaml").read_text() for name in "ab"] == [text("a", TLS, IAM_ALONE), text("b", TLS)]


def test_an_answer_is_to_what_the_step_did(recorded: Path) -> None:
    """A yes to IAM on the whole file system is none to IAM through an access point, and the other way round."""
    entries = recorded.read_text()
    assert entries.count("EFS203") == 2
    Path("a.yaml").write_text(text("a").replace("  - name: data", "  - name: data   # efs-migrate: ignore[EFS202]"))
    ran = efs_migrate("apply", "a.yaml", "--replay", recorded)
    assert "EFS203" not in ran.stderr  # the same step as before, for another reason
    Path("a.yaml").write_text(text("a", TLS, POINT))
    ran = efs_migrate("apply", "a.yaml", "--replay", recorded)
    assert f"warning: a.yaml:4: EFS203: not the step that {recorded} says yes to\n" in ran.stderr


def test_a_digest_that_differs(recorded: Path) -> None:
    """The step has the same name, but the role is to be allowed other things."""
    digest = json.loads(recorded.read_text())["answers"][0]["digest"] if recorded.suffix == ".json" else None
    changed = recorded.read_text().replace(digest or "", "0" * 16, 1) if digest else recorded.read_text()
    if digest is None:
        head, _, tail = changed.partition('digest: "')
        changed = f'{head}digest: "{"0" * 16}{tail[16:]}'
    recorded.write_text(changed)
    ran = efs_migrate("apply", "--replay", recorded)
    assert f"warning: a.yaml:4: EFS201: not the step that {recorded} says yes to\n" in ran.stderr
    Path("a.yaml").write_text(text("a"))
    with reviewing("a.yaml", "--replay", recorded) as person:
        assert "The recorded answer to EFS201 (yes) was to a step that did something else." in person.sees()
        person.presses("q")
        person.ends()


def test_answers_about_other_files_are_said(recorded: Path) -> None:
    ran = efs_migrate("apply", "a.yaml", "--replay", recorded)
    assert f"{recorded} has answers about a file that was not looked at: b.yaml\n" in ran.stderr


def test_what_was_edited_by_hand_is_not_repeated() -> None:
    with reviewing(
        "a.yaml", "--record", "answers.json", EDITOR=editor("text.replace('ENABLED', 'ENABLED # sic')")
    ) as person:
        person.sees()
        person.answers("e")
        person.presses("q")
        person.ends()
    assert Path("a.yaml").read_text() == text("a", "      transitEncryption: ENABLED # sic\n")
    Path("a.yaml").write_text(text("a"))
    ran = efs_migrate("apply", "a.yaml", "--replay", "answers.json")
    assert "a.yaml:4: EFS201: left alone, because answers.json has it edited by hand\n" in ran.stderr
    assert Path("a.yaml").read_text() == text("a")


def test_a_record_goes_on_from_another(recorded: Path) -> None:
    with reviewing("a.yaml", "--replay", recorded, "--record", recorded) as person:
        assert person.ends() == 1
    files = [line for line in recorded.read_text().splitlines() if "b.yaml" in line]
    assert len(files) == 3


@pytest.mark.parametrize("where", ["missing/answers.json", "."])
def test_a_record_that_cannot_be_written_is_said_first(where: str) -> None:
    with reviewing("--record", where) as person:
        assert person.ends() == 2
        assert f"error: {where}: " in person.screen
        assert "]?" not in person.screen


ENTRY = {"file": "a.yaml", "rule": "EFS201", "subject": ["volume", 0], "detail": "", "digest": "0", "answer": "yes"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "holds no answers"),
        ("{", "1: "),
        ("[]", "1: a file of answers must be a mapping"),
        ("answers: []\n", "1: `version` is missing"),
        ("version: 1\n", "1: `answers` is missing"),
        ("version: 2\nanswers: []\n", "1: `version` 2 is not known: this efs-migrate reads 1"),
        ("version: 1\nanswers: {}\n", "2: `answers` must be a list"),
        ("version: 1\nanswers:\n  - file: x\n", "3: `answers`: an entry has no `rule`"),
        (
            json.dumps({"version": 1, "answers": [ENTRY | {"answer": "maybe"}]}, indent=1),
            "13: `answer` must be one of yes, no, edit, not maybe",
        ),
        (
            json.dumps({"version": 1, "answers": [ENTRY | {"rule": "EFS999"}]}, indent=1),
            "6: `rule`: unknown rule EFS999",
        ),
        (
            json.dumps({"version": 1, "answers": [ENTRY | {"subject": [None]}]}, indent=1),
            "8: `subject` must be a list of words and numbers",
        ),
        (json.dumps({"version": 1, "answers": [ENTRY | {"subject": []}]}, indent=1), "7: `subject` is empty"),
        (
            json.dumps({"version": 1, "answers": [ENTRY, ENTRY]}, indent=1),
            "15: `answers`: the same step is there twice",
        ),
        (json.dumps({"version": 1, "answers": [ENTRY | {"extra": 1}]}, indent=1), "14: unknown key `extra`"),
        ("a: 1\n---\nb: 2\n", "more than one document"),
    ],
    ids=range(15),
)
@pytest.mark.parametrize("ending", ["", ".json"])
def test_broken_answers(content: str, problem: str, ending: str) -> None:
    if ending and not content.startswith(("{", "[")):
        pytest.skip("is YAML")
    path = Path(f"answers{ending}")
    path.write_text(content)
    ran = efs_migrate("apply", "--replay", path)
    assert ran.status == 2
    assert ran.stderr.startswith(f"efs-migrate: error: {path}:")
    assert problem in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert Path("a.yaml").read_text() == text("a")


def test_no_answers_at_all() -> None:
    ran = efs_migrate("apply", "--replay", "none.json")
    assert (ran.status, ran.stderr) == (2, "efs-migrate: error: none.json: no such file or directory\n")
