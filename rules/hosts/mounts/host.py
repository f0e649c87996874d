"""The host that a script works on: its mount table, the files that are written to it, and the text that stayed unclear.

Everything that mounts ends here: commands, fstab, units, autofs maps, cloud-config. Strings hold tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from rules.facts.mounts import MountSource, parse_source
from rules.facts.paths import climbs, normalise
from rules.hosts.boot import Boot
from rules.hosts.grammar.tokens import CLOSE, OPEN, UNKNOWN, Tokens, is_unknown
from rules.hosts.mounts.mount_table import MountTable
from rules.hosts.mounts.states import NOTHING, Mounted
from rules.hosts.results import HostScript
from rules.model import CODED_REF, Text

AGENT_CONFIG = "/etc/ecs/ecs.config"  # ECS developer guide, "Container agent configuration"
_MAX_PATH = 4096  # PATH_MAX
_MAX_LEVELS = 64
_MAX_UNCLEAR = 1000
_MAX_CALLS = 20
_LITERAL_ID = re.compile(r"fs-[0-9a-f]{8,40}")
_EFS_SOURCE = re.compile(r"fs-[0-9a-f]{8,}|\.efs\.")
_NETWORK_TYPES = {"nfs", "nfs4", "efs"}


@dataclass(slots=True)
class WrittenFile:
    """A file that a script puts on the host."""

    line: int
    chunks: list[str] = field(default_factory=list)
    certain: bool = True
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


class Host:
    """A fresh host, as far as it is known."""

    def __init__(self, tokens: Tokens, boot: Boot | None = None) -> None:
        self.tokens = tokens
        self.boot = boot or Boot()
        """The things beside its user data that it may run."""
        self.ran: set[tuple[str, str]] = set()
        """The configs that cfn-init was seen to run, each with the resource whose metadata holds it."""
        self.init_calls: dict[tuple[str, str], None] = {}
        """The resources that cfn-init is called for, each with the config sets."""
        self.running_inits = 0
        """The number of calls of cfn-init that are being run, each by a command of the one before."""
        self.hides_calls = False
        """Whether something ran whose text is not known and which may call cfn-init."""
        self.reason = ""
        """The reason why what is mounted now may be missing, if there is a better one than a branch of the script."""
        self.table = MountTable()
        self.files: dict[str, WrittenFile] = {}
        self.unfinished = False
        """Whether something kept the script from being followed to its end: then nothing is certain."""
        self._unclear: dict[tuple[int, str], None] = {}
        self._links: list[tuple[str, str, int]] = []

    def unclear(self, line: int, reason: str) -> None:
        """Note something that concerns EFS and is not understood."""
        if len(self._unclear) < _MAX_UNCLEAR:
            self._unclear[line, self.tokens.show(reason)] = None

    def calls_init(self, resource: str, sets: str) -> None:
        """Note a call of cfn-init."""
        if len(self.init_calls) < _MAX_CALLS:
            self.init_calls[self.tokens.show(resource), self.tokens.show(sets)] = None

    @contextmanager
    def because(self, reason: str) -> Iterator[None]:
        """Give a reason why what is mounted meanwhile may be missing. The innermost reason counts."""
        outer, self.reason = self.reason, reason
        yield
        self.reason = outer

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keep files, directories and doubts as they are, whatever happens meanwhile."""
        files, unclear, unfinished = self.files, self._unclear, self.unfinished
        self.files = {path: replace(file, chunks=list(file.chunks)) for path, file in files.items()}
        self._unclear = dict(unclear)
        with self.table.aside():
            yield
        self.files, self._unclear, self.unfinished = files, unclear, unfinished

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
            if kind and path is None:
                self.unclear(request.line, f"the mount point {request.target or '(none)'} is not known")
            return
        sure = request.sure and not ("noauto" in options and "x-systemd.automount" not in options)
        if not kind:
            other = Mounted(
                path,
                network=False,
                line=request.line,
                persistent=request.persistent,
                server=request.source,
                reason=self.reason,
            )
            self.table.mount(other, sure=sure)
            return
        source, server, region = self._source(request, kind)
        if any(is_unknown(option) for option in options):
            self.unclear(request.line, f"the mount options {','.join(options)} are not known")
            sure = False
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
            reason=self.reason,
        )
        # Only the mount helper resolves a bare id: as a host name it fails.
        resolves = kind == "efs" or server.find(".") >= 0 or source.file_system is None
        self.table.mount(mounted, sure=sure and resolves)

    def bind(self, request: MountRequest, directory: str | None = "/") -> None:
        """Make a directory visible at a second path."""
        source, path = self.path(request.source, directory), self.path(request.target, directory)
        if path is not None and path != "/":
            self.table.bind(source or "/", path, request.line, persistent=request.persistent)
            if "ro" in request.options:
                self.table.doubt(path)  # before util-linux 2.27, `mount` ignores `ro` here

    def link(self, target: str, path: str, line: int) -> None:
        """Note a symbolic link. It counts if it leads to EFS once all mounts are known."""
        self._links.append((target, path, line))

    def result(self) -> HostScript:
        """The state of the host after the script."""
        for target, path, line in self._links:
            if (
                path != target
                and self.table.at(path) == NOTHING
                and any(s and s.network for s in self.table.covering(target))
            ):
                self.table.bind(target, path, line)
                self.table.doubt(path)
                self.unclear(line, f"{path} is a symbolic link to {target}, on EFS or NFS")
        if self.unfinished:
            self.table.doubt_all()
        return HostScript(
            mounts=self.table.mounts(self.tokens),
            others=self.table.others(self.tokens),
            directories=self.table.directories(self.tokens),
            unclear=tuple(sorted(self._unclear)),
            agent_config=self.tokens.decode(self.files[AGENT_CONFIG].text) if AGENT_CONFIG in self.files else "",
        )

    def _source(self, request: MountRequest, kind: str) -> tuple[MountSource, str, str | None]:
        """The file system and directory, the server for messages, and the region if it is literal."""
        server, directory = split_source(request.source)
        if kind == "efs" and re.fullmatch(CODED_REF, server) and not is_unknown(server):
            source = MountSource(Text.decode(server), normalise(directory) or "/")
        else:
            source = parse_source(_without_zone(server), directory)
        reason = ""
        if source.file_system is not None and is_unknown(source.file_system.coded):
            reason = f"the file system {server} is not known before the host runs"
        elif source.file_system is None and is_unknown(server):
            reason = f"the server {server} is not known before the host runs"
        elif is_unknown(directory) or climbs(directory) or not directory.startswith(("/", OPEN)):
            reason = f"the directory {directory} of the file system is not known"
        elif source.file_system is None and kind == "efs":
            reason = f"{server or 'the source'} does not name a file system"
        if reason:
            self.unclear(request.line, reason)
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
    """The members of a comma-separated option list (tokens never hold commas)."""
    return tuple(o.strip() for o in options.split(",") if o.strip())


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
