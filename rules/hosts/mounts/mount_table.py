"""The mounts that a host ends with: the effects of mount and umount in order, with the alternatives of branches.

Each path has one or more possible states; a single state is certain. Source: mount(8) (a later mount hides an earlier
one), umount(8); for directories below a mount, DESIGN's rule that an access point is made as the script makes its
directory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from rules.facts.paths import below, join
from rules.hosts.grammar.tokens import Tokens
from rules.hosts.journal import Journal
from rules.hosts.mounts.states import NOTHING, DirectoryState, Doubt, Mounted, States, distinct, is_left_out, upwards
from rules.hosts.results import FoundMount, MadeDirectory, OtherMount
from rules.model import Text

_WORK_PER_STATE = 6
_WORK_PER_BIND = 100
"""Microseconds, about: what the work of a script is counted in."""


class MountTable:
    """The mounts of one host."""

    def __init__(self) -> None:
        self.states: Journal[States] = Journal()
        self._made: dict[str, DirectoryState] = {}
        self._sleeping: set[str] = set()
        self._covered: dict[str, States] = {}
        """The states of paths before something else was mounted over them."""
        self._unmounted: dict[str, tuple[States, States]] = {}
        """The states of paths after and before they were unmounted, for mounts that fstab brings back."""
        self.order = 0
        """The number of mounts that there have been."""
        self.work = 0
        """The work that searches of the table have taken since it was last counted."""

    # -- changes -------------------------------------------------------------------------------------------------------

    def mount(self, mount: Mounted, *, sure: bool = True) -> None:
        """Add a mount. It is `sure` if the command would work in the way that it was understood. One with a doubt is
        not."""
        sure = sure and mount.doubt is None
        self.order += 1
        mount = replace(mount, order=self.order)
        now = self.at(mount.path)
        ambiguous = any(s and s.persistent != mount.persistent and not s.same_data(mount) for s in now)
        # If a command and a line of fstab disagree, the mount depends on restarts. If they agree but for TLS, the mount
        # counts as encrypted, because TLS must not be lost.
        both = distinct((*now, mount))
        if len(both) > 1 and now != NOTHING:
            self._covered[mount.path] = now
        self.states.set(mount.path, both if ambiguous or not sure or len(both) == 1 else (mount,))
        if mount.doubt:
            self.doubt(mount.path, mount.doubt)
        if mount.persistent:
            self._sleeping.add(mount.path)
        else:
            self._sleeping.discard(mount.path)

    def unmount(self, path: str, doubt: Doubt) -> None:
        """Remove a mount. One from fstab stays possible, because it comes back at the next start, or with `mount -a`, and
        so does one that it was mounted over."""
        before = self.at(path)
        kept = tuple(
            s for s in distinct((*before, *self._covered.pop(path, ()))) if s and (s.persistent or s not in before)
        )
        self.states.set(path, None)
        if kept:
            self.states.set(path, kept)
            self.doubt(path, doubt)
            self._unmounted[path] = (self.at(path), before)

    def doubt(self, path: str, doubt: Doubt) -> None:
        """Make the mount at this path uncertain. The first doubt about a mount is the one that is told."""
        states = self.at(path)
        known = None in states and all(s is None or s.doubt for s in states)
        if not known:
            doubted = (s if s is None or s.doubt else replace(s, doubt=doubt) for s in states)
            self.states.set(path, distinct((*doubted, None)))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Keep everything but the states of paths as it is, whatever happens meanwhile."""
        kept = self._made, set(self._sleeping), dict(self._covered), dict(self._unmounted)
        self._made = {path: replace(made) for path, made in self._made.items()}
        yield
        self._made, self._sleeping, self._covered, self._unmounted = kept

    def restart(self, doubt: Doubt) -> None:
        """Restart the host: only what fstab and units mount is surely mounted again, and not even that with `noauto`."""
        self.doubt_if(lambda state: not state.persistent or is_left_out(state.options), doubt)

    def doubt_if(self, concerned: Callable[[Mounted], bool], doubt: Doubt) -> bool:
        """Make the mounts uncertain that are concerned. Returns whether there are any."""
        self.work += _WORK_PER_STATE * len(self.states)
        paths = [path for path, states in self.states.items() if any(s and concerned(s) for s in states)]
        for path in paths:
            self.doubt(path, doubt)
        return bool(paths)

    def withdraw(self, path: str, doubt: Doubt, *, replaced: bool) -> None:
        """Note that the line of fstab for this path is gone. What was not mounted yet will not be, so that it counts no
        more once it is replaced. What is mounted stays until a restart."""
        if replaced and path in self._sleeping:
            self._sleeping.discard(path)
            self.states.set(path, None)
        elif not replaced:
            self.doubt(path, doubt)

    def disagree(self, path: str, doubt: Doubt) -> None:
        """Make the mount at a path uncertain if it may be more than one."""
        if len(self.at(path)) > 1:
            self.doubt(path, doubt)

    def doubt_all(self, doubt: Doubt) -> bool:
        """Make all mounts uncertain. Returns whether there are any."""
        return self.doubt_if(lambda _: True, doubt)

    def doubt_persistent(self, doubt: Doubt) -> bool:
        """Make all mounts from fstab and units uncertain. Returns whether there are any."""
        return self.doubt_if(lambda state: state.persistent, doubt)

    def doubt_around(self, path: str, doubt: Doubt) -> bool:
        """Make the mounts uncertain on which the path lies, or which lie below it. Returns whether there are any."""
        prefix = f"{path}/"
        holder = next((above for above in upwards(path) if self.at(above) != NOTHING), None)
        self.work += len(self.states)
        paths = [known for known in self.states.names() if known == holder or known.startswith(prefix)]
        self.work += _WORK_PER_STATE * len(paths)
        for known in paths:
            self.doubt(known, doubt)
        return bool(paths)

    def veil(self, path: str, target: str, doubt: Doubt, *, link: bool = True) -> None:
        """Note that a path may show anything, because it is a symbolic `link` or something that is not known lies on it."""
        self.order += 1
        shown = Mounted(path, network=True, line=doubt.line, server=target, link=link, doubt=doubt, order=self.order)
        self.states.set(path, distinct((*self.at(path), shown, None)))

    def unveil(self, path: str) -> None:
        """Forget the symbolic link at a path."""
        states = self.at(path)
        if any(s and s.link for s in states):
            kept = tuple(s for s in states if s and not s.link)
            self.states.set(path, distinct((*kept, None)) if kept else None)

    def covered_since(self, path: str, order: int) -> bool:
        """Whether something was mounted above a path after so many mounts."""
        above = (s for place in upwards(path) if place != path for s in self.at(place))
        return any(s and not s.link and s.order > order for s in above)

    def waits(self, path: str) -> bool:
        """Whether a line of fstab for a path has not been mounted yet."""
        return path in self._sleeping

    def has_network(self) -> bool:
        """Whether anything of EFS or NFS may be mounted."""
        return any(s and s.network for states in self._all() for s in states)

    def prune_links(self) -> None:
        """Forget the symbolic links on mounts that are gone."""
        for path, states in self.states.items():
            above = path.rpartition("/")[0]
            if any(s and s.link for s in states) and not any(s and s.network for s in self.covering(above)):
                self.unveil(path)

    def bind(self, source: str, path: str, line: int, *, persistent: bool = False, link: bool = False) -> bool:
        """Make a directory visible at another path, or a symbolic `link` to it. Returns whether the directory is known
        to lie on a mount."""
        states = self.covering(source)
        if not persistent and states != self.covering(source, awake=True):
            doubt = Doubt(line, f"binds {path} to {source} before what is mounted there is sure to be mounted")
            states = tuple(s and replace(s, doubt=s.doubt or doubt) for s in states)
        bound = []
        for state in states:
            if state is None or not state.network:
                bound.append(Mounted(path, network=False, line=line, persistent=persistent))
                continue
            directory = join(state.directory, below(source, state.path) or "")
            bound.append(replace(state, path=path, directory=directory, line=line, persistent=persistent, link=link))
        for number, state in enumerate(bound):
            if number == 0:
                self.mount(state)
            else:
                self.states.set(path, distinct((*self.at(path), state)))
        return states != NOTHING

    def wake(self, path: str | None = None) -> bool:
        """Mount all entries of fstab (`mount -a`) or one path (`mount PATH`). Returns whether the path is known."""
        for place in [*self._unmounted] if path is None else [path]:
            after, before = self._unmounted.pop(place, (NOTHING, NOTHING))
            if after == self.at(place) != NOTHING:
                self.states.set(place, before)
        if path is None:
            self._sleeping.clear()
            return True
        self._sleeping.discard(path)
        states = self.at(path)
        waiting = tuple(s for s in states if s)
        if len(waiting) == 1 and "noauto" in waiting[0].options:
            self.states.set(path, waiting)
        return states != NOTHING

    def bind_below(self, source: str, path: str, line: int, *, persistent: bool = False) -> None:
        """Make the mounts below a directory visible below another path, as `--rbind` does."""
        self.work += len(self.states)
        for mounted in self.states.names():
            rest = below(mounted, source)
            if rest and below(mounted, path) is None:
                self.work += _WORK_PER_BIND
                self.bind(mounted, path + rest, line, persistent=persistent)

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

    def has_file_system(self, encoded: str) -> bool:
        """Whether a mount is one of this file system, given as a token."""
        known = Text.decode(encoded).coded
        return any(s is not None and s.file_system == known for states in self._all() for s in states)

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
        found = [
            (state, self._certain(state, states))
            for states in self._all()
            for state in states
            if state and state.network
        ]
        found.sort(key=lambda f: f[0].order)
        return tuple(
            _found(state, certain, None if certain else self._doubt(state), tokens=tokens) for state, certain in found
        )

    def others(self, tokens: Tokens, *, everywhere: bool = False) -> tuple[OtherMount, ...]:
        """The mounts of other kinds (disks, S3) at or below the paths of NFS and EFS mounts, or `everywhere`."""
        network = {state.path for states in self._all() for state in states if state and state.network}
        found = [
            (state, self._certain(state, states))
            for states in self._all()
            for state in states
            if state and not state.network and (everywhere or any(p in network for p in upwards(state.path)))
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
        return state.doubt is None and self._hidden_by(state) is None

    def _hidden_by(self, state: Mounted) -> Mounted | None:
        """A later mount above a mount, which hides it."""
        above = (s for path in upwards(state.path) if path != state.path for s in self.at(path))
        return next((s for s in above if s and not s.link and s.order > state.order), None)

    def _doubt(self, state: Mounted) -> Doubt | None:
        hiding = self._hidden_by(state)
        if state.doubt is None and hiding is not None:
            return Doubt(hiding.line, f"mounts something at {hiding.path}, over it")
        return state.doubt


def _found(state: Mounted, certain: bool, doubt: Doubt | None, *, tokens: Tokens) -> FoundMount:
    reason = state.reason if doubt is None or doubt.line else doubt.reason
    return FoundMount(
        host_path=tokens.decode(state.path),
        file_system=_value(state.file_system, tokens),
        directory=tokens.decode(state.directory),
        options=tuple(tokens.decode(option) for option in state.options),
        server=tokens.show(state.server),
        region=state.region,
        certain=certain,
        line=state.line,
        reason="" if certain else tokens.show(reason),
        doubt=replace(doubt, reason=tokens.show(doubt.reason)) if doubt and doubt.line else None,
        link=state.link,
    )


def _value(encoded: str | None, tokens: Tokens) -> Text | None:
    return None if encoded is None else Text.decode(tokens.decode(encoded))
