"""The rules: their examples, what holds them together with README and samples, and the pure functions below them."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT, cases, efs_migrate

from migrate.dialects.common.values import parse_text
from migrate.engine.process import process
from migrate.report.rules import page, table
from rules import RULES
from rules.choices import Choices
from rules.context import Context
from rules.facts.constraints import violations
from rules.facts.iam import Grant
from rules.facts.identifiers import short
from rules.facts.mounts import Mapped, Mounts, Unplaced, lost_options, parse_source, place, split_options
from rules.facts.name_habits import Naming
from rules.facts.other_files import Proposal, SeenMount, SeenMounts
from rules.facts.paths import (
    access_point_problem,
    below,
    climbs,
    join,
    looks_like_a_file,
    looks_like_efs,
    may_lie_below,
    normalise,
    starts_with_reference,
)
from rules.facts.questions import MountAt
from rules.model import (
    CODED_REF,
    ENABLED,
    AccessPoint,
    Container,
    EfsVolume,
    Engine,
    HostMount,
    HostPath,
    Key,
    MountPoint,
    Ref,
    Role,
    Stack,
    Tag,
    Tagging,
    Task,
    Text,
    Value,
    Volume,
)
from rules.rule import Example, Rule
from rules.shared.grants import grant, merge, role_name
from rules.shared.new_names import access_point_name, tags
from rules.shared.new_names import role_name as new_role_name
from rules.shared.proposals import mount_entry, propose, where

FS = Text.of("fs-0123456789abcdef0")
OTHER = Text.of("fs-0fedcba9876543210")
POINT = Text.of("fsap-0123456789abcdef0")

# -- examples ---------------------------------------------------------------------------------------------------------

EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.examples, 1)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(rule: Rule, example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("example.json" if example.before.startswith(("{", "[")) else "example.yaml")
    path.write_text(example.before)
    if example.config:
        Path(".efs-migrate.yaml").write_text(example.config)
    unsafe = ["--unsafe"] if "--unsafe" in rule.default else []
    done = efs_migrate("apply", "--only", rule.id, *unsafe, path)
    assert done.status == 0, done.stdout + done.stderr.encode()
    assert path.read_text() == example.after


def test_an_example_stands_at_the_left() -> None:
    example = Example("\n    a:\n      b\n", "\n    X: c\n")
    assert (example.before, example.after, example.config) == ("a:\n  b\n", "X: c\n", "")


def test_rules_that_change_something_have_an_example() -> None:
    assert [r.id for r in RULES if not r.examples and r.default not in ("advice", "refused")] == []


# -- what must agree --------------------------------------------------------------------------------------------------


def test_readme_has_the_table_of_rules() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- rules -->\n(.*?)<!-- /rules -->", readme, re.DOTALL)
    assert found, "README.md has no <!-- rules --> … <!-- /rules -->"
    assert found[1] == table()


def test_readme_names_no_other_rules() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"EFS\d{3}", readme)) <= {rule.id for rule in RULES}


def test_every_rule_file_is_registered_once() -> None:
    files = sorted(path.stem for path in (ROOT / "rules").glob("efs*.py"))
    names = sorted(f"{rule.id.lower()}_{rule.name.replace('-', '_')}" for rule in RULES)
    assert files == names
    assert len(set(RULES)) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_documentation(rule: Rule) -> None:
    module = importlib.import_module(f"rules.{rule.id.lower()}_{rule.name.replace('-', '_')}")
    assert module.RULE is rule
    assert rule.page == module.__doc__
    assert "\nSource: " in rule.page
    title, blank, *_ = rule.page.splitlines()
    assert title, "the docstring starts with a title"
    assert not blank
    assert page(rule.id).startswith(f"# {rule.id} {rule.name}: ")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_sample(rule: Rule) -> None:
    assert [case.name for case in cases() if case.name.startswith(f"{rule.id.lower()}-")]


def test_samples_are_named_after_rules_that_exist() -> None:
    named = {match[0].upper() for case in cases() if (match := re.match(r"efs\d{3}(?=-)", case.name))}
    assert named == {rule.id for rule in RULES}


# -- texts ------------------------------------------------------------------------------------------------------------

# Private-use characters are the coding's own.
_words = st.text(st.characters(exclude_categories=["Cs", "Co"]), min_size=1)
_texts = st.lists(st.one_of(_words, _words.map(Ref))).map(
    lambda parts: Text(
        tuple(p for i, p in enumerate(parts) if not (i and isinstance(p, str) and isinstance(parts[i - 1], str)))
    )
)


@given(_texts)
def test_coded_text_is_decoded(text: Text) -> None:
    assert Text.decode(text.coded) == text


@given(_texts)
def test_separators_never_split_a_reference(text: Text) -> None:
    for reference in re.findall(CODED_REF, text.coded):
        assert not set("/,.:") & set(reference)
    pieces = [Text.decode(piece) for piece in text.coded.split("/")]
    assert "/".join(piece.source for piece in pieces) == text.source


# -- paths ------------------------------------------------------------------------------------------------------------


def coded(path: str) -> str:
    return normalise(parse_text(path).coded)


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/mnt//efs/", "/mnt/efs"),
        ("/", "/"),
        ("//", "/"),
        ("/./mnt/./efs/.", "/mnt/efs"),
        ("/mnt/../efs", "/mnt/../efs"),
        ("relative/", "relative"),
        ("", ""),
    ],
)
def test_normalise(path: str, normal: str) -> None:
    assert normalise(path) == normal


@pytest.mark.parametrize(
    ("path", "directory", "rest"),
    [
        ("/mnt/efs", "/mnt/efs", ""),
        ("/mnt/efs/app", "/mnt/efs", "/app"),
        ("/mnt/efs/a/b", "/mnt/efs", "/a/b"),
        ("/anything", "/", "/anything"),
        ("/", "/", ""),
        ("/mnt", "/mnt/efs", None),
        ("/mnt/efs2", "/mnt/efs", None),
        ("/efs.old/ts3", "/efs", None),
        ("/efs", "/efs.old", None),
        ("/MNT/EFS", "/mnt/efs", None),
    ],
)
def test_below(path: str, directory: str, rest: str | None) -> None:
    assert below(path, directory) == rest


@pytest.mark.parametrize(
    ("directory", "rest", "joined"),
    [("/", "/app", "/app"), ("/", "", "/"), ("/efs", "", "/efs"), ("/efs/", "/app", "/efs/app"), ("", "", "/")],
)
def test_join(directory: str, rest: str, joined: str) -> None:
    assert join(directory, rest) == joined


@pytest.mark.parametrize(
    ("path", "unknown", "up"),
    [
        ("${DIR}", True, False),
        ("/${DIR}/app", True, False),
        ("/mnt/${DIR}", False, False),
        ("mnt${DIR}", False, False),
        ("/mnt/../etc", False, True),
        ("..", False, True),
        ("/mnt/..hidden/a..b", False, False),
    ],
)
def test_what_a_path_means_may_be_unknown(path: str, unknown: bool, up: bool) -> None:
    assert (starts_with_reference(coded(path)), climbs(coded(path))) == (unknown, up)


@pytest.mark.parametrize(
    ("path", "directory", "may"),
    [
        ("/mnt/efs/app", "/mnt/efs", True),
        ("/mnt/efs", "/mnt/efs", True),
        ("/mnt/efs2", "/mnt/efs", False),
        ("/mnt", "/mnt/efs", False),
        ("/${A}", "/mnt/efs", True),
        ("/mnt/${A}", "/mnt/efs", True),
        ("/mnt/e${A}", "/mnt/efs", True),
        ("/mnt/x${A}", "/mnt/efs", False),
        ("/mnt/efs/${A}", "/mnt/efs", True),
        ("/mnt/efs/${A}/x", "/mnt/efs", True),
        ("/mnt/efs-${A}", "/mnt/efs", False),
        ("/${A}/efs", "/mnt/efs", True),
        ("/opt/${A}/efs", "/mnt/efs", False),
        ("/opt.${A}", "/optx", False),
        ("/data/${A}", "/", True),
    ],
)
def test_may_lie_below(path: str, directory: str, may: bool) -> None:
    assert may_lie_below(coded(path), directory) is may


@given(st.lists(st.sampled_from(["/a", "/b", "${X}", "/${X}", "/a${X}", "${X}b"]), min_size=1, max_size=4))
def test_what_lies_below_with_some_value_may_lie_below(parts: list[str]) -> None:
    path = "/" + "".join(parts).lstrip("/")
    for value in ("", "a", "b", "a/b", "b/a/b"):
        for directory in ("/", "/a", "/a/b", "/b/a"):
            if below(normalise(path.replace("${X}", value)), directory) is not None:
                assert may_lie_below(coded(path), directory), (path, value, directory)


EFS_NAMES = """
    /mnt/efs /mnt/efs/fs1 /mnt/efs/retail-forecasting /mnt/efs/dorado_models /mnt/efs/models /efs /efs/html /efs/blog
    /efs/geoserver /efs/aws-backup-restore_2022-09-06T00-03-13-832Z/geoserver /efs.old/ts3 /nfs_shares /mnt/nfs /EFS /mnt/EFS1
    /efs1 /var/lib/my-efs efs efs-html efs-boomi efs-volume my_efs appEfs nfs-data
