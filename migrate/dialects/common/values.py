"""Reads the scalars of plain files as values of the model: literal text with placeholders."""

from __future__ import annotations

import re
from functools import lru_cache

from migrate.syntax import get, literal, resolve
from migrate.syntax.node import Alias, Expression, Mapping, Node, Scalar, Sequence
from rules.model import Opaque, Ref, Text, Value

# The placeholders of template engines and deployment scripts; each is kept as it is written.
_PLACEHOLDER = re.compile(
    r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"  # ${EFS_ID}, ${var.efs_id}; shells, Terraform, Copilot
    r"|\{\{.*?\}\}|\{%.*?%\}"  # {{ efs_id }}; Jinja, Go templates, ecspresso
    r"|<%.*?%>"  # ERB
    r"|#\{[^{}]*\}#?"  # #{EfsId}; Octopus, Azure pipelines, Ruby
    r"|\$\([A-Za-z_][\w.]*\)"  # $(EFS_ID); Azure pipelines
    r"|\$[A-Za-z_]\w*"  # $EFS_ID
    r"|<[A-Za-z][\w .:-]*>"  # <file-system-id>
    r"|%[A-Za-z_]\w*%"  # %EFS_ID%
    r"|__[A-Z][A-Z0-9_]*?__"  # __EFS_ID__
    r"|@@?[A-Z_][A-Z0-9_]*@@?"  # @EFS_ID@
    r"|\[\[.*?\]\]"
    r"|\{[A-Za-z_][^{}\n]*\}",  # {efs_id}; str.format and f-strings, whose expressions a configuration names like this
    re.DOTALL,
)


@lru_cache(maxsize=4096)
def parse_text(source: str) -> Text:
    """Splits a string into literal parts and placeholders."""
    parts: list[str | Ref] = []
    at = 0
    for match in _PLACEHOLDER.finditer(source):
        if match.start() > at:
            parts.append(source[at : match.start()])
        parts.append(Ref(match[0]))
        at = match.end()
    if at < len(source):
        parts.append(source[at:])
    return Text(tuple(parts))


def reference(name: str, attribute: str = "") -> Text:
    """A reference to a resource or its attribute: `${Name}` or `${Name.Arn}`, as in `Fn::Sub` of CloudFormation. The
    model holds all references in this form, whatever the dialect's syntax for them."""
    return Text((Ref(f"${{{name}.{attribute}}}" if attribute else f"${{{name}}}"),))


def value(node: Node | None) -> Value | None:
    """The value of a node: None for a missing or null node, `Opaque` for anything that is not a scalar."""
    if node is None:
        return None
    found = resolve(node)
    if isinstance(found, Scalar):
        return None if literal(found) is None else parse_text(found.text)
    if isinstance(found, Expression):
        return Opaque(found.text)
    return Opaque("*" + node.name if isinstance(node, Alias) else "…")


def source(member: Value) -> str:
    """The text of a value in a plain file."""
    return member.source


def text(node: Node | None) -> str | None:
    """The literal string of a node; None if it is missing, null or has placeholders."""
    found = value(node)
    return found.literal if found is not None else None


def written(node: Node | None) -> str:
    """The value of a node as it is written, placeholders included; "" if it is missing or null."""
    found = value(node)
    return found.source if found is not None else ""


def truth(node: Node | None, default: bool | None = None) -> bool | None:
    """The boolean that a node gives; `default` if the node is missing or null, None if it is an expression."""
    found = resolve(node) if node is not None else None
    if node is None or (isinstance(found, Scalar) and literal(found) is None):
        return default
    given = literal(found) if isinstance(found, Scalar) and not has_own_tag(found) else None
    if isinstance(given, bool):
        return given
    # Ansible and templates pass quoted words on, and the programs that get them read them as booleans.
    return (
        {"true": True, "false": False, "yes": True, "no": False}.get(given.lower()) if isinstance(given, str) else None
    )


def has_own_tag(node: Node) -> bool:
    """Whether a node has a tag that YAML does not define (`!Ref`)."""
    return node.tag is not None and node.tag.startswith("!") and not node.tag.startswith("!!")


def is_call(node: Node) -> bool:
    """Whether a node is an expression: a value with a tag of its own (`!If`), or a mapping like `{"Fn::If": …}`.
    `Fn::ForEach` is not one: it adds entries to the mapping that holds it."""
    if has_own_tag(node):
        return True
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        return False
    key = node.entries[0].key
    if not isinstance(key, Scalar) or key.text.startswith("Fn::ForEach::"):
        return False
    return key.text.startswith("Fn::") or key.text in ("Ref", "Condition")


def mapping(node: Node | None) -> Mapping | None:
    """The mapping that a node is or, as an alias, points to; None if it is none or an expression."""
    found = resolve(node) if node is not None else None
    return found if isinstance(found, Mapping) and not is_call(found) else None


def items(node: Node | None) -> list[Node] | None:
    """The items of the sequence that a node is or, as an alias, points to; None if it is none or an expression."""
    found = resolve(node) if node is not None else None
    return found.items if isinstance(found, Sequence) and not is_call(found) else None


def child(node: Mapping | None, key: str) -> Node | None:
    """The value of a key in a mapping; None if either is missing."""
    entry = get(node, key) if node is not None else None
    return entry.value if entry is not None else None


def words(node: Node | None) -> frozenset[str]:
    """The literal strings of a list (or a single one in its place), in upper case."""
    listed = items(node)
    if listed is None and node is not None:
        listed = [node]
    return frozenset(word.upper() for item in listed or () if (word := text(item)))


def filled(node: Node | None) -> Value | None:
    """The value of a node; None also if it is empty, because generated skeletons hold empty strings for members that
    are not set."""
    found = value(node)
    return found if found is not None and found.source else None
