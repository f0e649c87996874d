"""Where a path of an instance leads, and what the source and the options of an NFS mount say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tasks import FS, OTHER

from migrate.dialects.common.values import parse_text
from rules.facts.mounts import (
    Mapped,
    Mounts,
    Unplaced,
    encrypts,
    lost_options,
    parse_source,
    place,
    serving,
    split_options,
)
from rules.facts.paths import (
    normalise,
)
from rules.model import (
    HostMount,
    Instance,
    Key,
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
    assert lost_options(("az=eu-west-1a", "mounttargetip=10.0.0.1", "crossaccount")) == []
    assert split_options(Text.of("ro,, rw ,auto,noauto")) == ["rw", "noauto"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [(("tls",), True), (("ro", "iam"), True), (("accesspoint=fsap-1",), True), (("notls", "ro"), False), ((), False)],
)
def test_encryption(options: tuple[str, ...], expected: bool) -> None:
    assert encrypts(options) is expected


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
        pytest.param("/data/${DIR}", None, id="elsewhere with a reference"),
        pytest.param("/data/../app", None, id="climbing elsewhere"),
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
        ("/twice/../app", "data", "climbs"),
        ("/other/efs/../app", "data", "climbs"),
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


# -- doubt -------------------------------------------------------------------------------------------------------------

FIRST, SECOND = (Instance(Key.of(name), name) for name in ("first", "second"))


def on(instance: Instance, path: str = "/mnt/efs", **more: object) -> HostMount:
    given = {"file_system": FS, "directory": "/", "instance": instance.key, **more}
    return HostMount(path, **given)  # type: ignore[arg-type]  # fields of the test's choice


def leads(*mounts: HostMount, path: str = "/mnt/efs/app", unseen: str | None = None, **more: bool) -> str:
    """The directory or the reason, of a path on the instances `first` and `second`."""
    instances = (FIRST,) if more.get("alone") else (FIRST, SECOND)
    found = place(Text.of(path), "data", Mounts(mounts, instances), unseen=unseen)
    if isinstance(found, Mapped):
        return f"{found.mount.file_system.source if found.mount.file_system else '?'}:{found.directory}"
    return found.reason if found else ""


def test_instances_that_mount_the_same() -> None:
    assert leads(on(FIRST), on(SECOND)) == f"{FS.source}:/app"
    assert leads(on(FIRST, options=("tls",)), on(SECOND, options=("noatime",))) == f"{FS.source}:/app"
    assert leads(on(FIRST), alone=True) == f"{FS.source}:/app"
    assert leads(HostMount("/mnt/efs", FS, "/")) == f"{FS.source}:/app"  # which holds for all instances


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"file_system": OTHER}, f"second mounts {OTHER.source}:/ at"),
        ({"directory": "/x"}, f"second mounts {FS.source}:/x at"),
        ({"options": ("az=a",)}, f"second mounts {FS.source}:/ (az=a) at"),
        ({"options": ("ro", "accesspoint=a")}, f"second mounts {FS.source}:/ (accesspoint=a, read-only) at"),
        ({"options": ("ro",)}, f"second mounts {FS.source}:/ (read-only) at"),
        ({"options": ("accesspoint=fsap-1",)}, f"second mounts {FS.source}:/ (accesspoint=fsap-1) at"),
        ({"file_system": None, "server": "10.0.0.1"}, "second mounts 10.0.0.1:/ at"),
        ({"file_system": None, "is_nfs": False}, "second mounts something else:/ at"),
        ({"path": "/other"}, "second mounts nothing at"),
    ],
)
def test_instances_that_disagree(more: dict[str, object], shown: str) -> None:
    found = leads(on(FIRST), on(SECOND, **more))  # type: ignore[arg-type]  # fields of the test's choice
    assert found.startswith(f"first mounts {FS.source}:/ and ")
    assert shown in found
    told = HostMount("/mnt/efs", FS, "/")  # by the configuration, which decides
    assert leads(on(FIRST), on(SECOND, **more), told) == f"{FS.source}:/app"  # type: ignore[arg-type]  # as above


def test_all_options_of_the_instances_are_kept() -> None:
    mounts = Mounts([on(FIRST, options=("tls",)), on(SECOND, options=("iam", "tls"))], (FIRST, SECOND))
    found = place(Text.of("/mnt/efs"), "data", mounts)
    assert isinstance(found, Mapped)
    assert found.mount.options == ("tls", "iam")


def test_instances_that_are_not_seen_disagree() -> None:
    assert leads(on(FIRST), unseen="others may run it", alone=True) == "others may run it"
    assert leads(on(FIRST), HostMount("/mnt/efs", OTHER, "/"), unseen="others may run it") == f"{OTHER.source}:/app"
    disk = on(FIRST, is_nfs=False, file_system=None)
    assert leads(disk, alone=True) == ""
    assert leads(disk, unseen="others may run it", alone=True) == "others may run it"
    assert leads(on(FIRST, "/data"), path="/data2", unseen="others may run it") == ""
    assert leads(path="/efs", unseen="others may run it") == "others may run it"


def test_doubt_about_a_mount_or_one_above_or_below() -> None:
    assert leads(on(FIRST, doubt="it may be gone"), alone=True) == "it may be gone"
    covered = on(FIRST), on(FIRST, "/mnt/efs/app", is_nfs=False, file_system=None, doubt="it may cover it")
    assert leads(*covered, alone=True) == "it may cover it"
    surely = on(FIRST), on(FIRST, "/mnt/efs/app", is_nfs=False, file_system=None)
    assert leads(*surely, alone=True) == ""
    assert leads(*surely[1:], path="/mnt", alone=True) == ""
    assert leads(on(FIRST), on(FIRST, doubt="it may be gone"), alone=True) == "it may be gone"
    assert leads(*surely, covered[1], alone=True) == "it may cover it"
    beside = on(FIRST), on(FIRST, "/mnt/x", is_nfs=False, file_system=None, doubt="it may be there")
    assert leads(*beside, path="/mnt/x", alone=True) == ""
    nested = on(FIRST), on(FIRST, "/mnt/efs/app/x", doubt="it may be gone")
    assert leads(*nested, alone=True) == "whether another mount lies below it is not certain: it may be gone"
    assert leads(*nested, path="/mnt/efs/app/x/y", alone=True) == "it may be gone"
    unknown = on(FIRST, file_system=None, server="10.0.0.1")
    assert leads(on(FIRST), unknown, alone=True) == f"?:/ and {FS.source}:/ are both mounted at /mnt/efs"
    assert leads(unknown, alone=True) == "what is mounted at /mnt/efs from 10.0.0.1 may or may not be EFS"


def test_a_link_below_a_path_is_the_same_in_every_mount() -> None:
    linked = on(FIRST), on(FIRST, "/mnt/efs/app/x", is_link=True, doubt="a link")
    assert leads(*linked, alone=True) == f"{FS.source}:/app"
    disk = on(FIRST, "/mnt/efs/app/a", is_nfs=False, file_system=None)
    found = place(Text.of("/mnt/efs/app"), "data", Mounts([on(FIRST), disk, on(FIRST, "/mnt/efs/app/b")]))
    assert isinstance(found, Mapped)
    assert found.nested == "/mnt/efs/app/b"
    found = place(Text.of("/mnt/efs/app"), "data", Mounts([on(FIRST), disk, replace(disk, host_path="/mnt/efs/app/c")]))
    assert isinstance(found, Mapped)
    assert found.nested == "/mnt/efs/app/a"


def test_what_the_configuration_can_settle() -> None:
    nested = on(FIRST), on(FIRST, "/mnt/efs/app/x", doubt="it may be gone")
    twice = on(FIRST), on(FIRST, file_system=OTHER)
    gone = [on(FIRST, doubt="it may be gone")]
    settled = [
        (
            "/mnt/efs/app",
            nested,
            Unplaced("whether another mount lies below it is not certain: it may be gone", mappable=False),
        ),
        ("/mnt/efs/app", gone, Unplaced("it may be gone", at="/mnt/efs")),
        (
            "/mnt/efs",
            twice,
            Unplaced(f"{FS.source}:/ and {OTHER.source}:/ are both mounted at /mnt/efs", mappable=False),
        ),
        ("/mnt/efs/../x", gone, Unplaced("it climbs with .., and a symbolic link may lead elsewhere", mappable=False)),
        ("/mnt", gone, Unplaced("EFS is mounted below it, at /mnt/efs")),
        ("/", gone, Unplaced("EFS is mounted below it, at /mnt/efs", mappable=False)),
        ("/efs", gone, Unplaced("its name suggests EFS, but no mount of it is known", by_name=True)),
    ]
    for path, mounts, expected in settled:
        assert place(Text.of(path), "data", Mounts(mounts, (FIRST,))) == expected


UNKNOWN = HostMount("", FS, "/", doubt="what was seen", placed=False, origin="line 1")


@pytest.mark.parametrize(
    ("mount", "path", "expected"),
    [
        (UNKNOWN, "/data", "what was seen"),
        (UNKNOWN, "/var/log/app", None),
        (UNKNOWN, "/etc/app", None),
        (HostMount("/mnt/a", FS, "/", doubt="what was seen", placed=False), "/mnt/app/x", "what was seen"),
        (HostMount("/mnt/a", FS, "/", doubt="what was seen", placed=False), "/mnt/a", "what was seen"),
        (HostMount("/mnt/a", FS, "/", doubt="what was seen", placed=False), "/mnt", None),
        (HostMount("/mnt/a", FS, "/", doubt="what was seen", placed=False), "/data", None),
        (HostMount("/mnt/a", FS, "/", doubt="what was seen", placed=False), "/mnt/${X}", "what was seen"),
        (HostMount("/mnt/a", FS, "/", doubt="what was seen", placed=False), "/data/${X}", None),
        (HostMount("/etc/a", FS, "/", doubt="what was seen", placed=False), "/etc/app", "what was seen"),
        (HostMount("/mnt/a", FS, "/", placed=False, origin="line 1"), "/mnt/app", "line 1 mounts"),
        (HostMount(coded("/mnt/${X}"), FS, "/", origin="line 1"), "/mnt/b", "line 1 mounts"),
        (HostMount(coded("/mnt/${X}"), FS, "/", doubt="y", origin="line 1"), "/mnt/b", "line 1 mounts"),
        (HostMount(coded("/mnt/${X}"), FS, "/"), "/srv/b", None),
        (HostMount(coded("/mnt/${X}"), None, "/", is_nfs=False), "/mnt/b", None),
        (HostMount(coded("/mnt/${X}"), FS, "/", is_link=True), "/mnt/b", None),
        (HostMount("/mnt/efs", FS, "/"), "/mnt/b", None),
        (HostMount("/mnt/efs", FS, "/"), "/mnt/efs2", None),
    ],
)
def test_a_mount_that_is_not_placed_serves_what_it_may_hold(mount: HostMount, path: str, expected: str | None) -> None:
    found = serving(coded(path), Mounts([mount]))
    assert found is None if expected is None else found is not None and found.reason.startswith(expected)


def test_what_lies_on_a_known_mount_is_served_by_it() -> None:
    assert serving("/mnt/efs/app", Mounts([UNKNOWN, HostMount("/mnt/efs", FS, "/")])) is None
    disk = HostMount("/data", None, "/", is_nfs=False, doubt="it may be there")
    found = place(Text.of("/data/x"), "data", Mounts([UNKNOWN, disk]))
    assert found == Unplaced("it may be there", at="/data")
