"""Which bytes may hold a volume of ours: a text search, before anything is parsed.

Like `discover`, it imports nothing that Python has not loaded already.
"""

from __future__ import annotations

import errno
import os
import stat

from migrate.files.language import DATA

TYPE_CHECKING = False  # as in `migrate.files.discover`
if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrate.files.language import Language

LIMIT = 64 * 1024 * 1024
"""Largest file, in bytes, that is read as a whole."""

# A read that returns fewer bytes has read the file to its end; nearly every template is smaller.
_SMALL = 1 << 16

_AROUND = 32
"""Bytes on either side of `olume` in which the rest of a word is looked for, with whatever separates its parts."""
_FOLD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")


def screen(raw: bytes, language: Language = DATA) -> bool:
    """Whether a file with the content `raw` may hold something for us (`Language.words`), in any encoding of Unicode.

    A word spelt with escapes (`"\\u0065fsVolume…"`) is not seen.
    """
    # Searching for a literal runs at memory speed, and lets nearly every file go.
    at = raw.find(b"olume")
    if at < 0 and (language.sign is None or language.sign not in raw) and not _wide(raw):
        return False
    if _wide(raw):
        # Without its zero bytes, UTF-16 reads like ASCII: such a file must get as far as the message about its encoding.
        folded = raw.translate(_FOLD, b"_-\0")
        return any(all(word in folded for word in words) for words, _ in language.words)
    # Folding what is around each place is several times faster than folding the file, and that than one case-insensitive
    # regular expression.
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


def informs_others(raw: bytes, language: Language = DATA) -> bool:
    """Whether a file with the content `raw` may be a template that matters to other files (`Language.telling`)."""
    # As `screen` does, let nearly every file go after one test.
    return b"AWS::" in raw and any(all(word in raw for word in words) for words in language.telling)


def _wide(raw: bytes) -> bool:
    return raw[:2] in (b"\xff\xfe", b"\xfe\xff") or 0 in raw[:4]


def load(path: str) -> bytes:
    """Return the content of the regular file at `path`.

    Raises OSError; its `strerror` says why in one line. Devices, pipes and sockets are refused without being opened
    (opening some has effects), files above `LIMIT` without being read.
    """
    _check(os.stat(path), path)
    # O_NONBLOCK: should a pipe take the file's place meanwhile, opening it does not hang.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        info = os.fstat(handle)
        _check(info, path)
        return _read(handle, info.st_size + 1)
    finally:
        os.close(handle)


def content(path: str) -> bytes | None:
    """Return the content of the file at `path`, or None if it is too large and cannot hold anything for us (`screen`).

    `path` is one that `discover` found: what kind of file it is was asked there. Raises OSError as `load` does. A file
    above `LIMIT` is an error only if it holds our words.
    """
    if path in _dull:
        return None
    # Half the system calls of `load`, and they are most of what a file costs that is not for us.
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
    """Take note of files, as `discover` found them, that hold nothing for us (`screen`, `informs_others`): nobody reads them again."""
    _dull.update(paths)


def reason(error: OSError) -> str:
    """Return the cause of `error` as the end of a sentence, in one line: `permission denied`."""
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
    """`screen` for a file of any size; words of one row that lie more than 16 MiB apart are not seen together."""
    end = b""
    with open(path, "rb") as file:
        while piece := file.read(1 << 24):
            if screen(end + piece):
                return True
            end = piece[-256:]
    return False
