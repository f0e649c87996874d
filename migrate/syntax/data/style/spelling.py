"""The spelling of scalars: all knowledge of quotes and escapes in JSON and YAML."""

from __future__ import annotations

import json
import re

from migrate.syntax.problem import CannotEdit
from migrate.syntax.value import is_literal

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNPRINTABLE = "\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff"
_NOT_SINGLE_QUOTED = re.compile(f"[{_UNPRINTABLE}]")
_ESCAPED = re.compile(f'["\\\\\t{_UNPRINTABLE}]')
# Stricter than the grammar where parsers disagree: libyaml 0.1 ends a plain scalar in a flow collection at `:` and `?`.
_NOT_PLAIN = re.compile(
    rf"""^[-?:,\[\]{{}}\#&*!|>'"%@`\s]|^\.\.\.|\s$|:\s|:$|\s\#|\t|\{{\{{|\{{%|[{_UNPRINTABLE}\ud800-\udfff]"""
)
_NOT_PLAIN_IN_FLOW = re.compile(rf"{_NOT_PLAIN.pattern}|[,\[\]{{}}:?]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def json_scalar(value: str | bool | int | None) -> str:
    """A JSON literal or string. Characters outside ASCII stay as they are; lone surrogates are escaped."""
    written = json.dumps(value, ensure_ascii=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", written)


def yaml_literal(value: bool | int | None) -> str:
    """A bare YAML literal."""
    return json.dumps(value)


def yaml_string(text: str, quote: str, fallback: str, *, flow: bool) -> str:
    """A YAML string in the quotes `quote`, or plain if that is empty and every parser reads `text` back as the same
    string; otherwise in the quotes `fallback`. Raises CannotEdit if no YAML text can hold the string."""
    if not quote and is_plain(text, flow=flow):
        return text
    if (quote or fallback) == "'" and _NOT_SINGLE_QUOTED.search(text) is None:
        return "'" + text.replace("'", "''") + "'"
    if _SURROGATE.search(text) is not None:
        raise CannotEdit("a YAML file cannot hold half of a surrogate pair")
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def is_plain(text: str, *, flow: bool) -> bool:
    """Whether every parser reads `text` back as the same string without quotes; `flow` for inside brackets."""
    return not is_literal(text) and (_NOT_PLAIN_IN_FLOW if flow else _NOT_PLAIN).search(text) is None


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
