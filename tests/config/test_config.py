"""The configuration: read strictly, found upward from each file, and broken only for the files that it governs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Ran, efs_migrate

from migrate.config import config
from migrate.config.config import Config, ConfigProblem
from migrate.dialects.cloudformation.language import intrinsics
from migrate.files.language import YAML
from migrate.syntax import parse
from rules.choices import AccessPoints, Choices
from rules.model import Level

TOP = "file-systems, docker-volumes, task-roles, target, access-points, posix-users, root-access, rules, exclude"
FSAP = "fsap-0123456789abcdef0"
DEFINITION = """\
family: web
taskRoleArn: arn:aws:iam::123456789012:role/web
volumes:
  - name: data
    efsVolumeConfiguration:
      fileSystemId: fs-12345678
"""


def read(text: str | bytes) -> Config:
    return config.read(text if isinstance(text, bytes) else text.encode(), "c.yaml", "/folder")


def problem(text: str | bytes) -> str:
    with pytest.raises(ConfigProblem) as caught:
        read(text)
    assert caught.value.path == "c.yaml"
    return str(caught.value).removeprefix("c.yaml:")


def definition(folder: str, name: str = "web.yaml") -> Path:
    path = Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(DEFINITION)
    return path


def configuration(folder: str, text: str) -> Path:
    path = Path(folder, config.NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def levels(ran: Ran) -> dict[str, str | bool | None]:
    """Which level each file's volume would reach: what tells one configuration's `target` from another's."""
    return {str(file["path"]): file["volumes"][0]["after"] for file in ran.report["files"]}


def check(*arguments: str) -> Ran:
    """Check with empty caches: they live as long as a process, in which other tests run as well."""
    config._nearest.cache_clear()
    config.load.cache_clear()
    return efs_migrate("check", "--format", "json", *arguments)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: the root of a repository, so that nothing above is looked at."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- what may stand in it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "\n", "\ufeff", "# nothing yet\n", "---\n", "---\n...\n", "null\n", "~\n", "{}\n"]
)
def test_an_empty_configuration_is_the_default(text: str) -> None:
    assert read(text) == Config(Choices(), (), "/folder")


@pytest.mark.parametrize("key", TOP.split(", "))
def test_a_key_without_a_value_is_the_default(key: str) -> None:
    if key in ("target", "access-points", "root-access"):
        assert problem(f"{key}:\n").startswith(f"1: `{key}` must be ")
    else:
        assert read(f"{key}:\n") == Config(Choices(), (), "/folder")


def test_everything_of_the_contract() -> None:
    found = read(f"""\
file-systems:
  - id: fs-0123456789abcdef0
    mounts: {{/mnt/efs: /}}
    access-points: {{/app: {FSAP}}}
docker-volumes:
  jenkins-home: {{file-system: fs-0123456789abcdef0, directory: /jenkins}}
task-roles: {{billing-api: arn:aws:iam::123456789012:role/billing-api, "*": !Ref Role}}
target: tls
access-points: subdirectories
posix-users: {{/app: {{uid: 1000, gid: 0}}}}
root-access: true
rules: {{EFS203: off}}
exclude: ["vendor/**", old.json]
""")
    policy = found.choices
    (system,) = policy.file_systems
    assert system.id.source == "fs-0123456789abcdef0"
    assert system.mounts == (("/mnt/efs", "/"),)
    assert [(path, point.source) for path, point in system.access_points] == [("/app", FSAP)]
    assert policy.docker_volumes["jenkins-home"].directory == "/jenkins"
    assert {name: role.source for name, role in policy.task_roles.items()} == {
        "billing-api": "arn:aws:iam::123456789012:role/billing-api",
        "*": "!Ref Role",
    }
    assert (policy.target, policy.access_points) == (Level.TLS, AccessPoints.SUBDIRECTORIES)
    assert (policy.posix_users, policy.root_access) == ({"/app": (1000, 0)}, True)
    assert (sorted(policy.off), list(found.exclude)) == (["EFS203"], ["vendor/**", "old.json"])


