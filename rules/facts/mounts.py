"""Reads mounts of EFS on hosts and in Docker options, and finds the directory that a host path reaches through them.

Sources: efs-utils `mount.efs` (DNS name pattern and option names), `man mount.efs` (the NFS options it always uses).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from rules.facts.other_files import SeenMount
from rules.facts.paths import below, climbs, join, looks_like_efs, may_lie_below, normalise, starts_with_reference
from rules.model import CODED_REF, HostMount, Instance, Key, Text

_ID = rf"fs-[0-9a-f]{{8,40}}|{CODED_REF}|fs-{CODED_REF}"
_SUFFIX = rf"amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov|{CODED_REF}"
_ZONE = rf"(?:[a-z0-9-]+|{CODED_REF})\."
_DNS = re.compile(rf"(?:{_ZONE})?(?P<id>{_ID})\.efs\.(?P<region>[a-z0-9-]+|{CODED_REF})\.(?:{_SUFFIX})")
_BARE_ID = re.compile(rf"fs-[0-9a-f]{{8,40}}|fs-{CODED_REF}")

# Options that the mount helper always uses, and options without effect (defaults of mount(8), internals of the helper).
_USUAL = {
    "nfsvers=4.1", "vers=4.1", "vers=4,minorversion=1", "minorversion=1", "nfsvers=4", "vers=4", "rsize=1048576",
    "wsize=1048576", "hard", "timeo=600", "retrans=2", "noresvport", "rw", "defaults", "_netdev", "auto", "nofail",
    "async", "nfsvers=4.0", "tls", "iam", "proto=tcp", "tcp",
}  # fmt: skip
_CARRIED = ("addr=", "accesspoint=", "tlsport=", "netns=", "awscredsuri=", "ro", "mounttargetip=", "az=", "region=")
_OPPOSITES = {"rw": "ro", "auto": "noauto"}
"""Options that take another one back, each with that one."""
SYSTEM_PATH = re.compile(r"/(?:(?:var/run|run|proc|sys|dev|etc|tmp|usr|bin|lib|boot)(?:/|$)|$)|.*\.sock$")
"""Paths of the operating system. They are taken not to be EFS, even if the volume's name suggests it."""
OWN_PATH = re.compile(
    rf"(?:{SYSTEM_PATH.pattern})|/(?:sbin|lib64|cgroup|var/(?:log|cache|lib/(?:docker|ecs|cloud|amazon|containerd|kubelet))|"
    r"(?:root|home/[^/]+)/\.[^/]+|opt/(?:aws|amazon))(?:/|$)"
)
"""Paths of an instance's own disk at which nobody mounts a file system for data: those of the system, and those that
Docker, the container agent and logs have."""
OPEN = "\ue000"
"""The character that a reference begins with in the coded form of `Text.coded`."""

UNSUPPORTED = ("mounttargetip", "az", "region", "crossaccount")
"""Options of the mount helper that `efsVolumeConfiguration` cannot express (DescribeMountTargets-based addressing)."""


@dataclass(frozen=True, slots=True)
class MountSource:
    """The file system and directory that an NFS server name and path stand for; no file system if the name shows none."""

    file_system: Text | None
    directory: str
    region: str | None = None


@lru_cache(maxsize=4096)
def parse_source(server: str, directory: str) -> MountSource:
    """Read a server name (coded: `fs-…`, `fs-….efs.REGION.amazonaws.com`, an address) and the exported path."""
    path = normalise(directory) or "/"
    if match := _DNS.fullmatch(server):
        region = match["region"]
        return MountSource(Text.decode(match["id"]), path, None if region.startswith("\ue000") else region)
    if _BARE_ID.fullmatch(server):
        return MountSource(Text.decode(server), path)
    return MountSource(None, path)


def split_options(options: Text | None) -> list[str]:
    """The members of a comma-separated mount option list that count, coded."""
    return [*effective_options(o.strip() for o in options.coded.split(",") if o.strip())] if options else []


def effective_options(options: Iterable[str]) -> tuple[str, ...]:
    """The options without those that a later one takes back: of `ro,rw` and `noauto,auto`, the last counts."""
    last: dict[str, str] = {}
    listed = list(options)
    for option in listed:
        last[_OPPOSITES.get(option, option)] = option
    return tuple(o for o in listed if last[_OPPOSITES.get(o, o)] == o)


def encrypts(options: Iterable[str]) -> bool:
    """Whether a mount with these options is encrypted in transit: the mount helper takes neither IAM authorization nor an
    access point without TLS."""
    return not {o.partition("=")[0] for o in options}.isdisjoint(("tls", "iam", "accesspoint"))


def lost_options(options: Iterable[str]) -> list[str]:
    """The options that `efsVolumeConfiguration` cannot express. `ro` is not among them: mount points have `readOnly`."""
    kept = [
        o for o in options if o not in _USUAL and not o.startswith(_CARRIED) and o.partition("=")[0] not in UNSUPPORTED
    ]
    return [Text.decode(o).source for o in kept]


