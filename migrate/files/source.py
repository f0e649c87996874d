"""Files as bytes and as text: decoded strictly and replaced atomically, with everything else about them kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
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
    """A file cannot be read as text or cannot be replaced; it is unchanged.

    `cause` is one line, the end of a sentence, and safe to print. `line` is the line at fault, counted by `\n` from 1;
    None if there is none.
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

    `path` opens it, `name` is its name in reports. `raw` is the whole content; `text` is the same, decoded, with its
    newlines unchanged but without a byte order mark (`bom` says whether it has one).
    """

    path: Path
    name: str
    raw: bytes
    text: str
    bom: bool

    @classmethod
    def of(cls, path: Path, name: str, raw: bytes) -> SourceFile:
        """Returns the source with the content `raw` (standard input, or bytes that were screened before).

        Raises SourceProblem as `decode` does.
        """
        text, bom = decode(raw)
        return cls(path, name, raw, text=text, bom=bom)


def decode(raw: bytes) -> tuple[str, bool]:
    """Returns the text in `raw`, which must be UTF-8 without NUL characters, and whether it began with a byte order
    mark.

    Newlines are not translated. Raises SourceProblem with the encoding, or the line and the byte at fault.
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
    """Reads the file at `path`; `name` is its name in reports.

    Raises SourceProblem if it cannot be opened (with the system's reason), is not a regular file, exceeds
    `screen.LIMIT` bytes or is not UTF-8 text.
    """
    try:
        raw = screen.load(os.fspath(path))
    except OSError as error:
        raise SourceProblem(screen.reason(error)) from error
    return SourceFile.of(path, name, raw)


class NotWritten(SourceProblem):
    """Several files could not be written, and none was; `source` is the one at fault."""

    def __init__(self, source: SourceFile, cause: str) -> None:
        super().__init__(cause)
        self.args = (source, cause)
        self.source = source


def write(source: SourceFile, text: str) -> None:
    """Replaces the content of `source`'s file by `text`, wholly or not at all; byte order mark and encoding are kept.

    A symbolic link stays and its target changes. The new file takes the old one's place in one step and has its mode,
    owner, group and extended attributes (ACLs); the modification time is new. If the new file cannot be like the old
    one — which has other hard links, or an owner that this process may not give away — the old one is overwritten while
    a complete copy of the new content stands beside it, and restored if that fails.

    Raises SourceProblem, and leaves the file as it was, if it is read-only, has changed since it was read, or cannot be
    replaced. Temporary files (`.efs-migrate-*.tmp`, in the same directory) are always removed, except after a crash.
    """
    write_all([(source, text)])


def write_all(changes: Sequence[tuple[SourceFile, str]]) -> None:
    """Replaces the contents of several files as `write` does, all of them or none.

    Before the first file is replaced, every new file is complete on the disk, and every old one is checked to be
    unchanged since it was read. If one cannot be replaced, those that have been are restored.

    Raises NotWritten. Its cause names files that could not be restored, and the place of their old content.
    """
    prepared: list[_Replacement] = []
    source = None
    try:
        for source, text in changes:
            raw = _encoded(source, text)
            if raw != source.raw:
                prepared.append(_Replacement(source, raw))
                prepared[-1].prepare(keep=len(changes) > 1)
        for one in prepared:
            source = one.source
            one.check()
        for one in prepared:
            source = one.source
            one.place()
    except BaseException as error:  # KeyboardInterrupt too
        lost = [reason for one in reversed(prepared) if len(prepared) > 1 and (reason := one.put_back())]
        for one in prepared:
            one.clean()
        if source is not None and isinstance(error, OSError | SourceProblem):
            cause = screen.reason(error) if isinstance(error, OSError) else error.cause
            raise NotWritten(source, "; ".join([cause, *lost])) from error
        raise
    for one in prepared:
        one.clean()
        _sync_directory(one.target.parent)


def _encoded(source: SourceFile, text: str) -> bytes:
    try:
        return (_BOM if source.bom else b"") + text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceProblem(f"the new text holds U+{ord(text[error.start]):04X}, which UTF-8 cannot encode") from None


