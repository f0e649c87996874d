"""One tree for JSON, YAML and Python: nodes that know where in the text they stand, and changes to them.

A node's span is what an edit may replace: for a block collection it ends with its last scalar (or alias), not with the
comments that follow. Nodes are compared by identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(slots=True, eq=False)
class Scalar:
    """A leaf. `text` is the decoded value as a string ("true", "12", "null" for JSON literals); `style` is the
    quote or block indicator as written: `"`, `'`, `|`, `>` or the empty string for a plain scalar or JSON literal."""

    start: int
    end: int
    text: str
    style: str
    tag: str | None = None
    anchor: str | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """One key with its value, in a mapping."""

    key: Node
    value: Node


@dataclass(slots=True, eq=False)
class Mapping:
    """Entries in document order; duplicate keys and YAML merge keys (`<<`) stay entries of their own."""

    start: int
    end: int
    entries: list[Entry]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


@dataclass(slots=True, eq=False)
class Sequence:
    start: int
    end: int
    items: list[Node]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


@dataclass(slots=True, eq=False)
class Alias:
    """`*name`. `target` is the anchored node, or None while that is still being built (a cycle)."""

    start: int
    end: int
    name: str
    target: Node | None
    tag: None = None
    anchor: None = None


@dataclass(frozen=True, slots=True)
class Inner:
    """An expression inside a text, as an f-string has it: `{name}`, `{name!r:>8}`. `source` is the whole of it, in one
    spelling for equal expressions."""

    source: str


@dataclass(slots=True, eq=False)
class Expression:
    """Code that is carried over and never evaluated: only Python has it. `text` is its source. `parts` are those of the
    string that it makes, as far as they are known: `f"/mnt/{name}"` is `("/mnt/", Inner("{name}"))`, a name that nothing is
    known of `(Inner("{name}"),)`; None for what is no string. `reason` says why nothing more is known."""

    start: int
    end: int
    text: str
    parts: tuple[str | Inner, ...] | None = None
    reason: str | None = None
    tag: None = None
    anchor: None = None


@dataclass(slots=True, eq=False)
class StatementNode:
    """A statement of Python, beside which others can be put; spans what the parser says it does."""

    start: int
    end: int
    tag: None = None
    anchor: None = None


Node = Scalar | Mapping | Sequence | Alias | Expression


# -- values to be written ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy:
    """The source text of an existing node, carried over unchanged (quotes, tags and all)."""

    node: Node


@dataclass(frozen=True, slots=True)
class Tagged:
    """A YAML value with a tag: `Tagged("!Ref", "Name")`."""

    tag: str
    value: NewValue


@dataclass(frozen=True, slots=True)
class NewExpression:
    """Python: an expression, as it is to be written."""

    text: str


@dataclass(frozen=True, slots=True)
class FString:
    """Python: a text with expressions inside, to be written as an f-string."""

    parts: tuple[str | Inner, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """Python: a call with positional and keyword arguments. `name` is what is called, as it is to be written:
    `ecs.EfsVolumeConfiguration`. `hug` is whether an only argument starts on the line of the call's own brackets."""

    name: str
    arguments: dict[str, NewValue]
    positional: tuple[NewValue, ...] = ()
    hug: bool = False

    def __hash__(self) -> int:
        return hash(self.name)


NewValue = Union[
    str, bool, int, None, Copy, Tagged, NewExpression, FString, Call, "dict[str, NewValue]", "list[NewValue]"
]


# -- changes to a tree: at most one per node --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry that stays as it is (a change to a node inside it is a change of its own)."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Renamed:
    """An entry whose key becomes `key`; its value stays (and may have a change of its own)."""

    entry: Entry
    key: str


@dataclass(frozen=True, slots=True)
class Added:
    """A new entry. With `replaces` it takes that entry's place in the text, so that a comment beside it stays."""

    key: str
    value: NewValue
    replaces: Entry | None = None


@dataclass(frozen=True, slots=True)
class EditMapping:
    """The mapping afterwards. Kept, renamed and replaced entries stand in document order; entries that are not
    mentioned are removed; added ones follow their predecessor in the tuple."""

    node: Mapping
    entries: tuple[Kept | Renamed | Added, ...]


@dataclass(frozen=True, slots=True)
class EditSequence:
    """The sequence afterwards: items that stay (nodes of it, in document order) and new values around them."""

    node: Sequence
    items: tuple[Node | New, ...]


@dataclass(frozen=True, slots=True)
class New:
    """A new item of a sequence; a string takes the quotes of `like`, where that is given."""

    value: NewValue
    like: Scalar | None = None


@dataclass(frozen=True, slots=True)
class SetScalar:
    """Another value in a scalar's place, quoted as the old one was if it can be."""

    node: Scalar
    value: str | bool | int


@dataclass(frozen=True, slots=True)
class SetCallee:
    """Python: another name in front of a call's brackets; `node` holds the call's keyword arguments, which stay or have a
    change of their own."""

    node: Mapping
    name: str


@dataclass(frozen=True, slots=True)
class AddStatement:
    """Python: a new statement `name = value` (or `value` alone) on a line of its own behind (or `before`) another, of which
    it takes the indentation. With several at one place they keep their order. `apart` puts an empty line between."""

    node: StatementNode
    value: NewValue
    name: str | None = None
    before: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class AddImport:
    """Python: a name that the module needs, put in as the file itself imports. `from module import name as alias` (or
    `import module as alias`, with no name). `node` is the statement that the import joins or stands beside."""

    node: StatementNode
    module: str
    name: str | None = None
    alias: str | None = None


TreeEdit = EditMapping | EditSequence | SetScalar
"""Changes that every syntax knows."""
CodeEdit = SetCallee | AddStatement | AddImport
"""Changes that Python alone knows."""
AnyEdit = TreeEdit | CodeEdit
