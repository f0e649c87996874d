"""The nodes of JSON, YAML and Python texts, which have a span in the text, and the changes of nodes.

A node's span, `start` to `end` in character offsets, is the text that an edit may replace: a block collection ends with
its last scalar (or alias), not with the comments after it. Nodes are compared by identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(slots=True, eq=False)
class Scalar:
    """A leaf. `text` is the decoded value as a string ("true", "12", "null" for JSON literals); `style` is the quote or
    block indicator as written: `"`, `'`, `|`, `>` or the empty string for a plain scalar or JSON literal."""

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
    """A mapping; `flow` if it is in brackets. Entries are in document order; duplicate keys and YAML merge keys (`<<`)
    stay entries of their own."""

    start: int
    end: int
    entries: list[Entry]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


@dataclass(slots=True, eq=False)
class Sequence:
    """Items in document order; `flow` if it is in brackets."""

    start: int
    end: int
    items: list[Node]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


@dataclass(slots=True, eq=False)
class Alias:
    """A reference to an anchored node: `*name`. `target` is that node, None while it is still being built (a cycle)."""

    start: int
    end: int
    name: str
    target: Node | None
    tag: None = None
    anchor: None = None


@dataclass(frozen=True, slots=True)
class Inner:
    """An expression inside a string, as f-strings have them: `{name}`, `{name!r:>8}`. `source` is the whole field,
    spelt the same for equal expressions."""

    source: str


@dataclass(slots=True, eq=False)
class Expression:
    """Code that is not evaluated, only carried over: Python's, or a placeholder in JSON. `text` is its source. `parts` are the known parts of the
    string that it makes: `f"/mnt/{name}"` has `("/mnt/", Inner("{name}"))`, a name of which nothing is known
    `(Inner("{name}"),)`; None if it is not a string. `reason` says why no more is known."""

    start: int
    end: int
    text: str
    parts: tuple[str | Inner, ...] | None = None
    reason: str | None = None
    tag: None = None
    anchor: None = None


@dataclass(slots=True, eq=False)
class StatementNode:
    """A Python statement, beside which new ones can be put; its span is the parser's."""

    start: int
    end: int
    tag: None = None
    anchor: None = None


Node = Scalar | Mapping | Sequence | Alias | Expression


# -- values to be written ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy:
    """The source text of an existing node, carried over unchanged with its quotes and tags."""

    node: Node


@dataclass(frozen=True, slots=True)
class Tagged:
    """A YAML value with a tag: `Tagged("!Ref", "Name")`."""

    tag: str
    value: NewValue


@dataclass(frozen=True, slots=True)
class NewExpression:
    """The source of a new Python expression."""

    text: str


@dataclass(frozen=True, slots=True)
class FString:
    """A new Python f-string, in parts: texts and the expressions between them."""

    parts: tuple[str | Inner, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A new Python call with positional and keyword arguments. `name` is the called function as it is written:
    `ecs.EfsVolumeConfiguration`. `hug` lets an only argument start on the line of the call's opening bracket."""

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
    """An entry that stays as it is; a change inside its value is a change of its own."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Renamed:
    """An entry whose key becomes `key`; its value stays, or has a change of its own."""

    entry: Entry
    key: str


@dataclass(frozen=True, slots=True)
class Added:
    """A new entry. If it `replaces` an entry, it takes that one's place, so that a comment beside it stays."""

    key: str
    value: NewValue
    replaces: Entry | None = None


@dataclass(frozen=True, slots=True)
class EditMapping:
    """Changes the entries of a mapping. `entries` lists those after the change: kept, renamed and replaced ones in
    document order, added ones after their predecessors; entries that are not listed are removed."""

    node: Mapping
    entries: tuple[Kept | Renamed | Added, ...]


@dataclass(frozen=True, slots=True)
class EditSequence:
    """Changes the items of a sequence. `items` lists those after the change: existing nodes in order, and new
    values."""

    node: Sequence
    items: tuple[Node | New, ...]


@dataclass(frozen=True, slots=True)
class New:
    """A new item of a sequence. If it is a string, it has the quotes of `like`."""

    value: NewValue
    like: Scalar | None = None


@dataclass(frozen=True, slots=True)
class SetScalar:
    """Changes the value of a scalar, which keeps its quotes if possible."""

    node: Scalar
    value: str | bool | int


@dataclass(frozen=True, slots=True)
class SetCallee:
    """Python: changes the name of the function that a call calls. `node` holds the call's keyword arguments, which stay
    or have a change of their own."""

    node: Mapping
    name: str


@dataclass(frozen=True, slots=True)
class AddStatement:
    """Python: adds a statement `name = value` (or `value` alone) on a line of its own after (or `before`) another
    statement, with the same indentation. Several at one place keep their order. `apart` puts an empty line between the
    two."""

    node: StatementNode
    value: NewValue
    name: str | None = None
    before: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class AddImport:
    """Python: adds `from module import name as alias` (or `import module as alias`, without a name) in the style of the
    file's imports. `node` is the statement that the import joins or stands beside."""

    node: StatementNode
    module: str
    name: str | None = None
    alias: str | None = None


TreeEdit = EditMapping | EditSequence | SetScalar
"""The changes that every syntax has."""
CodeEdit = SetCallee | AddStatement | AddImport
"""The changes that only Python has."""
AnyEdit = TreeEdit | CodeEdit
