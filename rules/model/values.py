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
    """A placeholder inside a text, kept as it is written: `${EFS_ID}`, `{{ efs_id }}`, `<file-system>`.

    `handle` is set for an expression that cannot be written inside a text: the dialect finds it again by it.
    """

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
    """An expression that is carried over but not interpreted. The dialect finds it again by `handle`."""

    source: str
    handle: object = field(default=None, compare=False, repr=False)
    cases: tuple[Text | Opaque | None, ...] = field(default=(), compare=False, repr=False)
    """The values that conditions choose from, None for a case without a value; empty if the source does not show them."""

    @property
    def literal(self) -> None:
        return None


Value: TypeAlias = Text | Opaque
Directory: TypeAlias = str | Opaque
"""A directory of a file system: its path, coded and normalised, or an expression for it."""
Rest: TypeAlias = tuple[tuple[str, object], ...]
"""Properties of an entity that its dialect does not interpret, with their plain data. They must not change."""

Key: TypeAlias = tuple[str | int, ...]
"""Identifies an entity within its source: its kind, document and name, and more if need be. It never holds a line or an offset,
because these shift with every edit."""

ENABLED = Text.of("ENABLED")

ANY = Text.of("*")
"""Everyone, anonymous clients included, as a principal; every file system as a resource."""
