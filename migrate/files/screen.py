"""A fast text search for files that may concern EFS volumes, before anything is parsed.

Like `discover`, it imports nothing that Python has not loaded already.
"""

from __future__ import annotations

import errno
import os
import stat

from migrate.files.language import DATA, PYTHON, WORDS

TYPE_CHECKING = False  # as in `migrate.files.discover`
if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrate.files.language import Language

LIMIT = 64 * 1024 * 1024
"""The size, in bytes, of the largest file that is read as a whole."""

# A read that returns fewer bytes has read the file to its end; nearly every template is smaller.
_SMALL = 1 << 16

_AROUND = 32
"""The number of bytes on either side of `olume` in which the rest of a word, with any separators, is looked for."""
_FOLD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")


def screen(raw: bytes, language: Language = DATA) -> bool:
    """Whether a file with the content `raw`, in any Unicode encoding, holds all words of a row (`Language.words`) and
    has to be parsed.

    A word whose letters are spelt with escapes (`"\\u0065fsVolume…"`) is found, too. A file in which the words are only
    mentioned, such as a schema, need not be parsed (`mentions`).
    """
    if _is_worth_parsing(raw, language):
        return True
    # Looking for a single byte is the fastest of all searches, and few files have an escape.
    if b"\\" in raw:
        for sign in language.escapes:
            if _spells(raw, sign) and _is_worth_parsing(_unescaped(raw, sign), language):
                return True
    return False


_LETTERS = frozenset((b"4", b"5", b"6", b"7"))
"""The first digits of the numbers of letters."""


def _spells(raw: bytes, sign: bytes) -> bool:
    """Whether letters are spelt with escapes that begin with `sign`, as is hardly ever done."""
    at = raw.find(sign)
    while at >= 0:
        if raw[at + len(sign) : at + len(sign) + 1] in _LETTERS:
            return True
        at = raw.find(sign, at + 2)
    return False


def _unescaped(raw: bytes, sign: bytes) -> bytes:
    """The content with the letters in place of their escapes."""
    first, *others = raw.split(sign)
    pieces = [first]
    for piece in others:
        try:
            pieces += [bytes((int(piece[:2], 16),)), piece[2:]]
        except ValueError:
            pieces += [sign, piece]
    return b"".join(pieces)


def _is_worth_parsing(raw: bytes, language: Language) -> bool:
    if _holds_words(raw, language):
        if _wide(raw):
            return True
        from migrate.files import mentions  # with regular expressions, which most runs never need

        # What a file of another language only mentions is not known.
        if language.words is not WORDS or not mentions.only_mentioned(raw, python=language is PYTHON):
            return True
    return bool(language.clues) and b"olume" in raw and _holds_clues(raw, language)


def _holds_clues(raw: bytes, language: Language) -> bool:
    """Whether a file may have volumes that none of the words names (`Language.clues`), or a list of volumes that an
    expression gives."""
    if any(all(word in raw for word in words) for words in language.clues):
        return True
    if b"ourceVolume" not in raw:
        return False
    from migrate.files import mentions

    return mentions.are_volumes_chosen(raw)


def _holds_words(raw: bytes, language: Language) -> bool:
    # Searching for a literal runs at memory speed, and rules out nearly every file.
    at = raw.find(b"olume")
    if at < 0 and (language.sign is None or language.sign not in raw) and not _wide(raw):
        return False
    if _wide(raw):
        # Without its zero bytes, UTF-16 reads like ASCII. Such a file has to be read, so that its encoding is reported.
        folded = raw.translate(_FOLD, b"_-\0")
        return any(all(word in folded for word in words) for words, _ in language.words)
    # Folding the text around each place is several times faster than folding the file, and that is several times faster
    # than one case-insensitive regular expression.
    while at >= 0:
        if at > 1 and raw[at - 2] in language.before:
            near = raw[max(0, at - _AROUND) : at + _AROUND].translate(_FOLD, b"_-")
            for word in language.alone:
                if word in near:
                    return True
        at = raw.find(b"olume", at + 5)
    if not any(word in raw for word in language.spellings):
        return False
    folded = raw.translate(_FOLD, b"_-")
    return any(all(word in folded for word in words) for words in language.together)


def speaks_of_tasks(raw: bytes) -> bool:
    """Whether a text speaks of EFS or of task definitions at all, however it spells them."""
    folded = raw.translate(_FOLD, b"_- \0")
    return b"efs" in folded or b"taskdefinition" in folded or b"containerdefinition" in folded


def informs_others(raw: bytes, language: Language = DATA) -> bool:
    """Whether a file with the content `raw` may be a template that matters to other files (`Language.telling`)."""
    # One fast test rules out nearly every file, as in `screen`.
    return b"AWS::" in raw and any(all(word in raw for word in words) for words in language.telling)


def _wide(raw: bytes) -> bool:
    return raw[:2] in (b"\xff\xfe", b"\xfe\xff") or 0 in raw[:4]


def load(path: str) -> bytes:
    """Returns the content of the regular file at `path`.

    Raises OSError, whose `strerror` gives the reason in one line. Devices, pipes and sockets are refused without being
    opened (opening some has effects), and files above `LIMIT` without being read.
    """
    _check(os.stat(path), path)
    # O_NONBLOCK: if a pipe takes the file's place meanwhile, opening it does not hang.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        info = os.fstat(handle)
        _check(info, path)
        return _read(handle, info.st_size + 1)
    finally:
        os.close(handle)


def content(path: str) -> bytes | None:
    """Returns the content of the file at `path`, or None if it holds nothing for the rules: `remember` was told so, or
    it is too large and `screen` rules it out.

    `path` is one that `discover` found, which has checked that it is a regular file. Raises OSError as `load` does, for
    a file above `LIMIT` only if `screen` does not rule it out.
    """
    if path in _dull:
        return None
    # Half the system calls of `load`: they are most of the time that a file without EFS volumes takes.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        raw = os.read(handle, _SMALL)
        if len(raw) == _SMALL:
            info = os.fstat(handle)
            try:
                _check(info, path)
            except OSError as error:
                if error.errno == errno.EFBIG and not _screen_in_pieces(path):
                    return None
                raise
            os.lseek(handle, 0, os.SEEK_SET)
            raw = _read(handle, info.st_size + 1)
    finally:
        os.close(handle)
    return raw


_dull: set[str] = set()


def remember(paths: Iterable[str]) -> None:
    """Notes files, found by `discover`, that `screen` and `informs_others` ruled out; `content` does not read them."""
    _dull.update(paths)


def reason(error: OSError) -> str:
    """Returns the cause of `error` as the end of a sentence, in one line: `permission denied`."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def _check(info: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(info.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    if info.st_size > LIMIT:
        raise OSError(errno.EFBIG, f"larger than {LIMIT >> 20} MiB", path)


def _read(handle: int, size: int) -> bytes:
    pieces = []
    while piece := os.read(handle, size):
        pieces.append(piece)
    return b"".join(pieces)


def _screen_in_pieces(path: str) -> bool:
    """Searches for the words in a file of any size; words of a row more than 16 MiB apart are not found together."""
    end = b""
    with open(path, "rb") as file:
        while piece := file.read(1 << 24):
            if _holds_words(end + piece, DATA):
                return True
            end = piece[-256:]
    return False