"""
OTHER_NAMES = """
    /var/run/docker.sock /run/docker.sock /run/ec2-metadata /buildkite/builds /sys/kernel/debug /sys/fs/bpf / /proc
    c:/programdata/docker/containers /tmp /scratch /docker_scratch /home/ec2-user /home/ec2-user/miniconda
    /home/ec2-user/db_data /ecs/mysql-data /ecs/webdata /ecs/dbdata /ecs/config /data /data/webroot /data/mongodb /mnt/nginx
    /path/to/workspace /test/%%X%% /var/app/current/static database-conf.yml /projects /prefs /data/defs /beefsteak
    data volume storage jenkins_home mysql-data wordpress_data ecs refs prefs
"""


@pytest.mark.parametrize("name", EFS_NAMES.split())
def test_looks_like_efs(name: str) -> None:
    assert looks_like_efs(name)


@pytest.mark.parametrize("name", OTHER_NAMES.split())
def test_does_not_look_like_efs(name: str) -> None:
    assert not looks_like_efs(name)


def test_what_a_reference_is_called_says_nothing_of_the_path() -> None:
    assert not looks_like_efs(coded("/data/${EFS_DIR}"))
    assert looks_like_efs(coded("/mnt/efs/${DIR}"))


@pytest.mark.parametrize(
    ("path", "is_file"),
    [
        ("/etc/app.conf", True),
        ("/mnt/efs/proxy/nginx.conf", True),
        ("/mnt/efs/cert.pem", True),
        ("/mnt/efs/conf.d", False),
        ("/mnt/efs/.ssh", False),
        ("/mnt/efs/app", False),
        ("/mnt/efs/site-1.2", False),
        ("/mnt/efs/", False),
        ("/mnt/efs.old/app", False),
    ],
)
def test_looks_like_a_file(path: str, is_file: bool) -> None:
    assert looks_like_a_file(path) is is_file


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a",
        "/a/b/c/d",
        "/a.b/c-d_e",
        "/with space",
        "/ä",
        "/" + "x" * 99,
        "/${ENV}/app",
        "/" + "x" * 97 + "${ENV}",
        "/a/${B}",
        "${DIR}",
    ],
)
def test_access_point_path(path: str) -> None:
    assert access_point_problem(coded(path)) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "it is empty"),
        ("app", "it does not start with a slash"),
        ("/app/", "it ends with a slash"),
        ("//app", "it has two slashes in a row"),
        ("/a/b/c/d/e", "it has 5 levels and an access point's path at most 4"),
        ("/.hidden", "a component starts with a dot"),
        ("/a/.b", "a component starts with a dot"),
        ("/" + "x" * 100, "it is longer than 100 characters"),
        *[(f"/a{c}b", "it holds a character that an access point's path cannot") for c in "$#<>;`|&?{}^*\n"],
        (coded("/a/b/c/d/${E}"), "it has 5 levels and an access point's path at most 4"),
        ("/a\n", "it holds a character that an access point's path cannot"),
    ],
)
def test_access_point_path_problem(path: str, problem: str) -> None:
    assert access_point_problem(path) == problem


_API_PATTERN = re.compile(r"(\/|(\/(?!\.)+[^$#<>;`|&?{}^*/\n]+){1,4})")


@given(
    st.text(st.sampled_from("/ab.-_ $#?*"), max_size=20) | st.text(st.sampled_from("/abc"), min_size=90, max_size=110)
)
def test_access_point_path_agrees_with_the_api(path: str) -> None:
    path = normalise(path)
    fits = len(path) <= 100 and _API_PATTERN.fullmatch(path) is not None
    assert (access_point_problem(path) is None) == fits


# -- mounts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "file_system", "region"),
    [
        ("fs-0123456789abcdef0", "fs-0123456789abcdef0", None),
        ("fs-12345678", "fs-12345678", None),
        ("fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com", "fs-0123456789abcdef0", "eu-west-1"),
        ("eu-west-1a.fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com", "fs-0123456789abcdef0", "eu-west-1"),
        ("fs-0123456789abcdef0.efs.cn-north-1.amazonaws.com.cn", "fs-0123456789abcdef0", "cn-north-1"),
        ("fs-0123456789abcdef0.efs.eusc-de-east-1.amazonaws.eu", "fs-0123456789abcdef0", "eusc-de-east-1"),
        ("fs-0123456789abcdef0.efs.us-iso-east-1.c2s.ic.gov", "fs-0123456789abcdef0", "us-iso-east-1"),
        ("fs-0123456789abcdef0.efs.us-isob-east-1.sc2s.sgov.gov", "fs-0123456789abcdef0", "us-isob-east-1"),
        ("fs-0123456789abcdef0.efs.eu-isoe-west-1.cloud.adc-e.uk", "fs-0123456789abcdef0", "eu-isoe-west-1"),
        ("fs-0123456789abcdef0.efs.us-isof-south-1.csp.hci.ic.gov", "fs-0123456789abcdef0", "us-isof-south-1"),
        ("${EFS_ID}.efs.${AWS_REGION}.amazonaws.com", "${EFS_ID}", None),
        ("{{ efs_id }}.efs.eu-west-1.amazonaws.com", "{{ efs_id }}", "eu-west-1"),
        ("${AZ}.${EFS_ID}.efs.eu-west-1.amazonaws.com", "${EFS_ID}", "eu-west-1"),
        ("fs-${ID}", "fs-${ID}", None),
        ("fs-${ID}.efs.eu-west-1.amazonaws.com", "fs-${ID}", "eu-west-1"),
        # who knows
        ("${EFS_DNS_NAME}", None, None),
        ("10.0.3.17", None, None),
        ("files.internal.example", None, None),
        ("fs-0123456789abcdef0.fsx.eu-west-1.amazonaws.com", None, None),
        ("fs-0123456789abcdef0.efs.eu-west-1.example.com", None, None),
        ("fs-xyz", None, None),
        ("", None, None),
    ],
)
def test_parse_source(server: str, file_system: str | None, region: str | None) -> None:
    found = parse_source(parse_text(server).coded, "/")
    assert (found.file_system.source if found.file_system else None, found.region) == (file_system, region)


@pytest.mark.parametrize(("given_path", "directory"), [("", "/"), ("/", "/"), ("/a//b/", "/a/b")])
def test_parse_source_directory(given_path: str, directory: str) -> None:
    assert parse_source("fs-12345678", given_path).directory == directory


def test_lost_options() -> None:
    usual = "addr=x,nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,tls,iam,accesspoint=fsap-1,ro"
    assert lost_options(split_options(Text.of(usual))) == []
    assert lost_options(split_options(Text.of("soft, noac,timeo=50,nosuid,rw"))) == [
        "soft",
        "noac",
        "timeo=50",
        "nosuid",
    ]


MOUNTS = Mounts(
    [
        HostMount("/mnt/efs", FS, "/"),
        HostMount("/mnt/efs/media", OTHER, "/library"),
        HostMount("/efs", FS, "/same"),
        HostMount("/efs", FS, "/same"),
        HostMount("/twice", FS, "/"),
        HostMount("/twice", OTHER, "/"),
        HostMount("/srv/shared", FS, "/"),
        HostMount(coded("/mnt/${STAGE}"), OTHER, "/"),
    ]
)


def placed(path: str | None, name: str = "data") -> tuple[Value, str, str | None] | str | None:
    """A short form of where a path leads: (file system, directory, nested mount), a reason, or None."""
    found = place(parse_text(path) if path is not None else None, name, MOUNTS)
    if isinstance(found, Mapped):
        assert found.mount.file_system is not None
        return found.mount.file_system, Text.decode(found.directory).source, found.nested
    return found.reason if isinstance(found, Unplaced) else None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/mnt/efs/app", (FS, "/app", None), id="below a mount"),
        pytest.param("/mnt//efs/app/", (FS, "/app", None), id="written otherwise"),
        pytest.param("/mnt/efs/media/films", (OTHER, "/library/films", None), id="the longest mount wins"),
        pytest.param("/mnt/efs/media", (OTHER, "/library", None), id="the mount itself"),
        pytest.param("/mnt/efs/media2", (FS, "/media2", None), id="whole names only"),
        pytest.param("/efs/a", (FS, "/same/a", None), id="the same mount twice"),
        pytest.param("/mnt/efs", (FS, "/", "/mnt/efs/media"), id="another mount below"),
        pytest.param("/mnt/efs/${ENV}/app", (FS, "/${ENV}/app", None), id="a reference inside"),
        pytest.param("/mnt/${STAGE}/app", (OTHER, "/app", None), id="the mount point's own reference"),
        pytest.param("/data", None, id="elsewhere"),
        pytest.param("/var/run/docker.sock", None, id="a socket"),
        pytest.param("relative/efs", None, id="relative"),
        pytest.param("c:/efs", None, id="Windows"),
    ],
)
def test_place(path: str, expected: tuple[Value, str, str | None] | None) -> None:
    assert placed(path) == expected


@pytest.mark.parametrize(
    ("path", "name", "reason"),
    [
        ("/srv", "data", "mounted below it"),
        ("/", "data", "mounted below it"),
        ("/twice/app", "data", "both mounted at /twice"),
        ("/efs.old/ts3", "data", "suggests EFS"),
        ("/archive", "efs-archive", "suggests EFS"),
        ("${DIR}", "data", "starts with an expression"),
        ("/${DIR}/app", "data", "starts with an expression"),
        ("/srv/${DIR}/app", "data", "decides whether"),
        ("/mnt/efs/../app", "data", "climbs"),
        (None, "data", "is an expression"),
    ],
)
def test_place_asks(path: str | None, name: str, reason: str) -> None:
    assert reason in str(placed(path, name))


def test_naming_the_mount_settles_no_path_that_nobody_knows() -> None:
    assert place(None, "data", MOUNTS) == Unplaced("the host path is an expression", mappable=False)


@pytest.mark.parametrize("path", ["/var/run/docker.sock", "/proc", "/sys/fs/cgroup", "/tmp", "/run/x", "/x/y.sock"])
def test_a_volume_name_does_not_make_a_system_path_efs(path: str) -> None:
    assert placed(path, "efs") is None


# -- mounts of other files --------------------------------------------------------------------------------------------


def seen_mount(file: str = "cluster.yaml", host_path: str = "/mnt/efs", directory: str = "/") -> SeenMount:
    return SeenMount(file, 7, "Launch", "fs-0123456789abcdef0", host_path, directory)


def test_the_deepest_mount_of_every_other_file() -> None:
    mounts = [seen_mount(host_path="/mnt"), seen_mount("b.yaml", "/mnt/X"), seen_mount("own.yaml", "/mnt/X")]
    seen = SeenMounts(mounts).besides("own.yaml")
    assert seen.holding("/mnt/X/") == (mounts[1], mounts[0])
    assert seen.holding("/mnt/Xx") == (mounts[0],)
    assert seen.holding("/srv") == ()


def test_where_mounts_were_seen() -> None:
    one = "cluster.yaml mounts fs-0123456789abcdef0:/ at /mnt/efs (line 7, Launch)"
    assert where([seen_mount()]) == one
    assert where([seen_mount()] * 3) == ", ".join([one] * 3)
    assert where([seen_mount()] * 5) == f"{', '.join([one] * 3)} (and 2 more)"


def test_a_mount_as_the_configuration_has_it() -> None:
    assert mount_entry(seen_mount(directory="/a b: c")) == '/mnt/efs: "/a b: c"'
    assert mount_entry(seen_mount(host_path=coded("/mnt/${A}"), directory=coded("/${B}"))) == "…: …"


def test_what_other_files_show_for_sure() -> None:
    template, plain = Context(Stack((), names=frozenset({"Task"})), Choices()), Context(Stack(()), Choices())
    known = replace(seen_mount(), id="fs-0123456789abcdef0")
    imported = replace(seen_mount(), id="!ImportValue efs")
    assert propose([known], plain) == (Proposal(known, known.id, sure=True),)
    assert propose([imported], plain) == (Proposal(imported),)
    assert propose([imported], template) == (Proposal(imported, imported.id, sure=True),)


def test_a_mount_of_another_file_is_asked_about() -> None:
    seen = SeenMounts([replace(seen_mount(), id="fs-0123456789abcdef0")])
    text = '{"family": "app", "containerDefinitions": [{"name": "app"}], "volumes": [{"name": "data", "host": {"sourcePath": "/mnt/efs/a"}}]}'
    (found,) = process(text, "app", Choices(seen=seen)).findings
    assert found.finding.question == MountAt("/mnt/efs/a", (("/mnt/efs", "fs-0123456789abcdef0", "/"),))


# -- names ------------------------------------------------------------------------------------------------------------


def test_the_name_of_an_access_point_is_that_of_one_directory() -> None:
    given = replace(task(), key=Key("task", 0, ("Task",)))
    context = Context(Stack((), names=frozenset({"Task", "FileSystem"})), Choices())

    def named(system: Text, path: str) -> str:
        return access_point_name(Volume(Key("v"), "uploads", EfsVolume(system)), path, given, context)

    assert named(FS, "/uploads") == "UploadsAccessPoint"
    assert named(FS, "/uploads") == "UploadsAccessPoint"
    assert named(OTHER, "/uploads") == "BlogUploadsAccessPoint"
    assert named(OTHER, "/other") == "UploadsAccessPoint2"


@pytest.mark.parametrize(
    ("names", "cased"),
    [
        ({"Wiki", "Blog"}, "WikiAccessPoint"),
        ({"wiki", "blog", "Task"}, "wikiAccessPoint"),
        ({"my-wiki", "task"}, "wiki-access-point"),
        ({"my-wiki", "myTask"}, "wikiAccessPoint"),
        (None, "WikiAccessPoint"),
    ],
)
def test_names_are_written_as_those_around(names: set[str] | None, cased: str) -> None:
    stack = Stack((), names=frozenset(names) if names else None)
    assert Naming(stack).cased("WikiAccessPoint") == cased


def test_a_synthesised_id_is_called_without_its_hash() -> None:
    assert short("WikiTaskF0A1B2C3") == "WikiTask"
    assert short("0123ABCD") == "0123ABCD"
    assert short("x" * 300) == "x" * 200


def test_names_have_what_all_of_their_kind_in_a_document_have() -> None:
    def named(*names: str) -> Naming:
        roles = [Role(Key("role", 1, (name,)), ()) for name in names]
        points = [AccessPoint(Key("access-point", 1, (n,)), Text.of(n), Text.of(n), FS, f"/{n}") for n in names]
        return Naming(Stack((), roles=tuple(roles), access_points=tuple(points)))

    assert named("TaskRoleWiki", "TaskRoleBlog").of_roles(1) == ("TaskRole", "")
    assert named("TaskRoleWiki", "TaskRoleBlog").of_roles(2) == ("", "")
    assert named("TaskRoleWiki").of_roles(1) == ("", "")
    assert named("TaskRoleWiki", "OtherRoleBlog").of_roles(1) == ("", "")
    assert named("AccessPointWiki", "AccessPointBlog").of_access_points(1) == ("AccessPoint", "")
    assert named("AccessPointWiki").of_access_points(1) == ("", "AccessPoint")
    assert named("WikiAP", "BlogAP").of_access_points(1) == ("", "AP")
    roles = tuple(Role(Key("role", 1, (name,)), ()) for name in ("TaskRoleWiki", "TaskRoleBlog"))
    context = Context(Stack((), roles=roles, names=frozenset({"TaskRoleWiki"})), Choices())
    assert new_role_name(replace(task(), key=Key("task", 1, ("Forum",)), name="Forum"), context) == "TaskRoleForumTask"


def test_tags_are_those_of_all_others_of_the_kind() -> None:
    team, stage = (Tag(Text.of(name), Text.of("x")) for name in ("team", "stage"))
    roles = Tagging(Key("role"), (team, stage))
    points = Tagging(Key("access-point"), (team, stage), Text.of("my-"), 1)
    context = Context(Stack((), tagging=(roles, points)), Choices())
    assert tags(Key("role"), "TaskRole", context) == (team, stage)
    named = Tag(Text.of("Name"), Text.of("my-uploads-access-point"))
    assert tags(Key("access-point"), "UploadsAccessPoint", context) == (team, named, stage)
    assert tags(Key("access-point"), "MyUploads", context)[1] == Tag(Text.of("Name"), Text.of("my-uploads"))
    assert tags(Key("volume"), "Uploads", context) == ()


# -- grants -----------------------------------------------------------------------------------------------------------

MOUNT, WRITE, ROOT_ACCESS = (f"elasticfilesystem:Client{action}" for action in ("Mount", "Write", "RootAccess"))
ROLE = Text.of("arn:aws:iam::123456789012:role/team/blog")


def container(name: str, read_only: bool | None, source: str = "data", **more: object) -> Container:
    point = MountPoint(Text.of(source), read_only)
    return replace(Container(Text.of(name), None, (point,)), **more)  # type: ignore[arg-type]  # fields of the test's choice


def volume(storage: EfsVolume) -> Volume:
    return Volume(Key("v"), "data", storage)


def task(*containers: Container, storage: EfsVolume | None = None, **more: object) -> Task:
    made = Task(Key("t"), "blog", (volume(storage or EfsVolume(FS, transit_encryption=ENABLED)),), task_role=ROLE)
    return replace(made, containers=containers, **more)  # type: ignore[arg-type]  # fields of the test's choice


def granted(given: Task, storage: EfsVolume | None = None, policy: Choices | None = None) -> Grant:
    volume = given.volumes[0]
    assert isinstance(volume.storage, EfsVolume)
    return grant(volume, storage or volume.storage, given, Context(Stack((given,)), policy or Choices()))


SIDECAR = Container(Text.of("sidecar"), None, (), volumes_from=((Text.of("web"), None),))


@pytest.mark.parametrize(
    ("given_task", "expected"),
    [
        pytest.param(task(container("web", False)), [MOUNT, WRITE], id="writable"),
        pytest.param(task(container("web", True)), [MOUNT], id="read-only"),
        pytest.param(task(container("web", True), container("cron", False)), [MOUNT, WRITE], id="one of two writes"),
        pytest.param(task(container("web", True), container("cron", False, "other")), [MOUNT], id="another volume"),
        pytest.param(task(container("web", None)), [MOUNT, WRITE], id="readOnly is an expression"),
        pytest.param(task(), [MOUNT, WRITE], id="nobody mounts it here"),
        pytest.param(task(container("web", True), opaque_containers=True), [MOUNT, WRITE], id="containers not known"),
        pytest.param(
            task(container("web", True), container("x", True, opaque=True)), [MOUNT, WRITE], id="mounts not known"
        ),
        pytest.param(task(container("web", True), SIDECAR), [MOUNT, WRITE], id="volumesFrom writes"),
        pytest.param(
            task(container("web", True), replace(SIDECAR, volumes_from=((Text.of("web"), True),))),
            [MOUNT],
            id="volumesFrom reads",
        ),
        pytest.param(
            task(container("web", True), replace(SIDECAR, volumes_from=((Text.of("db"), False),))),
            [MOUNT],
            id="volumesFrom of another container",
        ),
        pytest.param(
            task(container("web", True), replace(SIDECAR, volumes_from=((Text((Ref("${X}"),)), False),))),
            [MOUNT, WRITE],
            id="volumesFrom of an unknown container",
        ),
    ],
)
def test_actions_are_the_least(given_task: Task, expected: list[str]) -> None:
    assert list(granted(given_task).actions) == expected


def test_root_access_is_asked_for() -> None:
    asked = granted(task(container("web", True)), policy=Choices(root_access=True))
    assert asked.actions == (MOUNT, ROOT_ACCESS)


def test_statement_for_an_access_point() -> None:
    given_task = task(container("web", True), region="eu-west-1")
    assert granted(given_task, EfsVolume(FS, transit_encryption=ENABLED, access_point=POINT)).statement() == {
        "Effect": "Allow",
        "Action": [MOUNT],
        "Resource": "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0123456789abcdef0",
        "Condition": {
            "StringEquals": {
                "elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0"
            }
        },
    }


@pytest.mark.parametrize(
    "role", [None, Text((Ref("${ROLE}"),)), Text.of("blog"), Text.of("arn:aws-cn:iam::123456789012:role/x")]
)
@pytest.mark.parametrize(
    "storage", [EfsVolume(FS), EfsVolume(FS, access_point=POINT), EfsVolume(Text((Ref("${FS}"),)))]
)
def test_no_statement_covers_everything(role: Value | None, storage: EfsVolume) -> None:
    found = granted(task(task_role=role), storage).statement()
    assert "*" not in json.dumps(found)
    assert found["Condition"]
    assert str(found["Resource"]).endswith(f":file-system/{storage.file_system.source if storage.file_system else ''}")


def test_statement_in_another_partition() -> None:
    found = granted(task(task_role=Text.of("arn:aws-cn:iam::123456789012:role/x")), EfsVolume(FS)).statement()
    assert str(found["Resource"]).startswith("arn:aws-cn:elasticfilesystem:<region>:123456789012:")


def one_grant(*points: str, role: str = "blog", actions: tuple[str, ...] = (MOUNT,)) -> Grant:
    return Grant(role, "arn:aws:elasticfilesystem:eu-west-1:123456789012", "fs-12345678", points, actions)


def test_grants_of_one_role_are_one_statement_per_file_system_and_actions() -> None:
    readers = [one_grant("fsap-1"), one_grant("fsap-2"), one_grant("fsap-1")]
    others = [one_grant("fsap-3", actions=(MOUNT, WRITE)), one_grant("fsap-1", role="wiki")]
    merged = merge((grant, number) for number, grant in enumerate([*readers, *others]))
    assert [grant for grant, _ in merged] == [one_grant("fsap-1", "fsap-2"), *others], "no access point gains an action"
    assert [served for _, served in merged] == [[0, 1, 2], [3], [4]]


def test_grants_of_a_whole_file_system_have_all_of_its_actions() -> None:
    ((merged, served),) = merge([(one_grant(), "reader"), (one_grant(actions=(MOUNT, WRITE)), "writer")])
    assert merged == one_grant(actions=(MOUNT, WRITE))
    assert served == ["reader", "writer"]


@pytest.mark.parametrize(
    ("role", "name"),
    [(ROLE, "blog"), (Text.of("blog"), "blog"), (Text((Ref("{{ roles/blog }}"),)), "{{ roles/blog }}"), (None, "?")],
)
def test_role_name(role: Value | None, name: str) -> None:
    assert role_name(role) == name


# -- constraints ------------------------------------------------------------------------------------------------------

SOUND = EfsVolume(FS, transit_encryption=ENABLED, access_point=POINT, iam=ENABLED)


@pytest.mark.parametrize(
    ("storage", "more", "problems"),
    [
        pytest.param(SOUND, {}, [], id="sound"),
        pytest.param(EfsVolume(FS), {}, [], id="preview"),
        pytest.param(replace(SOUND, root_directory=Text.of("/")), {}, [], id="slash beside an access point"),
        pytest.param(replace(SOUND, root_directory=Text.of("")), {}, [], id="nothing beside an access point"),
        pytest.param(
            replace(SOUND, root_directory=Text.of("/a")),
            {},
            ["an access point and a root directory other than /"],
            id="root directory",
        ),
        pytest.param(
            EfsVolume(FS, access_point=POINT),
            {},
            ["an access point without transit encryption"],
            id="access point in the clear",
        ),
        pytest.param(
            EfsVolume(FS, iam=ENABLED), {}, ["IAM authorization without transit encryption"], id="IAM in the clear"
        ),
        pytest.param(SOUND, {"task_role": None}, ["IAM authorization without a task role"], id="no role"),
        pytest.param(SOUND, {"task_role": None, "engine": Engine.UNKNOWN}, [], id="role elsewhere"),
        pytest.param(EfsVolume(None), {}, ["no file system"], id="no file system"),
        pytest.param(
            replace(SOUND, root_directory=Text.of("/a"), transit_encryption=None),
            {"task_role": None},
            [
                "an access point and a root directory other than /",
                "an access point without transit encryption",
                "IAM authorization without transit encryption",
                "IAM authorization without a task role",
            ],
            id="all at once",
        ),
        pytest.param(
            replace(SOUND, transit_encryption=Text.of("DISABLED")),
            {},
            ["an access point without transit encryption", "IAM authorization without transit encryption"],
            id="TLS disabled",
        ),
        pytest.param(replace(SOUND, transit_encryption=Text((Ref("TLS"),))), {}, [], id="TLS by an expression"),
    ],
)
def test_violations(storage: EfsVolume, more: dict[str, object], problems: list[str]) -> None:
    found = [reason for _, reason in violations(Stack((task(storage=storage, **more),)))]
    assert found == problems


def test_other_storage_breaks_no_constraint() -> None:
    other = Task(Key("t"), "t", (Volume(Key("v"), "data", HostPath(Text.of("/data"))),))
    assert list(violations(Stack((other,)))) == []
