"""Where a path of an instance leads, and what the source and the options of an NFS mount say."""

from __future__ import annotations

import pytest
from tasks import FS, OTHER

from migrate.dialects.common.values import parse_text
from rules.facts.mounts import Mapped, Mounts, Unplaced, lost_options, parse_source, place, split_options
from rules.facts.paths import (
    normalise,
)
from rules.model import (
    HostMount,
    Text,
    Value,
)


def coded(path: str) -> str:
    return normalise(parse_text(path).coded)


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