@pytest.mark.parametrize(
    "written",
    ["off", "Off", "OFF", "no", "No", "NO", "false", "False", "FALSE", '"off"', "'off'"],
)
def test_off(written: str) -> None:
    assert read(f"rules: {{EFS203: {written}}}").choices.off == {"EFS203"}


@pytest.mark.parametrize("written", ["on", "On", "ON", "yes", "Yes", "YES", "true", "True", "TRUE", '"on"'])
def test_on(written: str) -> None:
    assert read(f"rules: {{EFS203: {written}}}").choices.off == frozenset()
    if not written.startswith('"'):
        assert read(f"root-access: {written}").choices.root_access is True


@pytest.mark.parametrize(
    "identifier",
    [
        "fs-12345678",
        "EFS_ID",
        "'${EFS_ID}'",
        "'{{ efs_id }}'",
        "!Ref FileSystem",
        "!ImportValue shared-efs-id",
        "!Sub '${Stack}-efs'",
        "!Join ['-', [a, b]]",
        "{Ref: FileSystem}",
        "{'Fn::ImportValue': shared-efs-id}",
    ],
)
def test_file_systems_may_be_expressions(identifier: str) -> None:
    assert len(read(f"file-systems: [{{id: {identifier}}}]").choices.file_systems) == 1


@pytest.mark.parametrize(
    ("configured", "forms"),
    [
        ("!ImportValue shared", ["!ImportValue 'shared'", "{'Fn::ImportValue': shared}", "!ImportValue shared"]),
        ("!ImportValue 'x'", ["!ImportValue x"]),
        (
            "!ImportValue {Fn::Sub: '${Stack}-efs'}",
            ["{'Fn::ImportValue': !Sub '${Stack}-efs'}", "{'Fn::ImportValue': {'Fn::Join': ['-', [!Ref Stack, efs]]}}"],
        ),
        ("{Fn::ImportValue: !Sub '${Stack}-efs'}", ["!ImportValue {'Fn::Sub': '${Stack}-efs'}"]),
        ("!Ref Fs", ["{Ref: Fs}", "!Sub '${Fs}'", "!Join ['', [!Ref Fs]]"]),
        ("'${Fs}'", ["!Ref Fs"]),
        ("!Sub 'fs-${Hash}'", ["{'Fn::Join': ['', ['fs-', {Ref: Hash}]]}"]),
        ("!GetAtt Fs.FileSystemId", ["{'Fn::GetAtt': [Fs, FileSystemId]}", "!Sub '${Fs.FileSystemId}'"]),
        ("!FindInMap [Ids, !Ref Env, Efs]", ["{'Fn::FindInMap': [Ids, {Ref: Env}, Efs]}"]),
        ("'{{resolve:ssm:/efs/id}}'", ["'{{resolve:ssm:/efs/id}}'", "!Sub '{{resolve:ssm:/efs/id}}'"]),
        ("'{{ efs_id }}'", ["'{{ efs_id }}'"]),
        ("!Sub fs-12345678", ["fs-12345678"]),
    ],
)
def test_expressions_are_what_templates_write_in_any_form(configured: str, forms: list[str]) -> None:
    (system,) = read(f"file-systems: [{{id: {configured}}}]").choices.file_systems
    for form in forms:
        (root,) = parse(form, YAML).roots
        assert intrinsics.configured(system.id) == intrinsics.value(root), form


def test_an_expression_is_shown_as_it_is_written() -> None:
    found = read('file-systems:\n  - id:\n      Fn::ImportValue:\n        !Sub "${Stack}-efs"\n').choices.file_systems
    assert found[0].id.source == 'Fn::ImportValue: !Sub "${Stack}-efs"'


