"""Values as a source writes them: text with references, or expressions kept as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

# -- values -----------------------------------------------------------------------------------------------------------

_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters: no definition contains them
_HIDDEN = {"/": "\ue002", ",": "\ue003", ".": "\ue004", ":": "\ue005"}
_HIDING = str.maketrans(_HIDDEN)


@dataclass(frozen=True, slots=True)
class Ref:
    """A placeholder inside a text, kept as it is written: `${EFS_ID}`, `{{ efs_id }}`, `<file-system>`. `handle` is the
    dialect's own way back to an expression that cannot be written inside a text."""

    source: str
    handle: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A string made of literal parts and references: `/mnt/efs/${Env}`."""

    parts: tuple[str | Ref, ...]

    @property
    def literal(self) -> str | None:
        """The string, if nothing in it is a reference."""
        if not self.parts:
            return ""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None

    @property
    def source(self) -> str:
        """The string as it is written, references included."""
        return "".join(part if isinstance(part, str) else part.source for part in self.parts)

    @property
    def coded(self) -> str:
        """One string in which each reference is a single token that path and list separators never split."""
        return "".join(
            part if isinstance(part, str) else _OPEN + part.source.translate(_HIDING) + _CLOSE for part in self.parts
        )

    @classmethod
    def decode(cls, coded: str) -> Text:
        """The inverse of `coded`, for a string cut out of one."""
        parts: list[str | Ref] = []
        while coded:
            before, opened, rest = coded.partition(_OPEN)
            if before:
                parts.append(before)
            if not opened:
                break
            hidden, _, coded = rest.partition(_CLOSE)
            for shown, code in _HIDDEN.items():
                hidden = hidden.replace(code, shown)
            parts.append(Ref(hidden))
        return cls(tuple(parts))

    @classmethod
    def of(cls, literal: str) -> Text:
        return cls((literal,)) if literal else cls(())


CODED_REF = f"{_OPEN}[^{_CLOSE}]*{_CLOSE}"
"""A regular expression for one reference in `Text.coded`."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that this tool carries over but does not interpret. `handle` is the dialect's own way back to it."""

    source: str
    handle: object = field(default=None, compare=False, repr=False)
    cases: tuple[Text | Opaque | None, ...] = field(default=(), compare=False, repr=False)
    """The values among which conditions choose, None for one that leaves it out; empty where the source does not show them."""

    @property
    def literal(self) -> None:
        return None


Value: TypeAlias = Text | Opaque
Directory: TypeAlias = str | Opaque
"""A directory of a file system: its path coded and normalised, or the expression that makes it."""
Rest: TypeAlias = tuple[tuple[str, object], ...]
"""Keys of an entity that its dialect did not interpret, with their plain data: they must survive unchanged."""

Key: TypeAlias = tuple[str | int, ...]
"""Names an entity within its source (document, scope, name, nth of that name) — never a line or an offset, which shift
with every edit."""

ENABLED = Text.of("ENABLED")

ANY = Text.of("*")
"""Everyone, anonymous clients included, as a principal; every file system as a resource."""