# -- from a host path to a directory of a file system ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mapped:
    """The result for a host path that lies on `mount`, at `directory` of its file system. `nested` is another mount
    below the path, or None."""

    mount: HostMount
    directory: str
    nested: str | None = None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """The result for a path that may lie on EFS but whose file system and directory are not known."""

    reason: str
    """The reason why they are not known, for messages."""
    mappable: bool = True
    """Whether the user can settle it by naming the mount in the configuration."""
    likely: tuple[str, str] | None = None
    """The file system and directory, as they are written, that the defaults of parameters suggest."""
    by_name: bool = False
    """Whether nothing but the name of the path or volume suggests EFS."""
    seen: tuple[SeenMount, ...] = ()
    """Mounts that other files make on their instances, and that hold the path."""
    at: str | None = None
    """The path at which the user can settle it, coded; None if that is not known."""


class Mounts:
    """All known mounts, indexed so that placing a path costs the path's depth and not the number of mounts.

    `instances` are those that can run the tasks whose paths are placed: a mount counts if all of them have it.
    """

    def __init__(self, mounts: Iterable[HostMount], instances: Sequence[Instance] = ()) -> None:
        self._instances = instances
        self._by_path: dict[str, list[HostMount]] = {}
        self._unplaced: list[HostMount] = []
        for mount in mounts:
            if mount.placed:
                self._by_path.setdefault(mount.host_path.rstrip("/"), []).append(mount)
            else:
                self._unplaced.append(mount)
        self._paths = sorted(self._by_path)
        self._disagreements: dict[str, str | None] = {}

    def at_or_above(self, path: str) -> list[HostMount]:
        """The mounts at the deepest mount point that holds `path`."""
        path = path.rstrip("/")
        while path not in self._by_path:
            if not path:
                return []
            path = path.rpartition("/")[0]
        return self._by_path[path]

    def below(self, path: str) -> HostMount | None:
        """A mount strictly below `path`, NFS before others, or None. Symbolic links are the same in every mount."""
        prefix = path.rstrip("/") + "/"
        i = bisect_left(self._paths, prefix)
        first: HostMount | None = None
        while i < len(self._paths) and self._paths[i].startswith(prefix):
            found = [mount for mount in self._by_path[self._paths[i]] if not mount.is_link]
            first = first or next(iter(found), None)
            if nfs := next((m for m in found if m.is_nfs), None):
                return nfs
            i += 1
        return first

    def disagreement(self, candidates: Sequence[HostMount]) -> str | None:
        """The differences between the instances at the mount point of `candidates`, in words; None if all mount the
        same."""
        path = candidates[0].host_path
        if path not in self._disagreements:
            self._disagreements[path] = self._compare(candidates) if len(self._instances) > 1 else None
        return self._disagreements[path]

    def _compare(self, candidates: Sequence[HostMount]) -> str | None:
        views: dict[Key, list[HostMount]] = {}
        for mount in candidates:
            if mount.instance is not None:
                views.setdefault(mount.instance, []).append(mount)
        targets = {frozenset(map(_target, view)) for view in views.values()}
        if not views or (len(targets) == 1 and len(views) == len(self._instances)):
            return None
        names: dict[str, list[str]] = {}
        for instance in self._instances:
            shown = " and ".join(map(_shown_target, views.get(instance.key, ()))) or "nothing"
            names.setdefault(shown, []).append(instance.name)
        return " and ".join(
            f"{', '.join(group)} mount{'s' if len(group) == 1 else ''} {shown}" for shown, group in names.items()
        )

    def may_hold(self, path: str) -> bool:
        """Whether some value of the references in `path` would put it on a mount."""
        return any(may_lie_below(path, p or "/") for p in self._paths)

    def unplaced(self, path: str) -> HostMount | None:
        """A mount of EFS that may serve the path, because its mount point is not known or holds references; None if
        there is none, or if the path is surely one of the operating system's."""
        own = OWN_PATH.match(path) is not None
        return next((m for m in self._anywhere if _may_serve(m, path, own=own)), None)

    @cached_property
    def _anywhere(self) -> list[HostMount]:
        referring = (
            m for path in self._paths if OPEN in path for m in self._by_path[path] if m.is_nfs and not m.is_link
        )
        return [*self._unplaced, *referring]


def _may_serve(mount: HostMount, path: str, *, own: bool) -> bool:
    """Whether the mount point of a mount that is not placed may hold the path, one of the system's `own` or not."""
    head, known = mount.host_path.partition(OPEN)[0], path.partition(OPEN)[0]
    if own and not OWN_PATH.match(head):
        return False
    return f"{known}/".startswith(head) or (known != path and head.startswith(known))


