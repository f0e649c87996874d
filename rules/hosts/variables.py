"""The expansion of words.

A value that only the host knows (an unset variable, a command's output, an operator that is not followed here) becomes
an unknown token, so that the rest of its word is still understood. Sources: POSIX.1-2017, XCU 2.6 Word Expansions;
bash(1), EXPANSION.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rules.hosts import parameters
from rules.hosts.arithmetic import Arithmetic
from rules.hosts.grammar.lexer import Lexer
from rules.hosts.grammar.patterns import Glob
from rules.hosts.grammar.syntax import HereDocument, PieceKind, Word, WordPiece
from rules.hosts.grammar.tokens import OPEN, Tokens, is_unknown
from rules.hosts.namespace import MAX_VALUE, Array, Namespace
from rules.hosts.parameters import BraceExpansion

MAX_ITEMS = 64
"""Ranges and arrays with more items are not followed."""

_MAX_CUT = 512
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_RANGE = re.compile(r"\{(-?[0-9]{1,6})\.\.(-?[0-9]{1,6})(?:\.\.(-?[0-9]{1,4}))?\}")
_ALL = ("@", "*")
_BLANKS = " \t\n"
_SET_BY_THE_SHELL = frozenset((
    "BASHPID", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "HOME", "HOSTNAME", "HOSTTYPE", "INSTANCE_ID", "LANG",
    "LINENO", "LOGNAME", "MACHTYPE", "OLDPWD", "OSTYPE", "PATH", "PIPESTATUS", "PPID", "PWD", "RANDOM", "REPLY",
    "SECONDS", "SHELL", "SHLVL", "SRANDOM", "TERM", "TMPDIR", "UID", "USER",
))  # fmt: skip
"""Variables that are set on every host, or by the shell itself."""
_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Variables(Namespace):
    """The variables of a script, and the words that are made with them."""

    def __init__(self, tokens: Tokens, known_environment: bool) -> None:
        super().__init__(tokens, known_environment)
        self.substitute: Callable[[str], str] = tokens.unknown
        """Runs a command substitution, given with its signs, and returns its output."""
        self.missing = ""
        """A variable that is surely unset and was used, since somebody last looked (`set -u`)."""

    # -- words ---------------------------------------------------------------------------------------------------------

    def text(self, word: Word | HereDocument) -> str:
        """A word as one string, as on the right of an assignment or in a here-document."""
        if isinstance(word, HereDocument):
            if word.raw:
                return word.body
            word = Lexer(word.body).here_text()
        if isinstance(word, str):
            return word
        limit = MAX_VALUE + 4 * sum(len(piece.text) for piece in word)
        found: list[str] = []
        for piece in word:
            found.append(self.piece(piece))
            limit -= len(found[-1])
            if limit < 0:
                return self._tokens.unknown("…")
        return "".join(found)

    def fields(self, word: Word) -> list[str]:
        """The words that a word becomes: split at the separators in unquoted variables, braces expanded."""
        if isinstance(word, str):
            return _braces(word) if "{" in word else [word]
        if all(piece.part is PieceKind.LITERAL for piece in word):
            return _braces_outside_quotes(word)
        fields: list[str] = []
        current: list[str] | None = None
        room = MAX_VALUE + 4 * sum(len(piece.text) for piece in word)
        for piece in word:
            whole = piece.part is PieceKind.LITERAL or piece.quoted
            listed = self._listed(piece)
            if listed is None:
                listed = [self.piece(piece)]
                if whole:
                    current = [] if current is None else current
            room -= sum(map(len, listed))
            if room < 0:
                return [self._tokens.unknown("…")]
            for number, value in enumerate(listed):
                parts = [value] if whole else self.split(value)
                if number and current is not None:
                    fields.append("".join(current))
                    current = None
                for index, part in enumerate(parts):
                    if index and current is not None:
                        fields.append("".join(current))
                        current = None
                    if part or whole:
                        current = [] if current is None else current
                        current.append(part)
        if current is not None:
            fields.append("".join(current))
        return [f for field in fields for f in _braces(field)] if _has_open_brace(word) else fields

    def items(self, words: list[Word]) -> list[str] | None:
        """The items of a `for` loop or an array; None if they are not known."""
        found: list[str] = []
        literal = self.has_option("f") is True
        for word in words:
            if isinstance(word, tuple) and any(self._is_unknown_list(piece) for piece in word):
                return None
            fields = self.fields(word)
            # A reference that is alone may be a list of items.
            whole = isinstance(word, str) or all(piece.quoted for piece in word) or len(fields) > 1
            for item in fields:
                pattern = not literal and any(c in item for c in "*?[") and not _is_quoted(word)
                if is_unknown(self._tokens.as_ids(item)) or pattern or (not whole and _may_be_empty(item)):
                    return None
                found.append(item)
                if len(found) > 2 * MAX_ITEMS:
                    return None
        return found

    def split(self, value: str) -> list[str]:
        """A value split at the separators (`IFS`), as an unquoted variable is: "" at an end stands for a separator there."""
        separators = self.separators()
        if separators is None:
            return [self._tokens.unknown(value) if value else ""]
        if not separators:
            return [value]
        pattern = parameters.splitting(separators)
        if OPEN not in value or set(separators) <= set(_BLANKS):
            return pattern.split(value)
        self.work += 8 * len(value)
        parts = self._tokens.through(value, lambda text: tuple(pattern.split(text)))
        return [self._tokens.unknown(value)] if parts is None else list(parts)

    def separators(self) -> str | None:
        """The characters at which fields are split; None if they are not known."""
        known = self.get("IFS")
        return _BLANKS if known is None else None if OPEN in known else known

    # -- pieces --------------------------------------------------------------------------------------------------------

    def piece(self, piece: WordPiece) -> str:
        """The value of a piece of a word, as one string."""
        if piece.part is PieceKind.LITERAL:
            return piece.text
        if piece.part is PieceKind.COMMAND:
            if piece.text.startswith("$((") and piece.text.endswith("))"):
                number = self.calculate(piece.text[3:-2])
                return self._tokens.unknown(piece.text) if number is None else str(number)
            return self.substitute(piece.text)
        listed = self._listed(piece)
        if listed is not None:
            separators = self.separators()
            return self._unknown(piece) if separators is None else separators[:1].join(listed)
        parameter = BraceExpansion.parse(piece.text) if len(piece.text) <= MAX_VALUE else None
        value = self._parameter(parameter) if parameter else None
        return self._unknown(piece) if value is None else value

    def calculate(self, text: str) -> int | None:
        """The value of an arithmetic expression; None if it is not known. Its assignments are made."""
        if "$(" in text or "`" in text or OPEN in text:
            self.forget()
            return None
        if "${" in text or "$#" in text or re.search(r"\$[0-9@*?]", text):
            text = self.text(Lexer(text).here_text())
            if OPEN in text:
                return None
        return Arithmetic(text, self._number, self._set_number).evaluate()

    def _number(self, name: str) -> int | None:
        value = self.get(name)
        if value is None:
            return 0 if self._is_surely_unset(name) else None
        return int(value) if _NUMBER.fullmatch(value) else None

    def _set_number(self, name: str, value: int | None) -> None:
        self.assign(name, None if value is None else str(value))

    def _unknown(self, piece: WordPiece) -> str:
        shown = f"${piece.text}" if piece.text.isidentifier() else f"${{{piece.text}}}"
        return self._tokens.unknown(shown)

    def _is_unknown_list(self, piece: WordPiece) -> bool:
        parameter = _list_of(piece)
        return parameter is not None and self._items_of(parameter) is None

    def _listed(self, piece: WordPiece) -> list[str] | None:
        """The values that a piece such as `$@` stands for; None for other pieces, and if they are not known."""
        parameter = _list_of(piece)
        if parameter is None or (piece.quoted and (parameter.name == "*" or parameter.index == "*")):
            return None
        return self._items_of(parameter)

    def _items_of(self, parameter: BraceExpansion) -> list[str] | None:
        if parameter.name in _ALL:
            if parameter.operator or self.arguments is None:
                items = None if self.arguments is None else [*self.arguments]
            else:
                items = list(self.arguments)
        else:
            value = self.value(parameter.name)
            if isinstance(value, str):
                items = None if is_unknown(value) else [value]
                if parameter.keys and items is not None:
                    items = ["0"]
            elif value is None:
                items = [] if self._known_environment else None
            else:
                items = [key if parameter.keys else item for key, item in value.items]
        if items is None or not parameter.operator:
            return items
        if parameter.operator == ":":
            bounds = self._bounds(parameter.operand)
            if bounds is None:
                return None
            if parameter.name in _ALL:
                items = ["bash", *items]
            start, length = bounds
            start = start if start >= 0 else max(0, len(items) + start)
            return items[start:] if length is None else items[start : start + length] if length >= 0 else None
        if parameter.operator[-1] in "-=?":
            return items or None
        changed = [self._changed(item, parameter) for item in items]
        return None if None in changed else [item for item in changed if item is not None]

    # -- parameters ----------------------------------------------------------------------------------------------------

    def _parameter(self, parameter: BraceExpansion) -> str | None:
        """The value of `${…}`; None if it is not known."""
        if parameter.indirect:
            name = self._plain(parameter)
            if name is None or OPEN in name or not (target := BraceExpansion.parse(name)) or target.operator:
                return None
            parameter = target.with_operator_of(parameter)
        if parameter.length:
            return self._length(parameter)
        if parameter.index in _ALL or parameter.name == "*":
            items = self._items_of(parameter)
            separators = self.separators()
            return None if items is None or separators is None else separators[:1].join(items)
        value = self._plain(parameter)
        operator = parameter.operator
        if not operator or operator[-1] == "?":
            if value is None and not operator and self._is_surely_unset(parameter.name):
                self.missing = parameter.name
            return value
        if operator[-1] in "-=+" and operator[0] in ":-=+":
            return self._default(parameter, value)
        return None if value is None else self._changed(value, parameter)

    def _default(self, parameter: BraceExpansion, value: str | None) -> str | None:
        """`${X:-default}` and its kin."""
        operator = parameter.operator
        if value is None and not self._is_surely_unset(parameter.name):
            return None
        filled = value is not None and (value != "" or operator[0] != ":")
        if operator[-1] == "+":
            if value is not None and operator[0] == ":" and _may_be_empty(value):
                return None
            return self.text(Lexer(parameter.operand).operand()) if filled else ""
        if filled and value is not None:
            # A reference may be empty: then the default would count.
            return value if not _may_be_empty(value) or not parameter.operand or operator[0] != ":" else None
        default = self.text(Lexer(parameter.operand).operand())
        if operator[-1] == "=":
            self.assign(parameter.name, default)
        return default

    def _changed(self, value: str, parameter: BraceExpansion) -> str | None:
        """A value with an operator applied that cuts, replaces or converts."""
        operator, operand = parameter.operator, parameter.operand
        if operator == ":":
            bounds = self._bounds(operand)
            if bounds is None:
                return None
            return self._tokens.through(value, lambda text: parameters.part(text, *bounds))
        if operator in ("^", "^^", ",", ",,"):
            if operand:
                return None
            return self._tokens.through(value, lambda text: parameters.converted(text, operator))
        pattern, new = operand, ""
        if operator[0] == "/":
            pattern, new = parameters.halves(operand)
            new = self.text(Lexer(new).operand())
        pieces = self._pattern(pattern)
        glob = Glob.parse(pieces)
        if glob is None or len(value) > _MAX_CUT:
            return None
        result = self._tokens.through(value, lambda text: parameters.cut(text, glob, operator, new))
        self.work += glob.steps + 4 * len(value)
        return result

    def _pattern(self, text: str) -> list[tuple[str, bool]]:
        return self.pattern(Lexer(text).operand())

    def pattern(self, word: Word) -> list[tuple[str, bool]]:
        """The pieces of a pattern, each with whether it is quoted."""
        if isinstance(word, str):
            return [(word, False)]
        return [(self.piece(piece), piece.quoted) for piece in word]

    def _bounds(self, operand: str) -> tuple[int, int | None] | None:
        """Offset and length of `${X:offset:length}`."""
        first, colon, second = operand.partition(":")
        start = self.calculate(first)
        length = self.calculate(second) if colon else None
        return None if start is None or (colon and length is None) else (start, length)

    def _length(self, parameter: BraceExpansion) -> str | None:
        if parameter.index in _ALL:
            items = self._items_of(parameter)
            return None if items is None else str(len(items))
        if parameter.name in ("", *_ALL):
            return None if self.arguments is None else str(len(self.arguments))
        value = self._plain(parameter)
        return None if value is None or OPEN in value else str(len(value))

    def _plain(self, parameter: BraceExpansion) -> str | None:
        """The value of a parameter without its operator; None if it is unset or not known."""
        name = parameter.name
        if name == "#":
            return None if self.arguments is None else str(len(self.arguments))
        if name in _ALL:
            return " ".join(self.arguments) if self.arguments else None
        if name.isdecimal():
            if self.arguments is None or not 0 < int(name[:4]) <= len(self.arguments):
                return None
            return self.arguments[int(name[:4]) - 1]
        if not parameter.index:
            return self.get(name)
        value = self.value(name)
        if not isinstance(value, Array):
            return value if parameter.index == "0" else None
        key = self.key(value, Lexer(parameter.index).operand())
        if key is None:
            return None
        found = value.get(key)
        if found is None and (key.startswith("-") or any(OPEN in known for known, _ in value.items)):
            return value.items[int(key)][1] if re.fullmatch(r"-[1-9]", key) and -int(key) <= len(value.items) else None
        return "" if found is None else found

    def key(self, array: Array | None, index: Word) -> str | None:
        """The key that an index means; None if it is not known."""
        if array and array.keyed:
            key = self.text(index)
            return None if is_unknown(key) else key
        number = self.calculate(index if isinstance(index, str) else self.text(index))
        return None if number is None else str(number)

    def _is_surely_unset(self, name: str) -> bool:
        if name in _ALL or name.isdecimal():
            return self.arguments is not None
        return self._known_environment and name not in _SET_BY_THE_SHELL and self.value(name) is None


def _list_of(piece: WordPiece) -> BraceExpansion | None:
    """The list that a piece names (`$@`, `${a[@]}`), None for others."""
    if piece.part is not PieceKind.VARIABLE or ("@" not in piece.text and "*" not in piece.text):
        return None
    parameter = BraceExpansion.parse(piece.text)
    if parameter is None or parameter.length or (parameter.indirect and not parameter.keys):
        return None
    return parameter if parameter.name in _ALL or parameter.index in _ALL else None


def _may_be_empty(value: str) -> bool:
    """Whether a value may be empty: it consists of references."""
    return value == "" or (OPEN in value and re.sub(f"{OPEN}[^{OPEN}]*?\ue001", "", value) == "")


def _is_quoted(word: Word) -> bool:
    """Whether no sign of a word is a pattern."""
    return isinstance(word, tuple) and all(piece.quoted for piece in word)


def _has_open_brace(word: tuple[WordPiece, ...]) -> bool:
    return any("{" in piece.text and piece.part is PieceKind.LITERAL and not piece.quoted for piece in word)


def _braces(word: str) -> list[str]:
    """Expand `{a,b}` and `{1..3}`, as in `mkdir -p /mnt/{a,b}`, unless that would make very many words."""
    words = [word]
    while len(word) <= 1000 and (first := _BRACES.search(words[0])):
        if len(words) * (first[1].count(",") + 1) > MAX_ITEMS:
            break
        words = [
            w[: m.start()] + choice + w[m.end() :]
            for w in words
            if (m := _BRACES.search(w))
            for choice in m[1].split(",")
        ]
    return [ranged for w in words for ranged in _ranges(w)] if ".." in word else words


def _ranges(word: str) -> list[str]:
    match = _RANGE.search(word)
    if match is None or len(word) > 1000:
        return [word]
    first, last = int(match[1]), int(match[2])
    step = abs(int(match[3] or 1)) or 1
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    if len(numbers) > MAX_ITEMS:
        return [word]
    width = max((len(n.lstrip("-")) for n in match.groups()[:2] if n.lstrip("-").startswith("0")), default=0)
    return [f"{word[: match.start()]}{number:0{width}d}{word[match.end() :]}" for number in numbers]


def _braces_outside_quotes(word: tuple[WordPiece, ...]) -> list[str]:
    joined = "".join(piece.text for piece in word)
    return _braces(joined) if any("{" in piece.text and not piece.quoted for piece in word) else [joined]
