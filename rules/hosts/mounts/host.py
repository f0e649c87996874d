"""The host that a script works on: its mount table, the files that are written to it, and the text that stayed unclear.

Everything that mounts ends here: commands, fstab, units, autofs maps, cloud-config. Strings hold tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from rules.facts.mounts import MountSource, effective_options, parse_source
from rules.facts.paths import below, climbs, normalise
from rules.hosts.boot import Boot
from rules.hosts.grammar.tokens import CLOSE, OPEN, UNKNOWN, Tokens, is_unknown
from rules.hosts.mounts.mount_table import MountTable
from rules.hosts.mounts.states import NOTHING, Doubt, Mounted, is_left_out, upwards
from rules.hosts.results import HostScript, UnplacedMount
from rules.model import CODED_REF, Text

AGENT_CONFIG = "/etc/ecs/ecs.config"  # ECS developer guide, "Container agent configuration"
_MAX_PATH = 4096  # PATH_MAX
_MAX_LEVELS = 64
_MAX_UNCLEAR = 1000
_MAX_CALLS = 20
_MAX_LINKS = 8
"""The number of symbolic links that are followed for one path."""
_LITERAL_ID = re.compile(r"fs-[0-9a-f]{8,40}")
_EFS_SOURCE = re.compile(r"fs-[0-9a-f]{8,}|\.efs\.")
_NETWORK_TYPES = {"nfs", "nfs4", "efs"}
_LAYERS = ("lowerdir=", "upperdir=")
"""The options that name the layers of an overlay, whose contents it shows."""
_NOT_LITERAL = re.compile(rf"{OPEN}|[*?\[{{]|[!+@]\(")
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
class _Link:
    """A symbolic link. `target` is "" if it is not known, `since` the number of mounts that there had been before."""

    target: str
    line: int
    since: int


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
        self.fstab = WrittenFile(0)
        """The lines that were added to fstab, or all of it if it is `used`, because it was emptied."""
        self.unfinished: Doubt | None = None
        """The reason why the script was not followed to its end, so that nothing is certain; None if it was."""
        self.helper_doubt: Doubt | None = None
        """The doubt that the mount helper looks for file systems in another region; None if there is none."""
        self.restarts: Doubt | None = None
        """The doubt that a script restarts the host, of which nothing but fstab, units and what runs at every boot mounts
        anything again; None if none does."""
        self.automounter: Doubt | None = None
        """The doubt that the automounter is stopped, whose maps are read in the end; None if it is not."""
        self.units: dict[str, tuple[str, ...]] = {}
        """The texts of the mount units that were enabled or started, as they were at that time."""
        self.at_end: list[Callable[[], object]] = []
        """Functions to call when nothing changes the host any more."""
        self._unclear: dict[UnplacedMount, str] = {}
        self._links: dict[str, _Link] = {}

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
        the host knows, references or wildcards."""
        head = literal_head(word)

        def same(state: Mounted) -> bool:
            start = literal_head(state.path)
            return f"{state.path}/".startswith(head) or (start != state.path and head.startswith(start))

        return same

    def restart(self) -> None:
        """Restart the host if a script has asked for that."""
        if self.restarts:
            self.table.restart(self.restarts)
            self.restarts = None

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
        files, unclear, links, units, at_end = self.files, self._unclear, self._links, self.units, self.at_end
        kept = self.fstab, self.unfinished, self.helper_doubt, self.automounter, self.restarts
        self.fstab = replace(self.fstab, chunks=list(self.fstab.chunks))
        self.files = {path: replace(file, chunks=list(file.chunks)) for path, file in files.items()}
        self._unclear, self._links, self.units, self.at_end = dict(unclear), dict(links), dict(units), list(at_end)
        with self.table.aside():
            yield
        self.files, self._unclear, self._links, self.units, self.at_end = files, unclear, links, units, at_end
        self.fstab, self.unfinished, self.helper_doubt, self.automounter, self.restarts = kept

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
        sure = request.sure and not is_left_out(options)
        doubt = Doubt(request.line, request.doubt) if request.doubt else None
        if not kind:
            other = Mounted(
                path,
                network=False,
                line=request.line,
                persistent=request.persistent,
                server=request.source,
                reason=self.reason,
                doubt=doubt,
            )
            shown = [o for o in options if o.startswith(_LAYERS) and self._shows_network(o)]
            if request.type == "overlay" and shown:
                doubt = Doubt(request.line, f"makes it an overlay of directories on EFS ({','.join(shown)})")
                other = replace(other, network=True, doubt=doubt)
            self._mounted(other, sure=sure)
            self._cover(request, path)
            return
        request = replace(request, source=self.tokens.as_ids(request.source))
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
            reason=self.reason,
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

    def _cover(self, request: MountRequest, path: str) -> None:
        """Doubt mounts of EFS that something of another kind may cover, of whose mount point only the beginning is known."""
        head = literal_head(path)
        if head not in (path, "/", ""):
            doubt = Doubt(request.line, f"mounts {request.source} at {path}, which may cover it")
            self.table.doubt_if(lambda s: s.network and s.path != path and _meets(s.path, head), doubt)

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
            if source is None or (OPEN in source and self.table.covering(source) == NOTHING and self._may_be_efs()):
                doubt = Doubt(line, f"binds it to {request.source}, which is not known")
                self.table.veil(path, request.source, doubt, link=False)
            elif self.table.covering(source) == NOTHING and (unplaced := self._unplaced_at(source)):
                doubt = Doubt(line, f"binds it to {source}, where line {unplaced.line} may mount EFS")
                self.table.veil(path, request.source, doubt, link=False)
            self._cover(request, path)
            if (real := self.resolved(path)) != path:
                doubt = Doubt(line, f"binds {request.source} over it through a symbolic link, as {path}")
                self.table.veil(real, request.source, doubt, link=False)
            if request.doubt:
                self.table.doubt(path, Doubt(line, request.doubt))
            if "ro" in request.options:  # before util-linux 2.27, `mount` ignores `ro` here
                self.table.doubt(path, Doubt(line, "binds it read-only, which not every version of mount does"))

    def _may_be_efs(self) -> bool:
        return self.table.has_network() or any(mount.sure for mount in self._unclear)

    def _unplaced_at(self, path: str) -> UnplacedMount | None:
        """A mount that was made and may lie at a path, above or below it, because its mount point is not known."""
        unplaced = ((mount, at) for mount, at in self._unclear.items() if mount.sure)
        return next((mount for mount, at in unplaced if _meets(path, literal_head(at))), None)

    def link(self, target: str | None, path: str, line: int) -> None:
        """Note a symbolic link to a target, None if that is not known.

        One that lies on a mount of EFS counts at once; any other counts if it leads to EFS once all mounts are known.
        """
        if path == target:
            return
        reason = f"makes it a symbolic link{f' to {target}' if target else ''}"
        if any(s and s.network for s in self.table.covering(path.rpartition("/")[0], awake=True)):
            self.table.veil(path, target or "", Doubt(line, reason))
            somewhere = Doubt(line, f"makes a symbolic link at {path}, which may lie on it")
            self.table.doubt_if(lambda state: state.network and OPEN in (below(path, state.path) or ""), somewhere)
        link = self._links[path] = _Link(target or "", line, self.table.order)
        folder, _, name = path.rpartition("/")
        real = self.resolved(folder)
        if real != folder:
            self._links.setdefault(f"{real}/{name}", link)
            if any(s and s.network for s in self.table.covering(real, awake=True)):
                self.table.veil(f"{real}/{name}", target or "", Doubt(line, reason))

    def _follow(self, path: str, link: _Link) -> None:
        """Note the state of a path that is a symbolic link, now that all mounts are known."""
        if self.table.at(path) != NOTHING or self.table.covered_since(path, link.since):
            return
        target = self.resolved(path) if link.target else ""
        doubt = Doubt(link.line, f"makes it a symbolic link to {target or 'something that is not known'}")
        if any(s and s.network for s in self.table.covering(target)):
            self.table.bind(target, path, link.line, link=True)
            self.table.doubt(path, doubt)
        elif not link.target and self.table.has_network():
            self.table.veil(path, "", doubt)

    def moved(self, source: str, path: str, line: int) -> None:
        """Note that a file or directory got another path, or was copied to it as it is."""
        if link := self._links.get(source):
            self.link(link.target or None, path, line)
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
            if link is None or not self._links[link].target or len(path) > _MAX_PATH:
                break
            path = self._links[link].target + (below(path, link) or "")
        return path

    def result(self) -> HostScript:
        """The state of the host after the script."""
        for look in self.at_end:
            look()
        for reference, line in sorted(self.tokens.assumed):
            if not self.table.has_file_system(reference):
                self.table.doubt_all(
                    Doubt(line, f"splits a text at a place that depends on {self.tokens.show(reference)}")
                )
        if self.automounter:
            self.table.doubt_persistent(self.automounter)
        if self.helper_doubt:
            self.table.doubt_if(lambda state: state.helper, self.helper_doubt)
        self.table.prune_links()
        for path, link in self._links.items():
            self._follow(path, link)
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


def literal_head(word: str) -> str:
    """The beginning of a path before the first wildcard, reference or value that only the host knows; "" if it is not
    absolute."""
    return _NOT_LITERAL.split(word, maxsplit=1)[0] if word.startswith("/") and not climbs(word) else ""


def _meets(path: str, head: str) -> bool:
    """Whether a path that begins like this may be this path, lie below it or above it."""
    return head.startswith(f"{path}/") or f"{path}/".startswith(head)


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
