"""Text from outside as Markdown (CommonMark and GitHub's dialect) that shows it and is shaped by none of it.

Whatever could be markup, HTML, a mention or a link goes into a code span or block, where nothing of that is looked for: a
backslash would not keep GitHub from linking `@name`.
"""

from __future__ import annotations

import re
from functools import reduce

from migrate.terminal.printable import printable

# Words of letters alone, acronyms with a digit, numbers, with what prose puts around and between them; dashes and arrows.
_LETTERS = r"[^\W\d_]+"
_WORD = rf"{_LETTERS}(?:[-’']{_LETTERS})*|[A-Z]{{1,4}}\d{{1,3}}|\d+(?:\.\d+)*"
_PLAIN = re.compile(rf"[(\"“']*(?:{_WORD})?[\"”')]*[.,;:!?…]*|[-–—→+=]+")
_QUOTED = re.compile(r"(?<!`)`(?!`)([^`]+)`(?!`)")
_AROUND = re.compile(r"(\(?)(.*?)([.,;:)]*)")


def code(text: str) -> str:
    """A code span of one line."""
    shown = printable(text) or " "
    fence = "`" * (_longest_run(shown) + 1)
    # One space on either side is taken off again; it keeps backticks apart, and what begins or ends with spaces whole.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def block(text: str, language: str) -> str:
    """A code block, with a final newline. `language` is ours."""
    fence = "`" * max(3, _longest_run(text) + 1)
    newline = "\n"
    return f"{fence}{language}\n{text.removesuffix(newline)}{newline}{fence}\n"


def prose(text: str) -> str:
    """A message as one line: what stands in backticks is code, and so are all words that are more than letters."""
    parts = _QUOTED.split(printable(text))
    shown = (code(part) if index % 2 else _words(part) for index, part in enumerate(parts))
    return reduce(_beside, shown, "")


def _beside(left: str, right: str) -> str:
    """One text after another. Two code spans with nothing between them would not be two."""
    return f"{left} {right}" if left.endswith("`") and right.startswith("`") else left + right


def _words(text: str) -> str:
    return " ".join(word if not word or _PLAIN.fullmatch(word) else _around(word) for word in text.split(" "))


def _around(word: str) -> str:
    match = _AROUND.fullmatch(word)
    before, inside, after = match.groups() if match else ("", word, "")
    return f"{before}{code(inside)}{after}" if inside else code(word)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