def _on_mount(
    path: str, candidates: Sequence[HostMount], nested: HostMount | None, mounts: Mounts, unseen: str | None
) -> Mapped | Unplaced:
    """The directory that a path below the mount point of `candidates` leads to, or why it is not known."""
    at = Text.decode(candidates[0].host_path).source
    told = [m for m in candidates if m.instance is None]
    if unseen:
        if not told:
            return Unplaced(unseen)
        candidates = told
    if doubt := next((m.doubt for m in candidates if m.doubt), None):
        return Unplaced(doubt, at=candidates[0].host_path)
    if disagreement := mounts.disagreement(candidates):
        if not told:
            return Unplaced(f"{disagreement} at {at}")
        candidates = told
    targets = {(m.file_system, m.directory) for m in candidates}
    if len(targets) > 1:
        names = " and ".join(sorted(f"{t[0].source if t[0] else '?'}:{Text.decode(t[1]).source}" for t in targets))
        return Unplaced(f"{names} are both mounted at {at}", mappable=False)
    mount = candidates[-1]
    if mount.file_system is None:
        return Unplaced(f"what is mounted at {at} from {mount.server} may or may not be EFS")
    if len(candidates) > 1:
        # The task may run on any of the instances, and must keep the options (such as TLS) that it had there.
        mount = replace(mount, options=tuple(dict.fromkeys(o for m in candidates for o in m.options)))
    if nested and nested.doubt:
        return Unplaced(f"whether another mount lies below it is not certain: {nested.doubt}", mappable=False)
    place = join(mount.directory, below(path, mount.host_path) or "")
    return Mapped(mount, place, nested.host_path if nested else None)


def _target(mount: HostMount) -> tuple[object, ...]:
    """The parts of a mount that decide what a container sees there: file system, directory, and some options."""
    decisive = ("ro", "accesspoint", *UNSUPPORTED)
    return mount.file_system, mount.directory, frozenset(o for o in mount.options if o.partition("=")[0] in decisive)


def _shown_target(mount: HostMount) -> str:
    decisive = [o for o in mount.options if o.partition("=")[0] in ("accesspoint", *UNSUPPORTED)]
    told = [*(Text.decode(option).source for option in decisive), *(["read-only"] if "ro" in mount.options else [])]
    how = f" ({', '.join(told)})" if told else ""
    system = mount.file_system.source if mount.file_system else mount.server or "something else"
    return f"{system}:{Text.decode(mount.directory).source}{how}"


def place(
    path: Text | None, volume_name: str, mounts: Mounts, *, unseen: str | None = None
) -> Mapped | Unplaced | None:
    """Find the directory of a file system that a host path leads to; None if nothing suggests that it is EFS.

    The longest mount point that contains the path wins. Docker binds recursively, so the container also sees mounts
    below the path. `unseen` is the reason why the path may be that of an instance that the source does not hold: then
    mounts of other instances suggest EFS, and only the configuration tells what it is.
    """
    if path is None:
        return Unplaced("the host path is an expression", mappable=False)
    coded = normalise(path.coded)
    if not coded.startswith("/") and not starts_with_reference(coded):
        return None
    suggests = looks_like_efs(coded) or (looks_like_efs(volume_name) and not SYSTEM_PATH.match(coded))
    if climbs(coded):
        concerns = suggests or bool(mounts.at_or_above(coded))
        return (
            Unplaced("it climbs with .., and a symbolic link may lead elsewhere", mappable=False) if concerns else None
        )
    nested = mounts.below(coded)
    candidates = mounts.at_or_above(coded)
    if candidates and not any(m.is_nfs for m in candidates):
        doubt = next((m.doubt for m in candidates if m.doubt), None)
        beyond = mounts.at_or_above(candidates[0].host_path.rpartition("/")[0])
        if doubt and (mounts.unplaced(coded) or any(m.is_nfs for m in beyond)):
            return Unplaced(doubt, at=candidates[0].host_path)
        if not unseen:
            return None
        candidates = []  # other instances may mount EFS where these have a disk
    if candidates:
        return _on_mount(coded, candidates, nested, mounts=mounts, unseen=unseen)
    if nested and nested.is_nfs:
        return Unplaced(f"EFS is mounted below it, at {Text.decode(nested.host_path).source}", mappable=coded != "/")
    if starts_with_reference(coded):
        return Unplaced("it starts with an expression")
    if coded != Text.decode(coded).source and mounts.may_hold(coded):
        return Unplaced("an expression in it decides whether it lies on EFS")
    return Unplaced(unseen or "its name suggests EFS, but no mount of it is known", by_name=True) if suggests else None


def serving(path: str, mounts: Mounts) -> Unplaced | None:
    """The question about a path that nothing places but a mount of EFS may serve; None if there is no such mount."""
    mount = None if mounts.at_or_above(path) else mounts.unplaced(path)
    if mount is None:
        return None
    at = Text.decode(mount.host_path).source
    seen = f"{mount.origin} mounts {_shown_target(mount)} at {at}, which may hold it"
    return Unplaced(seen if mount.placed else mount.doubt or seen)
