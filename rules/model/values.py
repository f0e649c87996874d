"""Values as a source writes them: text with references, or expressions kept as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

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
        """The text of a literal string, without references."""
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


class Key(NamedTuple):
    """The identity of an entity within its source. It holds no line and no offset, because every edit shifts these."""

    kind: str
    """The kind of entity: task, service, file system, access point, role … A volume has its task's."""
    document: str | int = ""
    """The document of the file that holds it, by number. In a program, which has one document, the scope around it, or
    a number of its own where there is none."""
    path: tuple[str | int, ...] = ()
    """The path to it in the document: first the resource's name or, in plain files, the keys and indices around it. For
    a volume follow "volume", its name, and a number that tells it from others of that name."""

    @classmethod
    def of(cls, kind: str, document: str | int = "", *path: str | int) -> Key:
        """The key with these parts, in the order of `parts`."""
        return cls(kind, document, path)

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Kind, document and path in one tuple, as files of recorded answers store it."""
        return (self.kind, self.document, *self.path) if self.path or self.document != "" else (self.kind,)

    @property
    def name(self) -> str:
        """The name of the resource that it is or belongs to. Only for sources in which resources have names."""
        return str(self.path[0])

    @property
    def last(self) -> str:
        """The last part: its own name, or the number that tells it from its siblings."""
        return str(self.parts[-1])

    def below(self, *path: str | int) -> Key:
        """The key of something inside this, or beside it with a number of its own."""
        return Key(self.kind, self.document, (*self.path, *path))

    def as_a(self, kind: str) -> Key:
        """The key of something of another kind at the same place."""
        return Key(kind, self.document, self.path)

    def lies_in(self, other: Key) -> bool:
        """Whether this entity is at or inside the place of another one; their kinds may differ."""
        return self.document == other.document and self.path[: len(other.path)] == other.path


ENABLED = Text.of("ENABLED")

ANY = Text.of("*")
"""The wildcard: as a principal everyone, anonymous clients included; as a resource every file system."""
