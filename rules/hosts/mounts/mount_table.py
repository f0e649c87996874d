"""The mounts that a host ends with: the effects of mount and umount in order, with the alternatives of branches.

Each path has one or more possible states; a single state is certain. Source: mount(8) (a later mount hides an earlier
one), umount(8); for directories below a mount, DESIGN's rule that an access point is made as the script makes its
directory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rules.facts.paths import below, join
from rules.hosts.grammar.tokens import Tokens
from rules.hosts.journal import Journal
from rules.hosts.mounts.states import NOTHING, DirectoryState, Mounted, States, distinct, upwards
from rules.hosts.results import FoundMount, MadeDirectory, OtherMount
from rules.model import Text


class MountTable:
    """The mounts of one host."""

    def __init__(self) -> None:
        self.states: Journal[States] = Journal()
        self._made: dict[str, DirectoryState] = {}
        self._persistent: set[str] = set()
        self._sleeping: set[str] = set()
        self._order = 0

    # -- changes -------------------------------------------------------------------------------------------------------

    def mount(self, mount: Mounted, *, sure: bool = True) -> None:
        """Add a mount. It is `sure` if the command would work in the way that it was understood."""
        self._order += 1
        mount = replace(mount, order=self._order)
        now = self.at(mount.path)
        ambiguous = any(s and s.persistent != mount.persistent and not s.same_data(mount) for s in now)
        # If a command and a line of fstab disagree, the mount depends on restarts. If they agree but for TLS, the mount
        # counts as encrypted, because TLS must not be lost.
        both = distinct((*now, mount))
        self.states.set(mount.path, both if ambiguous or not sure or len(both) == 1 else (mount,))
        if mount.persistent:
            self._persistent.add(mount.path)
            self._sleeping.add(mount.path)
        else:
            self._sleeping.discard(mount.path)

    def unmount(self, path: str) -> None:
        """Remove a mount. One from fstab stays possible, because it comes back at the next start."""
        kept = tuple(s for s in self.at(path) if s and s.persistent)
        self.states.set(path, distinct((*kept, None)) if kept else None)

    def doubt(self, path: str, reason: str = "") -> None:
        """Make the mount at this path uncertain, for this reason."""
        if self.at(path) != NOTHING:
            states = [replace(s, reason=reason or s.reason) if s else s for s in self.at(path)]
            self.states.set(path, distinct((*states, None)))

    def doubt_all(self, reason: str = "") -> None:
        """Make all mounts uncertain, for this reason."""
        for path in self.states.names():
            self.doubt(path, reason)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keep everything but the states of paths as it is, whatever happens meanwhile."""
        kept = self._made, set(self._persistent), set(self._sleeping)
        self._made = {path: replace(made) for path, made in self._made.items()}
        yield
        self._made, self._persistent, self._sleeping = kept

    def restart(self, reason: str) -> None:
        """Restart the host: only what fstab and units mount is surely mounted again."""
        for path, states in self.states.items():
            if any(s and not s.persistent for s in states):
                self.doubt(path, reason)

    def doubt_persistent(self) -> bool:
        """Make all mounts from fstab uncertain. Returns whether there are any."""
        paths = [path for path in self._persistent if any(s and s.persistent for s in self.at(path))]
        self._persistent.clear()
        for path in paths:
            self.doubt(path)
        return bool(paths)

    def bind(self, source: str, path: str, line: int, *, persistent: bool = False) -> bool:
        """Make a directory visible at another path. Returns whether the directory is known to lie on a mount."""
        states = self.covering(source)
        bound = []
        for state in states:
            if state is None or not state.network:
                bound.append(Mounted(path, network=False, line=line, persistent=persistent))
                continue
            directory = join(state.directory, below(source, state.path) or "")
            bound.append(replace(state, path=path, directory=directory, line=line, persistent=persistent))
        for number, state in enumerate(bound):
            if number == 0:
                self.mount(state)
            else:
                self.states.set(path, distinct((*self.at(path), state)))
        return states != NOTHING

    def wake(self, path: str | None = None) -> bool:
        """Mount all entries of fstab (`mount -a`) or one path (`mount PATH`). Returns whether the path is known."""
        if path is None:
            self._sleeping.clear()
            return True
        self._sleeping.discard(path)
        states = self.at(path)
        waiting = tuple(s for s in states if s)
        if len(waiting) == 1 and "noauto" in waiting[0].options:
            self.states.set(path, waiting)
        return states != NOTHING

    def merge(self, changes: list[dict[str, States | None]], reason: str = "") -> None:
        """Take over the changes of alternative branches. `reason` says what decides between them, if that is known."""
        for path in {path: None for change in changes for path in change}:
            now = self.at(path)
            states = [
                state for change in changes for state in ((change.get(path) or NOTHING) if path in change else now)
            ]
            merged = distinct(tuple(states))
            if reason and len(merged) > 1:
                merged = tuple(replace(s, reason=s.reason or reason) if s else s for s in merged)
            self.states.set(path, None if merged == NOTHING else merged)

    def made(
        self, path: str, line: int, *, uid: int | None = None, gid: int | None = None, mode: str | None = None
    ) -> None:
        """Note that a directory was made, or its owner or mode set. It counts only if it lies on a mount at this moment."""
        found = [s for s in self.covering(path, awake=True) if s and s.network]
        if len(found) != 1:
            return
        made = self._made.get(path)
        if made is None or not made.mount.same_data(found[0]):
            made = DirectoryState(found[0], path, line)
            self._made.pop(path, None)
            self._made[path] = made
        made.uid = made.uid if uid is None else uid if uid >= 0 else None
        made.gid = made.gid if gid is None else gid if gid >= 0 else None
        made.mode = made.mode if mode is None else mode or None

    # -- questions -----------------------------------------------------------------------------------------------------

    def at(self, path: str) -> States:
        """The possible states of exactly this path."""
        return self.states.get(path) or NOTHING

    def covering(self, path: str, *, awake: bool = False) -> States:
        """The states of the nearest mount point at or above the path."""
        for ancestor in upwards(path):
            states = self.at(ancestor)
            if states != NOTHING and not (awake and ancestor in self._sleeping):
                return states
        return NOTHING

    def mentions(self, text: str) -> States:
        """The states of the first mount point that a search of the mount table for `text`, which is not empty, would find."""
        if text.startswith("/") and (states := self.at(text)) != NOTHING:
            return states
        for path, states in self.states.first(50):
            if text in path or any(s and text in s.server for s in states):
                return states
        return NOTHING

    # -- results -------------------------------------------------------------------------------------------------------

    def mounts(self, tokens: Tokens) -> tuple[FoundMount, ...]:
        """The mounts of NFS and EFS in order of effect."""
        found = [(state, self._certain(state, states)) for states in self._all() for state in states if state]
        found.sort(key=lambda f: f[0].order)
        return tuple(_found(state, certain, tokens) for state, certain in found if state.network)

    def others(self, tokens: Tokens) -> tuple[OtherMount, ...]:
        """The mounts of other kinds (disks, S3) at or below the paths of NFS and EFS mounts."""
        network = {state.path for states in self._all() for state in states if state and state.network}
        found = [
            (state, self._certain(state, states))
            for states in self._all()
            for state in states
            if state and not state.network and any(p in network for p in upwards(state.path))
        ]
        return tuple(OtherMount(tokens.decode(s.path), certain, s.line) for s, certain in found)

    def directories(self, tokens: Tokens) -> tuple[MadeDirectory, ...]:
        """The directories that were made on mounts, in order."""
        return tuple(
            MadeDirectory(
                path=tokens.decode(made.path),
                file_system=_value(made.mount.file_system, tokens),
                directory=tokens.decode(join(made.mount.directory, below(made.path, made.mount.path) or "")),
                uid=made.uid,
                gid=made.gid,
                mode=made.mode,
                line=made.line,
            )
            for made in self._made.values()
        )

    def _all(self) -> Iterator[States]:
        return (states for _, states in self.states.items())

    def _certain(self, state: Mounted, states: States) -> bool:
        if len(states) > 1:
            return False
        above = (s for path in upwards(state.path) if path != state.path for s in self.at(path))
        return not any(s and s.order > state.order for s in above)


def _found(state: Mounted, certain: bool, tokens: Tokens) -> FoundMount:
    return FoundMount(
        host_path=tokens.decode(state.path),
        file_system=_value(state.file_system, tokens),
        directory=tokens.decode(state.directory),
        options=tuple(tokens.decode(option) for option in state.options),
        server=tokens.show(state.server),
        region=state.region,
        certain=certain,
        line=state.line,
        reason="" if certain else tokens.show(state.reason),
    )


def _value(encoded: str | None, tokens: Tokens) -> Text | None:
    return None if encoded is None else Text.decode(tokens.decode(encoded))
