"""The possible values of a scalar in a plain file once its placeholders are filled in: those of Jinja, Go's templates,
of shells and of Terraform."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from migrate.dialects.common.values import parse_text
from migrate.syntax import literal, resolve
from migrate.syntax.node import Node, Scalar
from rules.model import ANYTHING, NOT_GIVEN, UNSEEN, Possible, Ref

_LONGEST = 1000
"""The longest expression that is looked into, in characters."""
_SHELL = re.compile(r"\$\{\w+(?P<how>:?[-=?+])(?P<word>[^{}]*)\}")
_BLOCK = re.compile(r"\{%[-+]?\s{0,9}(if|elif|else|endif)\b.{0,300}?%\}", re.DOTALL)
_STATEMENT = re.compile(r"\{\{-?\s{0,9}(?:if|with|range)\b|\{%|<%(?!=)|%\{")
"""The start of a text that a statement of a template language decides on."""
_ELSE = re.compile(r"(?:\{\{|\{%|<%|%\{)[-~]?\s{0,9}else\b")
_EMPTY = re.compile(
    r"""(?:\bdefault|\bcoalesce|\bor|\belse|\|\||[?:,(]|\benv\s{1,9}(?:"[^"]*"|`[^`]*`))\s{0,9}\(?\s{0,9}(?:''|""|``)"""
)
"""An alternative that is empty, in the languages whose expressions are not parsed."""


def options(node: Node | None) -> Possible[str]:
    """The possible values of a node in a plain file."""
    found = resolve(node)
    if found is None:
        return NOT_GIVEN if node is None else UNSEEN
    if not isinstance(found, Scalar):
        return UNSEEN
    return NOT_GIVEN if literal(found) is None else of_text(found.text)


@lru_cache(maxsize=1024)
def of_text(text: str) -> Possible[str]:
    """The possible values of a text once its placeholders are filled in."""
    if not text.strip():
        return NOT_GIVEN
    if (chosen := _by_blocks(text)) is not None:
        return chosen
    if _STATEMENT.match(text.strip()):
        return Possible(others=True, absent=_ELSE.search(text) is None)
    parts = parse_text(text).parts
    if not any(isinstance(part, Ref) for part in parts):
        return Possible.of(text)
    if any(isinstance(part, str) and part.strip() for part in parts):
        return UNSEEN
    # Only where all of the placeholders are empty is the text empty, and only a single one is all of the text.
    found = [_of_placeholder(part.source) for part in parts if isinstance(part, Ref)]
    return found[0] if len(found) == 1 else Possible(others=True, absent=all(one.absent for one in found))


def _by_blocks(text: str) -> Possible[str] | None:
    """The branches of `{% if … %}…{% else %}…{% endif %}`, if that is all of a text; else None."""
    stripped = text.strip()
    marks = list(_BLOCK.finditer(stripped))
    if [mark[1] for mark in marks[:1]] != ["if"] or marks[-1][1] != "endif":
        return None
    if marks[0].start() or marks[-1].end() != len(stripped) or [m[1] for m in marks].count("if") > 1:
        return None
    found: Possible[str] = Possible(absent=not any(mark[1] == "else" for mark in marks))
    for mark, following in pairwise(marks):
        found |= of_text(stripped[mark.end() : following.start()])
    return found


def _of_placeholder(source: str) -> Possible[str]:
    if source.startswith("{{"):
        return _of_jinja(source[2:-2].strip("+- \t\n"))
    if match := _SHELL.fullmatch(source):
        if match["how"] in (":?", "?"):
            return UNSEEN
        if match["how"] in (":+", "+"):
            return ANYTHING
        return UNSEEN | of_text(match["word"])
    return Possible(others=True, absent=_EMPTY.search(source) is not None)


def _of_jinja(expression: str) -> Possible[str]:
    if len(expression) > _LONGEST:
        return ANYTHING
    if re.fullmatch(r"[\w.]+", expression):
        return NOT_GIVEN if expression == "omit" else UNSEEN
    from migrate.dialects.common.possible.jinja import of

    found = of(expression)
    return found if found is not None else Possible(others=True, absent=_EMPTY.search(expression) is not None)