def test_anchors_are_understood() -> None:
    found = read("docker-volumes:\n  a: &a {file-system: fs-12345678, directory: /a}\n  b: *a\n")
    assert found.choices.docker_volumes["b"] == found.choices.docker_volumes["a"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        # the whole
        ("- target: iam", "1: the configuration must be a mapping"),
        ("iam", "1: the configuration must be a mapping"),
        ("\n\n12", "3: the configuration must be a mapping"),
        ("targets: iam", f"1: unknown key `targets` in the configuration (known: {TOP})"),
        ("# 1\ntarget: iam\nTarget: iam", f"3: unknown key `Target` in the configuration (known: {TOP})"),
        ("<<: {target: iam}", f"1: unknown key `<<` in the configuration (known: {TOP})"),
        ("target: iam\nexclude: []\ntarget: tls", "3: `target` is there twice"),
        ("target: iam\n---\ntarget: tls", "3: more than one document"),
        ("? [a]\n: 1", "1: the configuration has a key that is not a word"),
        # its values
        ("target: 1", "1: `target` must be a string"),
        ("target: [iam]", "1: `target` must be a string"),
        ("target: IAM", "1: `target` must be one of tls, access-point, iam, not IAM"),
        ("target: host", "1: `target` must be one of tls, access-point, iam, not host"),
        ("access-points: {}", "1: `access-points` must be a string"),
        ("access-points: yes", "1: `access-points` must be a string"),
        ("access-points: some", "1: `access-points` must be one of always, subdirectories, never, not some"),
        ("root-access: 1", "1: `root-access` must be true or false"),
        ("root-access: 'true'", "1: `root-access` must be true or false"),
        ("root-access: {}", "1: `root-access` must be true or false"),
        ("exclude: vendor", "1: `exclude` must be a list"),
        ("exclude: {a: b}", "1: `exclude` must be a list"),
        ("exclude:\n  - a\n  - 1", "3: an entry of `exclude` must be a string"),
        ("exclude:\n  - a\n  - [b]", "3: an entry of `exclude` must be a string"),
        ("rules: [EFS203]", "1: `rules` must be a mapping"),
        ("rules: EFS203", "1: `rules` must be a mapping"),
        ("rules:\n  EFS201: on\n  EFS999: off", "3: `rules`: unknown rule EFS999"),
        ("rules: {efs203: off}", "1: `rules`: unknown rule efs203"),
        ("rules: {EFS203: maybe}", "1: `EFS203` must be on or off"),
        ("rules: {EFS203: 0}", "1: `EFS203` must be on or off"),
        ("rules: {EFS203: }", "1: `EFS203` must be on or off"),
        ("rules: {EFS203: [off]}", "1: `EFS203` must be on or off"),
        ("rules:\n  EFS203: off\n  EFS203: on", "3: `EFS203` is there twice"),
        # file systems
        ("file-systems: fs-12345678", "1: `file-systems` must be a list"),
        ("file-systems: {id: fs-12345678}", "1: `file-systems` must be a list"),
        ("file-systems: &a [*a]", "1: an entry of `file-systems` must be a mapping"),
        ("file-systems:\n  - fs-12345678", "2: an entry of `file-systems` must be a mapping"),
        ("file-systems: [{mounts: {/a: /}}]", "1: `file-systems`: an entry has no `id`"),
        (
            "file-systems:\n  - id: fs-12345678\n    mount: {}",
            "3: unknown key `mount` in an entry of `file-systems` (known: id, mounts, access-points)",
        ),
        ("file-systems: [{id: fs-1}]", "1: `id` must look like fs-0123456789abcdef0, not fs-1"),
        ("file-systems: [{id: fs-1234567G}]", "1: `id` must look like fs-0123456789abcdef0, not fs-1234567G"),
        (f"file-systems: [{{id: {FSAP}}}]", f"1: `id` must look like fs-0123456789abcdef0, not {FSAP}"),
        ("file-systems: [{id: 12345678}]", "1: `id` must be a string"),
        ("file-systems: [{id: }]", "1: `id` must be a string"),
        ("file-systems: [{id: {Name: a}}]", "1: `id` must be a string"),
        ("file-systems: [{id: !Nonsense a}]", "1: `id` must look like fs-0123456789abcdef0, not a"),
        (
            "file-systems: [{id: !Ref AWS::NoValue}]",
            "1: `id` must look like fs-0123456789abcdef0, not AWS::NoValue",
        ),
        (
            "file-systems: [{id: !ImportValue '${Stack}-efs'}]",
            "1: `id`: only Fn::Sub replaces ${Stack}-efs: write {Fn::ImportValue: {Fn::Sub: …}}",
        ),
        (
            "task-roles: {a: {Ref: '${Role}'}}",
            "1: `task-roles`: only Fn::Sub replaces ${Role}",
        ),
        ("file-systems: [{id: fs-12345678, mounts: /mnt}]", "1: `mounts` must be a mapping"),
        ("file-systems: [{id: fs-12345678, mounts: {/mnt: 1}}]", "1: `mounts` must be a string"),
        (
            "file-systems: [{id: fs-12345678, mounts: {mnt: /}}]",
            "1: `mounts` needs an absolute path without `..`, not mnt",
        ),
        (
            "file-systems:\n- id: fs-12345678\n  mounts:\n    /mnt: data",
            "4: `mounts` needs an absolute path without `..`, not data",
        ),
        (
            "file-systems: [{id: fs-12345678, mounts: {/mnt/../etc: /}}]",
            "1: `mounts` needs an absolute path without `..`, not /mnt/../etc",
        ),
        (
            "file-systems:\n- id: fs-12345678\n  mounts:\n    /mnt: /a\n    /mnt/: /b",
            "5: `/mnt/` is there twice in `mounts`",
        ),
        (
            "file-systems: [{id: fs-12345678, access-points: {/a: fsap-1}}]",
            "1: `access-points` must look like fsap-0123456789abcdef0, not fsap-1",
        ),
        (
            "file-systems: [{id: fs-12345678, access-points: {/a: fs-12345678}}]",
            "1: `access-points` must look like fsap-0123456789abcdef0, not fs-12345678",
        ),
        (
            f"file-systems: [{{id: fs-12345678, access-points: {{a: {FSAP}}}}}]",
            "1: `access-points` needs an absolute path without `..`, not a",
        ),
        # the others
        ("docker-volumes: [a]", "1: `docker-volumes` must be a mapping"),
        ("docker-volumes: {a: fs-12345678}", "1: `a` in `docker-volumes` must be a mapping"),
        ("docker-volumes: {a: {directory: /}}", "1: `docker-volumes`: a has no `file-system`"),
        ("docker-volumes: {a: {file-system: fs-12345678}}", "1: `docker-volumes`: a has no `directory`"),
        (
            "docker-volumes: {a: {file-system: fs-12345678, directory: a}}",
            "1: `directory` needs an absolute path without `..`, not a",
        ),
        (
            "docker-volumes: {a: {file-system: fs, directory: /}}",
            "1: `file-system` must look like fs-0123456789abcdef0, not fs",
        ),
        (
            "docker-volumes:\n  a:\n    path: /",
            "3: unknown key `path` in `a` in `docker-volumes` (known: file-system, directory)",
        ),
        ("task-roles: arn:aws:iam::123456789012:role/x", "1: `task-roles` must be a mapping"),
        ("task-roles: {web: 1}", "1: `task-roles` must be a string"),
        (
            "task-roles: {web: web}",
            "1: `task-roles` must look like arn:aws:iam::123456789012:role/name, not web",
        ),
        (
            "task-roles: {web: 'arn:aws:iam::123456789012:user/web'}",
            "1: `task-roles` must look like arn:aws:iam::123456789012:role/name, not arn:aws:iam::123456789012:user/web",
        ),
        ("posix-users: [1000]", "1: `posix-users` must be a mapping"),
        ("posix-users: {/a: 1000}", "1: `/a` in `posix-users` must be a mapping"),
        ("posix-users: {/a: {uid: 1}}", "1: `posix-users`: /a has no `gid`"),
        ("posix-users: {/a: {uid: '1', gid: 1}}", "1: `uid` must be a whole number from 0 to 4294967295"),
        ("posix-users: {/a: {uid: 1.5, gid: 1}}", "1: `uid` must be a whole number from 0 to 4294967295"),
        ("posix-users: {/a: {uid: yes, gid: 1}}", "1: `uid` must be a whole number from 0 to 4294967295"),
        ("posix-users: {/a: {uid: 1, gid: -1}}", "1: `gid` must be a whole number from 0 to 4294967295"),
        ("posix-users: {/a: {uid: 1, gid: 4294967296}}", "1: `gid` must be a whole number from 0 to 4294967295"),
        ("posix-users: {a: {uid: 1, gid: 1}}", "1: `posix-users` needs an absolute path without `..`, not a"),
        (
            "posix-users: {/a: {uid: 1, gid: 1, groups: []}}",
            "1: unknown key `groups` in `/a` in `posix-users` (known: uid, gid)",
        ),
        # not YAML, or not text
        ("target: iam\nrules: [", "2: while parsing a flow node, expected the node content, but found '<stream end>'"),
        ("target: iam\n\trules:", "2: while scanning for the next token, found character '\\t' that cannot start any token"),
        ("target: *nothing", "1: undefined alias *nothing"),
        ("target: iam\n{% if x %}\n", "2: templated: '{%' is not YAML"),
        (b"# caf\xe9\n", "1: byte 0xe9 is not UTF-8"),
        (b"target: iam\n\0", "2: holds a NUL byte, as no text does"),
        ("target: iam".encode("utf-16"), " encoded as UTF-16, not UTF-8"),
        ("exclude: " + "[" * 3000, "1: nested deeper than 500 levels"),
    ],
)  # fmt: skip  # a cause stays on the line of its text
def test_errors_name_line_and_key(text: str | bytes, cause: str) -> None:
    assert problem(text) == cause


