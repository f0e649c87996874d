"""Commands that pass text on: cut, tr, sed, awk, head, basename … as far as the text is known.

Sources: POSIX.1-2017, XCU Utilities; GNU coreutils manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rules.facts.paths import normalise
from rules.hosts.commands import unread
from rules.hosts.commands.printing import write, write_unknown
from rules.hosts.commands.stream_editor import StreamEditor
from rules.hosts.grammar.lexer import unescape
from rules.hosts.grammar.patterns import Regex
from rules.hosts.grammar.tokens import OPEN
from rules.hosts.likelihood import Likelihood
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import looks_like_efs
from rules.hosts.mounts.mount_files import FSTAB, LISTING
from rules.hosts.mounts.states import Doubt
from rules.hosts.state import Handler, ShellState

_MAX_LINES = 200
_NETWORK = re.compile(r"\b(?:efs|nfs4?)\b")
_UNREAD = re.compile(r"umount|/etc/")
_PRINT = re.compile(r"\s*(?:/([^/]*)/)?\s*\{\s*print\s*([^{}]*?);?\s*\}\s*")
_PRINTED = re.compile(r'\s*(?:\$(NF|[0-9]{1,3})|"((?:[^"\\]|\\.)*)"|(,))')
_TR_CLASSES = {
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "lower": "abcdefghijklmnopqrstuvwxyz", "digit": "0123456789",
    "space": " \t\n\r\f\v", "blank": " \t", "punct": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}  # fmt: skip
_TR_CLASSES["alpha"] = _TR_CLASSES["upper"] + _TR_CLASSES["lower"]
_TR_CLASSES["alnum"] = _TR_CLASSES["digit"] + _TR_CLASSES["alpha"]
_TR_SIGN = re.compile(r"\[:([a-z]+):\]|(\\?.)-(\\?.)|(\\?.)", re.DOTALL)

Operation = Callable[[str], "str | None"]


def _pass_on(shell: ShellState, files: list[str], operation: Operation | None, line: int) -> Likelihood:
    """Write what becomes of the input, or of files that the script has written."""
    if shell.output is None:
        if shell.input and not files:
            shell.input.take()
        return Likelihood.LIKELY
    text = _input(shell, files)
    result = None
    if text is not None and operation and text.count("\n") <= _MAX_LINES and shell.spend(4 * len(text), line):
        result = shell.host.tokens.through(text, operation)
    if result is None:
        write_unknown(shell)
    else:
        write(shell, result, line)
    return Likelihood.LIKELY


def _input(shell: ShellState, files: list[str]) -> str | None:
    """The text of the files, or of the input; None if it is not known."""
    if not files or files == ["-"]:
        text = shell.input.take() if shell.input and shell.input.known else None
        return None if text is None or LISTING in text else text
    found: list[str] = []
    for name in files:
        file = shell.host.files.get(shell.host.path(name, shell.directory) or "")
        if file is None or not file.certain:
            return None
        file.used = True
        found.append(file.text)
    return "".join(found)


def _by_line(change: Callable[[str], str | None]) -> Operation:
    """An operation on text that changes each line; None for a line leaves it out."""

    def operation(text: str) -> str:
        lines = text.removesuffix("\n").split("\n") if text else []
        return "".join(f"{changed}\n" for line in lines if (changed := change(line)) is not None)

    return operation


def _options(arguments: list[str], with_value: str) -> tuple[dict[str, str], list[str]]:
    """The options with their values ("" for those without), and the other words."""
    found: dict[str, str] = {}
    rest: list[str] = []
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            found[name] = value
        elif not word.startswith("-") or len(word) == 1:
            rest.append(word)
        else:
            for index, letter in enumerate(word[1:], 2):
                if letter in with_value:
                    value = word[index:] or (words.pop(0) if words else "")
                    found[letter] = f"{found[letter]}\n{value}" if letter == "e" and letter in found else value
                    break
                found[letter] = ""
    return found, rest


# -- fields ------------------------------------------------------------------------------------------------------------


def _cut(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    options, files = _options(arguments, "dfcb")
    sign = options.get("d", options.get("delimiter", "\t"))
    listed = options.get("f", options.get("fields", options.get("c", "")))
    wanted = [_span(part) for part in listed.split(",")]
    spans = [span for span in wanted if span]
    letters = "c" in options
    if len(spans) != len(wanted) or set(options) - {"d", "f", "c", "s", "delimiter", "fields"} or len(sign) != 1:
        return _pass_on(shell, files, None, line=line)

    def change(entry: str) -> str | None:
        if not letters and sign not in entry:
            return None if "s" in options else entry
        parts = list(entry) if letters else entry.split(sign)
        chosen = [part for n, part in enumerate(parts, 1) if any(first <= n <= last for first, last in spans)]
        return ("" if letters else sign).join(chosen)

    return _pass_on(shell, files, _by_line(change), line=line)


def _span(part: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"([0-9]{0,4})(-)?([0-9]{0,4})", part)
    if match is None or not (match[1] or match[3]):
        return None
    first = int(match[1] or 1)
    return first, int(match[3]) if match[3] else 10_000 if match[2] else first


def _awk(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    options, rest = _options(arguments, "F")
    program = _PRINT.fullmatch(rest[0]) if rest and len(rest[0]) < 300 else None
    sign = options.get("F", " ")
    items = _printed(program[2]) if program else None
    pattern = Regex.parse(program[1], extended=True) if program and program[1] else None
    simple = (len(sign) == 1 and sign not in ".*[\\^$") or sign == r"\t"
    if program is None or items is None or set(options) - {"F"} or not simple or (program[1] and pattern is None):
        unread.suspect(shell, "awk", ["awk", *arguments], line)
        return _pass_on(shell, rest[1:], None, line=line)
    sign = "\t" if sign == r"\t" else sign

    def change(entry: str) -> str | None:
        if pattern and not (pattern.suits(entry) and pattern.pattern.search(entry)):
            return None
        fields = entry.split() if sign == " " else entry.split(sign)
        return "".join(_field(item, entry, fields) for item in items)

    return _pass_on(shell, rest[1:], _by_line(change), line=line)


def _printed(text: str) -> list[tuple[str, str]] | None:
    """The items that awk's `print` prints, each as the number of a field and a text."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _PRINTED.match(text, at)
        if match is None:
            return None
        found.append((match[1] or "", " " if match[3] else unescape(match[2] or "")))
        at = match.end()
    return found or [("0", "")]


