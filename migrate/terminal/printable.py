"""Functions that make text from outside (file names, values, other programs' messages) safe for a terminal; colours."""

from __future__ import annotations

import os
import re

# Texts that the logs of GitHub Actions and Azure Pipelines take for commands: the former at the start of a line
# (runner, ActionCommand.cs: blanks before it do not count), the latter anywhere.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\w*\[)")

_STYLES = {
    "bold": "1",
    "faint": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "bold green": "1;32",
    "bold yellow": "1;33",
}
"""Parameters of the terminal sequence SGR (ECMA-48, §8.3.117)."""
_STYLED = re.compile(r"\x1b\[[0-9;]*m")


def printable(text: str) -> str:
    r"""Return `text` with everything escaped that is not a visible character or a plain space.

    The result is one line and cannot move the cursor, change colours, reorder what follows (bidirectional controls) or
    fail to encode as UTF-8: control and format characters, line separators, unassigned and private characters become
    `\n`, `\x1b`, `\u202e` or `\U000e0001`; a lone surrogate that stands for an undecodable byte of a file name
    (PEP 383) becomes that byte, `\xe9`. Neither does the log of a CI service take it for a command: a `::` at the start
    becomes `\x3a:`, and a `##[` anywhere `\x23#[`. Backslashes stay as they are, so the result is for reading, not for
    decoding.
    """
    # str.isprintable is the interpreter's own table (Unicode categories C* and Z* except the space).
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _escape(character) for character in text)
    return _COMMAND.sub(_defused, text) if "::" in text or "##" in text else text


def _defused(match: re.Match[str]) -> str:
    blanks: str | None = match[1]
    return r"\x23" if blanks is None else rf"{blanks}\x3a"


def printable_lines(text: str) -> str:
    """The lines of a text, each made printable except for its tabs; every line break becomes a line feed."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines)


def painted(text: str, style: str) -> str:
    """A text, which has to be printable, in one of the styles of `_STYLES`."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def unpainted(text: str) -> str:
    """A text without any style."""
    return _STYLED.sub("", text)


def coloured(terminal: bool) -> bool:
    """Whether output is coloured: on a terminal that can show colours, or if FORCE_COLOR or CLICOLOR_FORCE ask for
    them; never with NO_COLOR (no-color.org, bixense.com/clicolors)."""
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return terminal and not is_dumb()


def is_dumb() -> bool:
    """Whether the environment says that the terminal can only show plain text."""
    return os.environ.get("TERM", "dumb") in ("dumb", "")


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    # unicode_escape accepts every surrogate and knows the short forms \n, \r and \t.
    return character.encode("unicode_escape").decode("ascii")
