"""Functions that read a tree: the value of a scalar, the target of an alias, the entry of a key."""

from __future__ import annotations

import re

from migrate.syntax.node import Alias, Entry, Expression, Mapping, Node, Scalar, Sequence

# Everything that YAML 1.1 (PyYAML, Ansible), YAML 1.2 or JSON does not read as a string. A plain scalar that only some
# of them take for a literal counts as one, so that a string with this text is never written plain.
_LITERAL = re.compile(
    r"""(?x)
    |~|null|Null|NULL
    |[yYnN]|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
    |NaN|-?Infinity
    |<<|=
    |[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[bB][01_]+|[-+]?0[oO][0-7_]+
    |[-+]?[0-9][0-9_]*(?::[0-9_]+)*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?
    |[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9_]+)?
    |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9][0-9:.]*[ \t]*(?:Z|[-+][0-9:]+)?)?
    """
)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_TRUE = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
# Python itself refuses to convert more digits (conversion takes quadratic time); such a number stays text.
_MAX_DIGITS = 4300


def is_literal(text: str) -> bool:
    """Whether YAML or JSON might read `text`, without quotes, as something other than a string."""
    return _LITERAL.fullmatch(text) is not None


def literal(node: Scalar) -> str | bool | int | float | None:
    """The value of a scalar. Plain YAML 1.1 booleans (`yes`, `off` …) are booleans; anything that is not a boolean, a
    null, a decimal integer or a decimal fraction stays a string, as do quoted and tagged scalars."""
    text = node.text
    if node.style or node.tag is not None:
        return text
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text in _NULL:
        return None
    if len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def resolve(node: Node | None) -> Scalar | Mapping | Sequence | Expression | None:
    """The node itself, or the target of an alias; None for None, and for an alias inside its own anchor."""
    seen = 0
    while type(node) is Alias:
        node = node.target
        seen += 1
        if seen > 100:
            return None
    return node if not isinstance(node, Alias) else None


def get(mapping: Mapping, key: str) -> Entry | None:
    """The entry of `key` in a mapping: the last of duplicates, as in Python's json and PyYAML, else the one in a
    mapping merged through `<<`, the earlier of which win; None if there is none."""
    merges = False
    for entry in reversed(mapping.entries):
        name = entry.key
        if type(name) is Alias:
            name = resolve(name) or name
        if type(name) is Scalar:
            if name.text == key:
                return entry
            merges = merges or name.text == "<<"
    return merged_in(mapping, key) if merges else None


def merged_in(mapping: Mapping, key: str) -> Entry | None:
    """The entry of `key` in the mappings merged through `<<`, which counts if the mapping has none of its own; None if
    there is none."""
    # Depth first, each mapping once: nested merges of one anchor would otherwise take exponential time.
    seen = {id(mapping)}
    pending = _merged(mapping)
    while pending:
        merged = pending.pop()
        if id(merged) in seen:
            continue
        seen.add(id(merged))
        found = next(
            (e for e in reversed(merged.entries) if type(k := resolve(e.key)) is Scalar and k.text == key), None
        )
        if found is not None:
            return found
        pending += _merged(merged)
    return None


def _merged(mapping: Mapping) -> list[Mapping]:
    """The mappings that `mapping` merges, in rising order of precedence."""
    merged: list[Mapping] = []
    for entry in mapping.entries:
        if type(entry.key) is Scalar and entry.key.text == "<<" and not entry.key.style:
            source = resolve(entry.value)
            nodes = source.items if type(source) is Sequence else [entry.value]
            merged += [node for node in map(resolve, nodes) if type(node) is Mapping]
    return merged[::-1]