def test_a_bomb_of_aliases_goes_off_nowhere() -> None:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]" for i in range(1, 30)]
    bomb = "{Ref: {" + ", ".join(lines) + "}}"
    assert len(read(f"file-systems: [{{id: {bomb}}}]").choices.file_systems[0].id.source) < 10_000


# -- which one governs a file -----------------------------------------------------------------------------------------


def test_the_nearest_upward_governs() -> None:
    configuration(".", "target: tls")
    configuration("a/b", "target: access-point\nfile-systems: [{id: fs-12345678, access-points: {/: " + FSAP + "}}]")
    configuration("a/c", "")
    for folder in (".", "a", "a/b", "a/b/deep/er", "a/c"):
        definition(folder)
    assert levels(check()) == {
        "web.yaml": "tls",
        "a/web.yaml": "tls",
        "a/b/web.yaml": "access-point",
        "a/b/deep/er/web.yaml": "access-point",
        "a/c/web.yaml": "iam",  # configurations are not added up
    }


def test_nothing_beyond_the_root_of_the_repository() -> None:
    configuration(".", "target: tls")
    definition("repository")
    Path("repository/.git").mkdir()
    definition("worktree")
    Path("worktree/.git").write_text("gitdir: elsewhere")
    definition("folder")
    assert levels(check("--no-gitignore")) == {
        "folder/web.yaml": "tls",
        "repository/web.yaml": "iam",
        "worktree/web.yaml": "iam",
    }
    configuration("repository", "target: tls")
    assert levels(check("repository/web.yaml")) == {"repository/web.yaml": "tls"}


