"""The host that a script works on: its mount table, the files that are written to it, and the text that stayed unclear.

Everything that mounts ends here: commands, fstab, units, autofs maps, cloud-config. Strings hold tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rules.facts.mounts import MountSource, effective_options, parse_source
from rules.facts.paths import below, climbs, normalise
from rules.hosts.grammar.tokens import CLOSE, OPEN, UNKNOWN, Tokens, is_unknown
from rules.hosts.mounts.mount_table import MountTable
from rules.hosts.mounts.states import NOTHING, Doubt, Mounted, upwards
from rules.hosts.results import HostScript, UnplacedMount
from rules.model import CODED_REF, Text

AGENT_CONFIG = "/etc/ecs/ecs.config"  # ECS developer guide, "Container agent configuration"
_MAX_PATH = 4096  # PATH_MAX
_MAX_LEVELS = 64
_MAX_UNCLEAR = 1000
_MAX_LINKS = 8
"""The number of symbolic links that are followed for one path."""
_LITERAL_ID = re.compile(r"fs-[0-9a-f]{8,40}")
_EFS_SOURCE = re.compile(r"fs-[0-9a-f]{8,}|\.efs\.")
_NETWORK_TYPES = {"nfs", "nfs4", "efs"}
_LAYERS = ("lowerdir=", "upperdir=")
"""The options that name the layers of an overlay, whose contents it shows."""
_NOT_LITERAL = re.compile(rf"{OPEN}|[*?\[{{]")
_FRESH = re.compile(r"[$`(\s]*(?:/usr)?(?:/bin/)?mktemp\b")
"""Matches the command that makes a new directory, whose path no task definition can name."""
_NOT_READ = re.compile(r"X-mount\.(?:subdir|idmap)\b")
"""Options that only new versions of mount(8) know, and that change what is seen."""


@dataclass(slots=True)
class WrittenFile:
    """A file that a script puts on the host."""

    line: int
    chunks: list[str] = field(default_factory=list)
    certain: bool = True
    since: int = 0
    """The number of mounts that there had been when it was begun."""
    used: bool = False
    """Whether something ran, enabled or read it, so that its mounts are in the table already."""

    @property
    def text(self) -> str:
        """The whole content that was written."""
        return "".join(self.chunks)


@dataclass(frozen=True, slots=True)
class MountRequest:
    """A mount that a command, fstab, a unit or an autofs map asks for. `type` is "" if none is given."""

    source: str
    target: str
    type: str
    options: tuple[str, ...]
    line: int
    persistent: bool = False
    sure: bool = True
    doubt: str = ""
    """The reason why it may not do what it seems to, to complete "line 7 of its user data …"."""


class Host:
    """A fresh host, as far as it is known."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.table = MountTable()
        self.files: dict[str, WrittenFile] = {}
        self.unfinished: Doubt | None = None
        """What kept the script from being followed to its end: then nothing is certain."""
        self.helper_region: str | None = None
        """The region in the mount helper's configuration, if the script has written it there."""
        self.units: dict[str, tuple[str, ...]] = {}
        """The texts of the mount units that were enabled or started, as they were at that time."""
        self.at_end: list[Callable[[], object]] = []
        """What is to be looked at when nothing changes the host any more."""
        self._unclear: dict[UnplacedMount, str] = {}
        self._links: dict[str, tuple[str, int]] = {}

    def unclear(self, line: int, reason: str, target: str = "", *, sure: bool = False) -> None:
        """Note a mount of EFS, or what looks like one, that may serve any host path, or with a `target` those that it
        may hold. It is `sure` if something is certainly mounted."""
        if len(self._unclear) >= _MAX_UNCLEAR or self.is_fresh(target):
            return
        known = target.startswith(("/", OPEN)) and not climbs(target)
        head = self.tokens.decode(target.partition(UNKNOWN)[0]) if known else ""
        self._unclear[UnplacedMount(line, self.tokens.show(reason), head, sure=sure)] = target

    def undo_unplaced(self, target: str) -> bool:
        """Forget the mounts at a path that only the host knows, because it is unmounted. Returns whether nothing else
        can have been mounted there."""
        undone = [mount for mount, at in self._unclear.items() if at == target]
        for mount in undone:
            del self._unclear[mount]
        return bool(undone) or self.is_fresh(target)

    def is_fresh(self, target: str) -> bool:
        """Whether a path lies in a new temporary directory."""
        return target.startswith(UNKNOWN) and _FRESH.match(self.tokens.source(target)) is not None

    def may_be(self, word: str) -> Callable[[Mounted], bool]:
        """A function that tells whether the path of a mount may be the one that a word becomes, with values that only
        the host knows or wildcards."""
        head = _NOT_LITERAL.split(word, maxsplit=1)[0] if word.startswith("/") else ""
        return lambda state: f"{state.path}/".startswith(head)

    def path(self, path: str, directory: str | None = "/") -> str | None:
        """A path, normalised and absolute (or beginning with a reference); None if only the host knows it."""
        if is_unknown(path) or climbs(path) or not path:
            return None
        if not path.startswith(("/", OPEN)):
            if directory is None or path.startswith("~"):
                return None
            path = f"{directory}/{path}"
        path = normalise(path) or "/"
        return path if len(path) <= _MAX_PATH and path.count("/") <= _MAX_LEVELS else None

    def mount(self, request: MountRequest, directory: str | None = "/") -> None:
        """Mount a file system of any kind."""
        options = request.options
        if any(o in ("bind", "rbind") for o in options) or request.type in ("bind", "rbind"):
            self.bind(request, directory)
            return
        kind = _kind(request)
        path = self.path(request.target, directory)
        if path is None or path == "/":
            if path is None:
                self._mount_anywhere(request, kind)
            return
        sure = request.sure and not ("noauto" in options and "x-systemd.automount" not in options)
        doubt = Doubt(request.line, request.doubt) if request.doubt else None
        if not kind:
            other = Mounted(
                path,
                network=False,
                line=request.line,
                persistent=request.persistent,
                server=request.source,
                doubt=doubt,
            )
            shown = [o for o in options if o.startswith(_LAYERS) and self._shows_network(o)]
            if request.type == "overlay" and shown:
                doubt = Doubt(request.line, f"makes it an overlay of directories on EFS ({','.join(shown)})")
                other = replace(other, network=True, doubt=doubt)
            self._mounted(other, sure=sure)
            return
        source, server, region = self._source(request, kind)
        if any(is_unknown(option) for option in options):
            doubt = doubt or Doubt(request.line, f"mounts it with options that are not known ({','.join(options)})")
        elif unread := [option for option in options if _NOT_READ.match(option)]:
            doubt = doubt or Doubt(request.line, f"mounts it with {unread[0]}, which not every version of mount knows")
        mounted = Mounted(
            path,
            network=True,
            line=request.line,
            persistent=request.persistent,
            file_system=None if source.file_system is None else source.file_system.coded,
            directory=source.directory,
            options=options,
            server=server,
            region=region,
            doubt=doubt,
            helper=kind == "efs" and region is None,
        )
        # Only the mount helper resolves a bare id: as a host name it fails.
        resolves = kind == "efs" or server.find(".") >= 0 or source.file_system is None
        self._mounted(mounted, sure=sure and resolves)

    def _mounted(self, mounted: Mounted, *, sure: bool) -> None:
        """Add a mount at the path that was given and, if symbolic links lead elsewhere, where it really is."""
        self.table.mount(mounted, sure=sure)
        real = self.resolved(mounted.path)
        if real != mounted.path:
            doubt = Doubt(mounted.line, f"mounts it through a symbolic link, as {mounted.path}")
            self.table.mount(replace(mounted, path=real, doubt=mounted.doubt or doubt))

    def _mount_anywhere(self, request: MountRequest, kind: str) -> None:
        """Mount at a path that is not known: EFS may serve any path, and other file systems may cover EFS."""
        target = request.target
        if kind:
            self.unclear(request.line, f"the mount point {target or '(none)'} is not known", target, sure=True)
        elif target and target not in ("none", "swap") and not self.is_fresh(target):
            doubt = Doubt(request.line, f"mounts {request.source or 'something'} at {target}, which may cover it")
            self.table.doubt_if(self.may_be(target), doubt)

    def _shows_network(self, layers: str) -> bool:
        """Whether one of the directories in an option of an overlay lies on EFS or NFS."""
        paths = (self.path(path) for path in layers.partition("=")[2].split(":"))
        return any(path is None or any(s and s.network for s in self.table.covering(path)) for path in paths)

    def bind(self, request: MountRequest, directory: str | None = "/") -> None:
        """Make a directory visible at a second path."""
        source, path = self.path(request.source, directory), self.path(request.target, directory)
        line = request.line
        if path is None:
            on_efs = source is not None and any(s and s.network for s in self.table.covering(source))
            self._mount_anywhere(request, "nfs" if on_efs else "")
        elif path != "/":
            self.table.bind(source or "/", path, line, persistent=request.persistent)
            if source and ("rbind" in request.options or request.type == "rbind"):
                self.table.bind_below(source, path, line, persistent=request.persistent)
            if source is None:
                self.table.veil(path, "", Doubt(line, f"binds it to {request.source}, which is not known"))
            if request.doubt:
                self.table.doubt(path, Doubt(line, request.doubt))
            if "ro" in request.options:  # before util-linux 2.27, `mount` ignores `ro` here
                self.table.doubt(path, Doubt(line, "binds it read-only, which not every version of mount does"))

    def link(self, target: str | None, path: str, line: int) -> None:
        """Note a symbolic link to a target, None if that is not known.

        One that lies on a mount of EFS counts at once; any other counts if it leads to EFS once all mounts are known.
        """
        if path == target:
            return
        if any(s and s.network for s in self.table.covering(path.rpartition("/")[0], awake=True)):
            reason = f"makes it a symbolic link{f' to {target}' if target else ''}"
            self.table.veil(path, target or "", Doubt(line, reason))
        if target:
            self._links[path] = (target, line)

    def moved(self, source: str, path: str, line: int) -> None:
        """Note that a file or directory got another path, or was copied to it as it is."""
        if link := self._links.get(source):
            self.link(link[0], path, line)
        elif any(s and s.link for s in self.table.at(source)):
            self.link(None, path, line)

    def unlink(self, path: str) -> None:
        """Forget the symbolic link at a path, because it is removed."""
        self._links.pop(path, None)
        self.table.unveil(path)

    def resolved(self, path: str) -> str:
        """The path that a path leads to through the symbolic links that are known."""
        for _ in range(_MAX_LINKS if self._links else 0):
            link = next((above for above in upwards(path) if above in self._links), None)
            if link is None:
                break
            path = self._links[link][0] + (below(path, link) or "")
        return path

    def result(self) -> HostScript:
        """The state of the host after the script."""
        for look in self.at_end:
            look()
        if self.helper_region:
            self.table.looks_up_in(self.helper_region)
        self.table.prune_links()
        for path, (_, line) in self._links.items():
            target = self.resolved(path)
            if self.table.at(path) == NOTHING and any(s and s.network for s in self.table.covering(target)):
                self.table.bind(target, path, line, link=True)
                self.table.doubt(path, Doubt(line, f"makes it a symbolic link to {target}"))
        if self.unfinished:
            self.table.doubt_all(self.unfinished)
        unclear = tuple(sorted(self._unclear, key=lambda mount: (mount.line, mount.reason)))
        return HostScript(
            mounts=self.table.mounts(self.tokens),
            others=self.table.others(self.tokens, everywhere=bool(unclear)),
            directories=self.table.directories(self.tokens),
            unclear=unclear,
            agent_config=self.tokens.decode(self.files[AGENT_CONFIG].text) if AGENT_CONFIG in self.files else "",
        )

    def _source(self, request: MountRequest, kind: str) -> tuple[MountSource, str, str | None]:
        """The file system and directory, the server for messages, and the region if it is literal."""
        server, directory = split_source(request.source)
        if kind == "efs" and re.fullmatch(CODED_REF, server) and not is_unknown(server):
            source = MountSource(Text.decode(server), normalise(directory) or "/")
        else:
            source = parse_source(_without_zone(server), directory)
        unknown = source.file_system is not None and is_unknown(source.file_system.coded)
        if unknown or is_unknown(directory) or climbs(directory) or not directory.startswith(("/", OPEN)):
            source = MountSource(None, source.directory if source.directory.startswith(("/", OPEN)) else "/")
        return source, server, source.region


