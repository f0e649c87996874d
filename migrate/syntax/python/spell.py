"""The spelling of new Python values: strings, numbers, f-strings, and the brackets of dicts, lists and calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from keyword import iskeyword

from migrate.syntax.node import Call, Copy, FString, Inner, NewExpression, NewValue, Tagged
from migrate.syntax.problem import CannotEdit

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def string(text: str, quote: str) -> str:
    """A string literal in the given quotes, or in the other quotes if those save escapes."""
    other = '"' if quote == "'" else "'"
    if quote in text and other not in text:
        quote = other
    return quote + _escaped(text, quote) + quote


def _escaped(text: str, quote: str) -> str:
    def one(character: str) -> str:
        if character == quote:
            return "\\" + character
        if character in _ESCAPES:
            return _ESCAPES[character]
        if not character.isprintable():
            return character.encode("unicode_escape").decode("ascii")
        return character

    return "".join(map(one, text))


def template(parts: tuple[str | Inner, ...], quote: str) -> str:
    """An f-string of these parts, or the bare expression if there is nothing else in it.

    Raises CannotEdit if an expression contains quotes or backslashes that an f-string could not contain before Python
    3.12.
    """
    if len(parts) == 1 and isinstance(parts[0], Inner) and (alone := expression_of(parts[0])) is not None:
        return alone
    if all(isinstance(part, str) for part in parts):
        return string("".join(map(str, parts)), quote)
    inside = "".join(part.source for part in parts if isinstance(part, Inner))
    for candidate in (quote, '"', "'"):
        if candidate not in inside and "\\" not in inside:
            made = (
                _escaped(part, candidate).replace("{", "{{").replace("}", "}}")
                if isinstance(part, str)
                else part.source
                for part in parts
            )
            return f"f{candidate}{''.join(made)}{candidate}"
    raise CannotEdit("an expression with both kinds of quotes inside a text")


def is_expression(source: str) -> bool:
    """Whether a string is a replacement field of an f-string: `{name}`."""
    return _formatted(source) is not None


def names_in(source: str) -> list[str]:
    """The names that the expression in a replacement field (`{settings.EFS_ID}`) reads; none for any other string."""
    import ast

    found = _formatted(source)
    return [n.id for n in ast.walk(found) if isinstance(n, ast.Name)] if found is not None else []


def _formatted(source: str) -> ast.FormattedValue | None:
    import ast

    try:
        parsed = ast.parse("f" + repr(source), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    values = parsed.values if isinstance(parsed, ast.JoinedStr) else []
    return values[0] if len(values) == 1 and isinstance(values[0], ast.FormattedValue) else None


def expression_of(inner: Inner) -> str | None:
    """The expression in `{expression}`; None if the field has a conversion or a format."""
    import ast

    try:
        parsed = ast.parse("f" + repr(inner.source), mode="eval").body
    except SyntaxError:
        return None
    if isinstance(parsed, ast.JoinedStr) and len(parsed.values) == 1:
        value = parsed.values[0]
        if isinstance(value, ast.FormattedValue) and value.conversion == -1 and value.format_spec is None:
            return ast.unparse(value.value)
    return None


@dataclass(frozen=True, slots=True)
class Style:
    """The style of brackets and strings around one place."""

    quote: str
    key_quote: str
    unit: str
    newline: str
    width: int
    trailing_comma: bool = True
    expand: bool = False
    """Whether dicts inside brackets of several lines are written on several lines too, even if they are short."""
    calls: bool = False
    """Whether dicts are written as `dict(key=value)`."""

    def shaped(self, value: NewValue) -> NewValue:
        """A dict as a call of `dict` if the style asks for that and its keys can be keywords; else the value itself."""
        if self.calls and isinstance(value, dict) and all(map(_may_be_keyword, value)):
            return Call("dict", value)
        return value


def _may_be_keyword(key: str) -> bool:
    return key.isidentifier() and not iskeyword(key)


def flat(value: NewValue, style: Style) -> str:
    """A value written on one line. Raises CannotEdit."""
    match value := style.shaped(value):
        case dict():
            return "{" + ", ".join(f"{string(k, style.key_quote)}: {flat(v, style)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(flat(item, style) for item in value) + "]"
        case Call():
            return f"{value.name}({', '.join(_arguments(value, style))})"
        case str():
            return string(value, style.quote)
        case NewExpression():
            return value.text
        case FString():
            return template(value.parts, style.quote)
        case Copy() | Tagged():
            raise CannotEdit("a value of another syntax")
        case _:
            return repr(value)


def _arguments(call: Call, style: Style) -> list[str]:
    return [
        *(flat(value, style) for value in call.positional),
        *(f"{name}={flat(value, style)}" for name, value in call.arguments.items()),
    ]


def laid_out(value: NewValue, style: Style, indent: str, used: int, *, comma: bool = True) -> str:
    """A value written from column `used` of a line indented by `indent`: on that line if it fits (with room for a comma
    if `comma`), else in brackets of several lines."""
    one_line = flat(value, style)
    value = style.shaped(value)
    nested = isinstance(value, dict | list | Call) and one_line[-2:] not in ("{}", "[]", "()")
    expands = style.expand and isinstance(value, dict)
    if not nested or (used + len(one_line) + comma <= style.width and not expands):
        return one_line
    opened, closed = "", ""
    members: list[tuple[str, NewValue]] = []
    match value:
        case dict():
            opened, closed = "{", "}"
            members = [(f"{string(key, style.key_quote)}: ", item) for key, item in value.items()]
        case list():
            opened, closed = "[", "]"
            members = [("", item) for item in value]
        case Call(hug=True, positional=(only,), arguments={}):
            return f"{value.name}({laid_out(only, style, indent, used=used + len(value.name) + 1)})"
        case Call():
            opened, closed = f"{value.name}(", ")"
            members = [("", item) for item in value.positional]
            members += [(f"{name}=", item) for name, item in value.arguments.items()]
        case _:
            pass
    inner = indent + style.unit
    several = len(members) > 1 or style.expand
    written = [
        before + laid_out(item, style, inner, used=len(inner) + len(before), comma=several) for before, item in members
    ]
    return explode(opened, written, closed, style=style, indent=indent)


def explode(
    opened: str, members: list[str], closed: str, style: Style, indent: str, *, comma: bool | None = None
) -> str:
    """Brackets with each member on a line of its own. As in Black, a single argument has no trailing comma, unless the
    brackets would also fit on one line: then only a comma keeps Black from joining the lines."""
    if not members:
        return opened + closed
    alone = len(members) == 1 and not style.expand
    last = "," if (style.trailing_comma and not alone if comma is None else comma) else ""
    inner = style.newline + indent + style.unit
    return opened + inner + ("," + inner).join(members) + last + style.newline + indent + closed