class _Replacement:
    """The new content of a file, from its temporary file to the place of the old one."""

    def __init__(self, source: SourceFile, new: bytes) -> None:
        self.source = source
        self.old, self.new = source.raw, new
        # Path.resolve reports a loop of links as RuntimeError before Python 3.13.
        self.target = Path(os.path.realpath(source.path, strict=True))
        self.temporary = self._beside()
        self.kept: Path | None = None
        """The old file under another name, from which it can be restored; None if it is not kept."""
        self.same = False
        """Whether the new file has the owner, mode and attributes of the old one, so that it can take its place."""
        self.begun = False
        """Whether replacing has begun, so that the new content may be in place."""

    def _beside(self) -> Path:
        # The name is random, so that no other program's file can have it.
        return self.target.with_name(f".efs-migrate-{os.urandom(8).hex()}.tmp")

    def prepare(self, keep: bool) -> None:
        """Writes the new file beside the old one. With `keep`, the old file is kept for restoring it if another file
        cannot be written."""
        info = self.target.stat()
        # Replacing needs only permission for the directory, so the file's own is checked here; root passes os.access.
        if not info.st_mode & 0o222 or not os.access(self.target, os.W_OK):
            raise SourceProblem("read-only, so left alone")
        self.same = self._written(self.temporary, self.new, info)
        if keep and self.same:
            self.kept = self._beside()
            try:
                self.kept.hardlink_to(self.target)
            except OSError:  # the file system has no hard links
                self._written(self.kept, self.old, info)

    def _written(self, path: Path, raw: bytes, info: os.stat_result) -> bool:
        """Writes a new file; returns whether it has the owner, mode and attributes of the old one and can take its
        place."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _write_all(handle, raw)
            same = info.st_nlink == 1 and _resemble(handle, self.target, info)
            os.fsync(handle)
        finally:
            os.close(handle)
        return same

    def check(self) -> None:
        """Raises SourceProblem if the file has changed since it was read."""
        _require(self.target, self.old)

    def place(self) -> None:
        """Puts the new content in the place of the old one."""
        self.begun = True
        if self.same:
            self.temporary.replace(self.target)
        else:
            overwrite(self.target, self.old, self.new)

    def put_back(self) -> str | None:
        """Restores the old file if the new content has taken its place; returns the failure as a sentence, None if
        there was none."""
        if not self.begun:
            return None
        try:
            if screen.load(os.fspath(self.target)) == self.old:
                return None
            _require(self.target, self.new)  # a change that another program made meanwhile is kept
            if self.kept is None:
                overwrite(self.target, self.new, self.old)
            else:
                self.kept.replace(self.target)
        except (OSError, SourceProblem) as error:
            cause = screen.reason(error) if isinstance(error, OSError) else error.cause
            where = f", its old content is in {self.kept}" if self.kept is not None else ""
            self.kept = None  # so that `clean` does not remove it
            return f"{self.source.name} could not be put back ({cause}){where}"
        return None

    def clean(self) -> None:
        """Removes the temporary files beside the file."""
        for path in (self.temporary, self.kept):
            if path is not None:
                with suppress(OSError):
                    path.unlink()


def put(path: Path, raw: bytes, *, new: bool = False) -> None:
    """Writes a file of our own, such as a report, wholly or not at all. Raises OSError, FileExistsError if it is to be
    `new` and exists."""
    target = path if new else Path(os.path.realpath(path))
    if not new and target.exists() and not target.is_file():
        target.write_bytes(raw)  # /dev/stdout and the like
        return
    temporary = target.with_name(f".efs-migrate-{os.urandom(8).hex()}.tmp")
    try:
        # Unlike a file that replaces another, this one has the mode that the user's umask leaves.
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
    """Gives the open file the owner, attributes and mode of `target`; returns whether that was permitted."""
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
        # A security label that the new file already has need not, and often may not, be set again.
        if name not in given or os.getxattr(handle, name) != value:
            os.setxattr(handle, name, value)


def overwrite(target: Path, old: bytes, new: bytes) -> None:
    """Overwrites a file that holds `old` with `new`; if that fails, writes `old` back and raises OSError."""
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
    # The file is in place by now: a file system that cannot sync a directory must not make this a failure.
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
