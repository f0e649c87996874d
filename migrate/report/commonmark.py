"""Escapes text from files as Markdown (CommonMark and GitHub's dialect), so that it is shown and never taken for
markup.

Whatever could be markup, HTML, a mention or a link goes into a code span or block. A backslash would
not be enough: GitHub links `\\@name`, too.
"""

from __future__ import annotations

import re
from functools import reduce

from migrate.terminal.printable import printable

# Words that need no code span: letters alone, acronyms with a digit and numbers, with punctuation; dashes and arrows.
_LETTERS = r"[^\W\d_]+"
_WORD = rf"{_LETTERS}(?:[-’']{_LETTERS})*|[A-Z]{{1,4}}\d{{1,3}}|\d+(?:\.\d+)*"
_PLAIN = re.compile(rf"[(\"“']*(?:{_WORD})?[\"”')]*[.,;:!?…]*|[-–—→+=]+")
_QUOTED = re.compile(r"(?<!`)`(?!`)([^`]+)`(?!`)")
_AROUND = re.compile(r"(\(?)(.*?)([.,;:)]*)")


def code(text: str) -> str:
    """The text as a code span on one line."""
    shown = printable(text) or " "
    fence = "`" * (_longest_run(shown) + 1)
    # Markdown strips one space from either side. The padding keeps backticks apart and the text's own spaces in place.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def block(text: str, language: str) -> str:
    """The text as a fenced code block, with a final newline. `language` is not escaped."""
    fence = "`" * max(3, _longest_run(text) + 1)
    newline = "\n"
    return f"{fence}{language}\n{text.removesuffix(newline)}{newline}{fence}\n"


def prose(text: str) -> str:
    """A message as one line of Markdown: quotes in backticks become code, as do all words with more than letters in
    them."""
    parts = _QUOTED.split(printable(text))
    shown = (code(part) if index % 2 else _words(part) for index, part in enumerate(parts))
    return reduce(_beside, shown, "")


def _beside(left: str, right: str) -> str:
    """Joins two texts, with a space between two code spans, which Markdown would otherwise read as one."""
    return f"{left} {right}" if left.endswith("`") and right.startswith("`") else left + right


def _words(text: str) -> str:
    return " ".join(word if not word or _PLAIN.fullmatch(word) else _around(word) for word in text.split(" "))


def _around(word: str) -> str:
    match = _AROUND.fullmatch(word)
    before, inside, after = match.groups() if match else ("", word, "")
    return f"{before}{code(inside)}{after}" if inside else code(word)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