def split_source(source: str) -> tuple[str, str]:
    """Server and directory of `server:/dir`, also with an IPv6 address in brackets; the directory is `/` if missing."""
    head = ""
    if source.startswith("[") and "]" in source:
        head, _, source = source.partition("]")
        head += "]"
    server, _, directory = source.partition(":")
    return head + server, directory or "/"


def split_options(options: str) -> tuple[str, ...]:
    """The members of a comma-separated option list that count (tokens never hold commas)."""
    return effective_options(o.strip() for o in options.split(",") if o.strip())


def looks_like_efs(text: str) -> bool:
    """Whether a source, or a whole command, names an EFS file system literally."""
    return _EFS_SOURCE.search(text) is not None


def _kind(request: MountRequest) -> str:
    """`efs`, `nfs`, or "" for other file systems."""
    types = [t.strip() for t in request.type.split(",")]
    if "efs" in types:
        return "efs"
    if any(t in _NETWORK_TYPES for t in types):
        return "nfs"
    if request.type in ("", "auto") or OPEN in request.type:
        # mount(8) takes `host:/dir` for NFS.
        server, colon, directory = request.source.partition(":")
        known = colon and directory.startswith(("/", OPEN)) and not server.startswith(("/", "UUID", "LABEL"))
        return "nfs" if (known and "#" not in server and "@" not in server) or looks_like_efs(server) else ""
    return ""


def _without_zone(server: str) -> str:
    """The DNS name without the zone before the id, which makes no difference to the file system that is mounted.

    A region that is made of several parts is replaced by one token.
    """
    left, dot, right = server.rpartition(".efs.")
    if not dot:
        return server
    zone, dot, identity = left.rpartition(".")
    if not dot or "." in zone:
        identity = left
    region, _, suffix = right.partition(".")
    if OPEN in region:
        if not suffix and _LITERAL_ID.fullmatch(identity):
            return f"{identity}.efs.{UNKNOWN}{CLOSE}.amazonaws.com"
        region = f"{UNKNOWN}{CLOSE}"
    return f"{identity}.efs.{region}.{suffix}"
