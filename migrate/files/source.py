"""Files as bytes and as text: read strictly, replaced atomically, nothing about them changed in passing."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from migrate.files import screen

_BOM = b"\xef\xbb\xbf"
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_OTHER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


class SourceProblem(Exception):
    """A file that cannot be read as text or cannot be replaced; it is as it was.

    `cause` is one line, the end of a sentence, and safe to print; `line` counts `\\n` from 1, None where no line is
    to blame.
    """

    def __init__(self, cause: str, line: int | None = None) -> None:
        super().__init__(cause, line)
        self.cause = cause
        self.line = line

    def __str__(self) -> str:
        return self.cause if self.line is None else f"line {self.line}: {self.cause}"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read.

    `path` opens it, `name` is for people; `raw` is the whole content, `text` the same decoded without a byte order
    mark (`bom` says whether there is one) and with its newlines as they are.
    """

    path: Path
    name: str
    raw: bytes
    text: str
    bom: bool

    @classmethod
    def of(cls, path: Path, name: str, raw: bytes) -> SourceFile:
        """Return the source with the content `raw` (standard input, or bytes that were screened before).

        Raises SourceProblem as `decode` does.
        """
        text, bom = decode(raw)
        return cls(path, name, raw, text, bom)


def decode(raw: bytes) -> tuple[str, bool]:
    """Return the text in `raw`, which must be UTF-8 without NUL characters, and whether it began with a BOM.

    Newlines are not translated. Raises SourceProblem naming the encoding, or the line and the byte at fault.
    """
    if (other := _other_encoding(raw)) is not None:
        raise SourceProblem(f"encoded as {other}, not UTF-8")
    bom = raw.startswith(_BOM)
    try:
        text = raw[3:].decode("utf-8") if bom else raw.decode("utf-8")
    except UnicodeDecodeError as error:
        position = error.start + 3 * bom
        raise SourceProblem(f"byte 0x{raw[position]:02x} is not UTF-8", raw.count(b"\n", 0, position) + 1) from None
    if (position := raw.find(b"\0")) >= 0:
        raise SourceProblem("holds a NUL byte, as no text does", raw.count(b"\n", 0, position) + 1)
    return text, bom


def _other_encoding(raw: bytes) -> str | None:
    for mark, encoding in _OTHER_MARKS:
        if raw.startswith(mark):
            return encoding
    # JSON and YAML begin with an ASCII character, so the first zero bytes show the width (YAML 1.2.2, §5.2).
    zeros = tuple(byte == 0 for byte in raw[:4])
    if zeros in ((True, True, True, False), (False, True, True, True)):
        return "UTF-32"
    if zeros in ((True, False, True, False), (False, True, False, True)):
        return "UTF-16"
    return None


def read(path: Path, name: str) -> SourceFile:
    """Return the file at `path`; `name` is what reports call it.

    Raises SourceProblem if it cannot be opened (with the system's reason), is not a regular file, exceeds
    `discover.LIMIT` bytes or is not UTF-8 text.
    """
    try:
        raw = screen.load(os.fspath(path))
    except OSError as error:
        raise SourceProblem(screen.reason(error)) from error
    return SourceFile.of(path, name, raw)


def write(source: SourceFile, text: str) -> None:
    """Replace the content of `source`'s file by `text`, wholly or not at all; BOM and encoding are kept.

    A symbolic link stays and its target changes. The new file takes the old one's place in one step and has its mode,
    owner, group and extended attributes (ACLs); the modification time is new. Where a new file could not be the same —
    the old one has other hard links, or an owner that this process may not give away — the old one is overwritten
    instead while a complete copy of the new content stands beside it, and put back if that fails.

    Raises SourceProblem, and leaves the file as it was, if it is read-only, has changed since it was read, or cannot
    be replaced. Temporary files (`.efs-migrate-*.tmp`, in the same directory) never stay, short of a crash.
    """
    try:
        raw = (_BOM if source.bom else b"") + text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceProblem(f"the new text holds U+{ord(text[error.start]):04X}, which UTF-8 cannot encode") from None
    if raw == source.raw:
        return
    try:
        # Path.resolve reports a loop of links as RuntimeError before Python 3.13.
        _replace(Path(os.path.realpath(source.path, strict=True)), source.raw, raw)
    except OSError as error:
        raise SourceProblem(screen.reason(error)) from error


def _replace(target: Path, old: bytes, new: bytes) -> None:
    info = target.stat()
    # Replacing needs only the directory's permission, so the file's own is asked for; root passes os.access.
    if not info.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise SourceProblem("read-only, so left alone")
    temporary = target.with_name(f".efs-migrate-{os.urandom(8).hex()}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _write_all(handle, new)
            same = info.st_nlink == 1 and _resemble(handle, target, info)
            os.fsync(handle)
        finally:
            os.close(handle)
        _require(target, old)
        if same:
            temporary.replace(target)
        else:
            overwrite(target, old, new)
            temporary.unlink()
    except BaseException:  # KeyboardInterrupt too: the name is random, so it can only be ours
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(target.parent)


def put(path: Path, raw: bytes, *, new: bool = False) -> None:
    """Give a file of our own this content, wholly or not at all. Raises OSError; FileExistsError if it was to be `new`."""
    target = path if new else Path(os.path.realpath(path))
    if not new and target.exists() and not target.is_file():
        target.write_bytes(raw)  # /dev/stdout and the like
        return
    temporary = target.with_name(f".efs-migrate-{os.urandom(8).hex()}.tmp")
    try:
        # Unlike what replaces a file, this has the mode that the user's mask leaves.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            _write_all(handle, raw)
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            target.hardlink_to(temporary)
            temporary.unlink()
        else:
            temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(target.parent)


def _require(target: Path, content: bytes) -> None:
    if screen.load(os.fspath(target)) != content:
        raise SourceProblem("changed on disk since it was read")


def _resemble(handle: int, target: Path, info: os.stat_result) -> bool:
    """Give the open file the owner, attributes and mode of `target`; return whether that was permitted."""
    try:
        mine = os.fstat(handle)
        if (mine.st_uid, mine.st_gid) != (info.st_uid, info.st_gid):
            os.fchown(handle, info.st_uid, info.st_gid)
        if hasattr(os, "listxattr"):  # Linux only
            _copy_attributes(handle, target)
        os.fchmod(handle, info.st_mode & 0o7777)  # after fchown, which clears the set-id bits
    except PermissionError:
        return False
    return True


def _copy_attributes(handle: int, target: Path) -> None:
    try:
        names = os.listxattr(target)
    except OSError:
        return  # the file system has none
    given = set(os.listxattr(handle))
    for name in names:
        value = os.getxattr(target, name)
        # A security label that the new file was born with need not, and often may not, be set again.
        if name not in given or os.getxattr(handle, name) != value:
            os.setxattr(handle, name, value)


def overwrite(target: Path, old: bytes, new: bytes) -> None:
    """Write `new` into a file that holds `old`, in its place; if that fails, put `old` back and raise OSError."""
    handle = os.open(target, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        try:
            _write_all(handle, new)
            os.ftruncate(handle, len(new))
            os.fsync(handle)
        except BaseException:
            os.lseek(handle, 0, os.SEEK_SET)
            _write_all(handle, old)
            os.ftruncate(handle, len(old))
            raise
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync_directory(directory: Path) -> None:
    # The file is in place by now; a file system that cannot sync a directory must not make this look like a failure.
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