def test_it_does_not_matter_where_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration("a", "target: tls")
    path = definition("a/b").absolute()
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    configuration(".", "target: access-point")
    assert levels(check(str(path))) == {str(path): "tls"}
    assert levels(check("../a/b/web.yaml")) == {"../a/b/web.yaml": "tls"}


def test_standard_input_goes_by_its_name() -> None:
    configuration("a", "target: tls")
    configuration(".", "nonsense")
    config.load.cache_clear()
    ran = efs_migrate("check", "--format", "json", "-", "--stdin-filename", "a/new.yaml", stdin=DEFINITION.encode())
    assert (ran.status, levels(ran)) == (1, {"a/new.yaml": "tls"})


def test_an_option_wins() -> None:
    definition("a")
    configuration("a", "nonsense: here")
    Path("other.yaml").write_text("target: tls")
    assert levels(check("--config", "other.yaml")) == {"a/web.yaml": "tls"}
    assert levels(check("--config", "other.yaml", "--target", "iam")) == {"a/web.yaml": "iam"}


def test_a_link_is_followed() -> None:
    definition(".")
    Path("shared").write_text("target: tls")
    Path(config.NAME).symlink_to("shared")
    assert levels(check()) == {"web.yaml": "tls"}


def test_exclude_is_relative_to_the_configurations_folder() -> None:
    configuration("a", 'exclude: ["/web.yaml", "old/", "*.bak.yaml"]')
    for folder, name in (
        ("a", "web.yaml"),
        ("a/b", "web.yaml"),
        ("a/b/old", "web.yaml"),
        ("a/b", "x.bak.yaml"),
        ("c", "x.bak.yaml"),
    ):
        definition(folder, name)
    kept = ["a/b/web.yaml", "c/x.bak.yaml"]
    assert [str(file["path"]) for file in check().report["files"]] == kept
    assert [str(file["path"]) for file in check("a/b", "c").report["files"]] == kept
    # A file that is named is meant.
    assert [str(file["path"]) for file in check("a/web.yaml").report["files"]] == ["a/web.yaml"]
    # Unless a hook names every file that it knows.
    assert check("--force-exclude", "a/web.yaml").report["files"] == []
    # A pattern without a slash matches anywhere, so a configuration from elsewhere can exclude, too.
    assert [str(f["path"]) for f in check("--config", f"a/{config.NAME}").report["files"]] == ["a/b/web.yaml"]


