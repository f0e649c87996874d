"""Paths: their normal form, what lies below what, and which of them look like EFS or like a file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.dialects.common.values import parse_text
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