def _field(item: tuple[str, str], line: str, fields: list[str]) -> str:
    number, text = item
    if not number:
        return text
    if number == "NF":
        return fields[-1] if fields else ""
    return line if number == "0" else fields[int(number) - 1] if int(number) <= len(fields) else ""


# -- characters and lines ----------------------------------------------------------------------------------------------


def _tr(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    options, rest = _options(arguments, "")
    sets = [_signs(word) for word in rest]
    deleting = "d" in options
    if set(options) - {"d", "s"} or not sets or None in sets or len(sets) != (1 if deleting or len(rest) == 1 else 2):
        return _pass_on(shell, [], None, line=line)
    first, second = sets[0] or "", (sets[1] or "") if len(sets) > 1 else ""
    if not deleting and not second and "s" not in options:
        return _pass_on(shell, [], None, line=line)

    def operation(text: str) -> str:
        if deleting:
            return "".join(sign for sign in text if sign not in first)
        if second:
            new = second + second[-1] * (len(first) - len(second))
            text = text.translate({ord(a): b for a, b in reversed(list(zip(first, new, strict=False)))})
        if "s" in options:
            text = re.sub(f"([{re.escape(second or first)}])\\1+", r"\1", text)
        return text

    return _pass_on(shell, [], operation, line=line)


def _signs(text: str) -> str | None:
    """The characters of a set of `tr`; None if it is not known."""
    if OPEN in text:
        return None
    found: list[str] = []
    for match in _TR_SIGN.finditer(text[:200]):
        if match[1]:
            if match[1] not in _TR_CLASSES:
                return None
            found.append(_TR_CLASSES[match[1]])
        elif match[2]:
            first, last = ord(unescape(match[2])[-1]), ord(unescape(match[3])[-1])
            if not first <= last < 0x180:
                return None
            found.append("".join(map(chr, range(first, last + 1))))
        else:
            found.append(unescape(match[4])[-1])
    return "".join(found)


def _head(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    number = re.compile(r"-([0-9]{1,4})")
    short = next((match[1] for a in arguments if (match := number.fullmatch(a))), None)
    options, files = _options([a for a in arguments if not number.fullmatch(a)], "n")
    count = options.get("n", options.get("lines", short or "10"))
    if set(options) - {"n", "lines"} or not count.isdecimal():
        return _pass_on(shell, files, None, line=line)
    wanted = int(count[:6])

    def operation(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(lines[:wanted] if name == "head" else lines[-wanted:] if wanted else [])

    return _pass_on(shell, files, operation, line=line)


def _sort(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    options, files = _options(arguments, "")

    def operation(text: str) -> str:
        lines = text.removesuffix("\n").split("\n") if text else []
        if name == "uniq":
            lines = [entry for n, entry in enumerate(lines) if not n or lines[n - 1] != entry]
        else:
            lines = sorted(set(lines) if "u" in options else lines, reverse="r" in options)
        return "".join(f"{entry}\n" for entry in lines)

    return _pass_on(shell, files, None if set(options) - {"u", "r"} else operation, line=line)


def grep(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`grep` as a filter of a text that is known."""
    options, rest = _options(arguments, "emABC")
    source = options.get("e") or (rest.pop(0) if rest else "")
    extended = "E" in options or name == "egrep"
    if "F" in options or name == "fgrep":
        source = re.sub(r"([][\\.*^$])", r"\\\1", source)
    if "w" in options or "x" in options or set(options) - set("evEFiqsho"):
        source = OPEN
    regex = Regex.parse(source, extended=extended, ignore_case="i" in options) if OPEN not in source else None
    text = _input(shell, rest)
    quiet = "q" in options

    def change(entry: str) -> str | None:
        match = regex.pattern.search(entry) if regex else None
        if "o" in options:
            return match[0] if match else None
        return entry if (match is None) == ("v" in options) else None

    suits = regex is not None and text is not None and text.count("\n") <= _MAX_LINES
    if not suits or not all(regex.suits(entry) for entry in (text or "").split("\n") if regex):
        if not quiet:
            write_unknown(shell)
        return Likelihood.UNKNOWN
    result = shell.host.tokens.through(text or "", _by_line(change)) if shell.spend(4 * len(text or ""), line) else None
    if not quiet:
        if result is None:
            write_unknown(shell)
        else:
            write(shell, result, line)
    if result is None or OPEN in (text or ""):
        return Likelihood.UNKNOWN
    return Likelihood.ALWAYS if result else Likelihood.NEVER


def _seq(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    if not all(re.fullmatch(r"-?[0-9]{1,6}", a) for a in arguments) or not 1 <= len(arguments) <= 3:
        write_unknown(shell)
        return Likelihood.LIKELY
    numbers = [int(a) for a in arguments]
    first, last = (1 if len(numbers) == 1 else numbers[0]), numbers[-1]
    step = numbers[1] if len(numbers) == 3 else 1
    counted = range(first, last + (1 if step > 0 else -1), step) if step else range(0)
    if len(counted) > _MAX_LINES:
        write_unknown(shell)
    else:
        write(shell, "".join(f"{number}\n" for number in counted), line)
    return Likelihood.LIKELY


def _path_part(shell: ShellState, name: str, arguments: list[str], line: int) -> Likelihood:
    """`basename PATH [SUFFIX]` and `dirname PATH`."""
    suffix = arguments[1] if name == "basename" and len(arguments) == 2 else ""
    if not arguments or arguments[0].startswith("-") or len(arguments) > 2 or OPEN in suffix:
        write_unknown(shell)
        return Likelihood.LIKELY

    def operation(path: str) -> str:
        path = normalise(path) or path
        head, _, tail = path.rstrip("/").rpartition("/")
        if name == "dirname":
            return head or ("/" if path.startswith("/") else ".")
        return (tail if tail == suffix else tail.removesuffix(suffix)) or "/"

    result = shell.host.tokens.through(arguments[0], operation)
    if result is None:
        write_unknown(shell)
    else:
        write(shell, f"{result}\n", line)
    return Likelihood.LIKELY


# -- sed ---------------------------------------------------------------------------------------------------------------


def _sed(shell: ShellState, _name: str, arguments: list[str], line: int) -> Likelihood:
    """`sed` as a filter, or with `-i` on files that the script has written, and on fstab."""
    in_place = any(a.startswith("--in-place") or re.fullmatch(r"-[nErsz]*i.*", a) for a in arguments)
    words = [re.sub(r"^(-[nErsz]*)i.*", r"\1", a) for a in arguments if not a.startswith("--in-place")]
    options, rest = _options([w for w in words if w != "-"], "ef")
    script = options.get("e", options.get("expression"))
    if script is None:
        script = rest.pop(0) if rest else ""
    editor = None
    if not set(options) - {"n", "E", "r", "e", "expression", "regexp-extended", "quiet"}:
        try:
            extended = bool(set(options) & {"E", "r", "regexp-extended"})
            editor = StreamEditor(script, extended=extended, quiet=bool(set(options) & {"n", "quiet"}))
        except ValueError:
            editor = None
    if editor is None and _UNREAD.search(script):
        unread.suspect(shell, "sed", ["sed", *arguments], line)
    if not in_place:
        return _pass_on(shell, rest, editor.edit if editor else None, line=line)
    for name in rest:
        path = shell.host.path(name, shell.directory)
        if path == FSTAB:
            _edit_fstab(shell, editor, script, line=line)
        elif path and (file := shell.host.files.get(path)):
            text = file.text
            changed = None
            if editor and shell.spend(4 * len(text), line) and text.count("\n") <= 5 * _MAX_LINES:
                changed = shell.host.tokens.through(text, editor.edit)
            if changed is None or (shell.branches and changed != text):
                file.certain = False
            else:
                file.chunks = [changed]
    return Likelihood.LIKELY


def _edit_fstab(shell: ShellState, editor: StreamEditor | None, script: str, line: int) -> None:
    """Edit the lines of fstab that the script has written. The others of a fresh host are none of network file systems."""
    host = shell.host
    text = host.fstab.text
    changed = None
    known = host.fstab.certain and (host.fstab.used or (editor is not None and not editor.counts_lines))
    if editor and known and shell.spend(4 * len(text), line):
        # The last line of a fresh host's file stands for all of its lines, if none was added.
        changed = host.tokens.through(text or "\n", editor.edit)
    if changed is not None and not shell.branches:
        written_files.edit_fstab(host, changed, line)
    elif changed != text:
        host.table.doubt_persistent(Doubt(line, "edits /etc/fstab with sed"))
        if looks_like_efs(script) or (changed is None and _NETWORK.search(text)):
            host.unclear(line, "sed edits fstab")


COMMANDS: dict[str, Handler] = {
    "cut": _cut,
    **dict.fromkeys(("awk", "gawk", "mawk"), _awk),
    "tr": _tr,
    **dict.fromkeys(("head", "tail"), _head),
    **dict.fromkeys(("sort", "uniq"), _sort),
    "seq": _seq,
    **dict.fromkeys(("basename", "dirname"), _path_part),
    "sed": _sed,
}