# -- a broken one -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_broken_one_stops_only_what_it_governs(command: str, jobs: str) -> None:
    configuration("bad", "target: iam\nrules: {EFS999: off}\n")
    stopped = [definition("bad", "a.yaml"), definition("bad/deep", "b.yaml")]
    governed = [definition("bad/own", "c.yaml"), definition("good", "d.yaml")]
    configuration("bad/own", "")
    ran = efs_migrate(command, "-q", "--jobs", jobs)
    assert ran.status == 2
    assert ran.stderr == (
        "efs-migrate: error: bad/.efs-migrate.yaml:2: `rules`: unknown rule EFS999 (2 files left alone)\n"
    )
    assert all(path.read_text() == DEFINITION for path in stopped)
    assert all((path.read_text() != DEFINITION) == (command == "apply") for path in governed)
    assert all(path.name in ran.stdout.decode() for path in governed)


def test_the_report_says_which_files_it_stops() -> None:
    configuration(".", "rules: 1")
    definition(".")
    (file,) = check().report["files"]
    assert (file["path"], file["dialect"], file["volumes"]) == ("web.yaml", None, [])
    assert str(file["error"]) == "its configuration is broken (.efs-migrate.yaml:1: `rules` must be a mapping)"


def test_a_broken_one_that_governs_nothing_is_an_error_all_the_same() -> None:
    configuration(".", "rules: 1")
    ran = check()
    assert (ran.status, ran.report["files"]) == (2, [])
    assert ran.stderr == "efs-migrate: error: .efs-migrate.yaml:1: `rules` must be a mapping\n"


def test_values_of_a_broken_one_are_safe_for_a_terminal() -> None:
    configuration(".", 'target: "\\e[31mred\\nred"')
    definition(".")
    ran = efs_migrate("check")
    assert "not \\x1b[31mred\\nred (1 file left alone)\n" in ran.stderr
    assert ran.stderr.count("\n") == 1


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (Path.mkdir, "is a directory"),
        (_dangling, "no such file or directory"),
        (_loop, "too many levels of symbolic links"),
        (os.mkfifo, "not a regular file"),
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["option", "found"])
def test_one_that_cannot_be_read(make: Callable[[Path], None], cause: str, named: bool) -> None:
    name = "own.yaml" if named else config.NAME
    make(Path(name))
    definition(".")
    ran = check(*(["--config", name] if named else []))
    assert ran.status == 2
    assert ran.stderr == f"efs-migrate: error: {name}: {cause} (1 file left alone)\n"
    assert Path("web.yaml").read_text() == DEFINITION


def test_a_missing_one_is_an_error() -> None:
    definition(".")
    ran = efs_migrate("diff", "--config", "nowhere.yaml")
    assert (ran.status, ran.stdout) == (2, b"")
    assert ran.stderr == "efs-migrate: error: nowhere.yaml: no such file or directory (1 file left alone)\n"
