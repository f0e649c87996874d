"""Reading strictly, replacing atomically."""

from __future__ import annotations

import os
import pickle
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrate.files import screen, source
from migrate.files.source import SourceFile, SourceProblem

ROOT = os.geteuid() == 0
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that others can reach, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def as_somebody(action: str, directory: Path) -> str:
    """Run Python code in `directory` without root's powers; return what it prints."""
    # Modules are imported before the identity changes: the checkout may lie where nobody else can read.
    code = f"import os, sys; sys.path.insert(0, {str(PROJECT)!r})\nfrom pathlib import Path\nfrom migrate.files import source\n"
    if ROOT:
        code += "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
    done = subprocess.run(
        [sys.executable, "-c", code + action], cwd=directory, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def listing(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def read(path: Path) -> SourceFile:
    return source.read(path, path.name)


@pytest.mark.parametrize(
    ("raw", "text", "bom"),
    [
        (b"", "", False),
        (b"a: 1\r\nb: 2\rc\n", "a: 1\r\nb: 2\rc\n", False),
        (b"\xef\xbb\xbf{}\n", "{}\n", True),
        (b"\xef\xbb\xbf\xef\xbb\xbfx", "\ufeffx", True),
        ("größe: 大".encode(), "größe: 大", False),
    ],
)
def test_decode(raw: bytes, text: str, bom: bool) -> None:
    assert source.decode(raw) == (text, bom)


@pytest.mark.parametrize(
    ("raw", "line", "cause"),
    [
        ("{}\n".encode("utf-16"), None, "encoded as UTF-16, not UTF-8"),
        ("\ufeff{}\n".encode("utf-16-be"), None, "encoded as UTF-16, not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), None, "encoded as UTF-16, not UTF-8"),
        ('{"a": 1}'.encode("utf-16-be"), None, "encoded as UTF-16, not UTF-8"),
        ("{}\n".encode("utf-32"), None, "encoded as UTF-32, not UTF-8"),
        ("{}\n".encode("utf-32-le"), None, "encoded as UTF-32, not UTF-8"),
        ("{}\n".encode("utf-32-be"), None, "encoded as UTF-32, not UTF-8"),
        (b"a\nb\nc: caf\xe9\n", 3, "byte 0xe9 is not UTF-8"),
        (b"\xef\xbb\xbfa\n\xff", 2, "byte 0xff is not UTF-8"),
        (b"a: \xed\xa0\x80", 1, "byte 0xed is not UTF-8"),
        (b"a\nb: \xe2\x82", 2, "byte 0xe2 is not UTF-8"),
        (b"a\nb\0\n", 2, "holds a NUL byte, as no text does"),
        (b"\0", 1, "holds a NUL byte, as no text does"),
    ],
)
def test_decode_refuses(raw: bytes, line: int | None, cause: str) -> None:
    with pytest.raises(SourceProblem) as caught:
        source.decode(raw)
    assert (caught.value.line, caught.value.cause) == (line, cause)


def test_a_problem_reads_well_and_crosses_processes() -> None:
    problem = pickle.loads(pickle.dumps(SourceProblem("byte 0xe9 is not UTF-8", 3)))
    assert str(problem) == "line 3: byte 0xe9 is not UTF-8"
    assert str(SourceProblem("not a regular file")) == "not a regular file"


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "a b.json"
    path.write_bytes(b"\xef\xbb\xbf{}\r\n")
    assert source.read(path, "shown") == SourceFile(path, "shown", b"\xef\xbb\xbf{}\r\n", "{}\r\n", True)


def _missing(path: Path) -> None:
    del path


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(os.path.relpath(path))  # relative: the name of a socket holds about 100 bytes


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(screen.LIMIT + 1)


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (_missing, "no such file or directory"),
        (Path.mkdir, "is a directory"),
        (_loop, "too many levels of symbolic links"),
        (os.mkfifo, "not a regular file"),
        (_socket, "not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
        (_huge, "larger than 64 MiB"),
    ],
)
def test_read_refuses(
    make: Callable[[Path], None], cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "x.json")
    with pytest.raises(SourceProblem) as caught:
        read(tmp_path / "x.json")
    assert (caught.value.line, caught.value.cause) == (None, cause)


def test_read_without_permission(public: Path) -> None:
    (public / "x.json").write_text("{}")
    (public / "x.json").chmod(0)
    code = """
try: source.read(Path("x.json"), "x.json")
except source.SourceProblem as problem: print(problem)
"""
    assert as_somebody(code, public) == "permission denied"


@pytest.mark.parametrize("raw", [b"{}\n", b"\xef\xbb\xbf{}\r\n", b"{}", b""])
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o620, 0o4711])
def test_write_keeps_mode_and_encoding(raw: bytes, mode: int, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    path.chmod(mode)
    before = read(path)
    source.write(before, before.text + "größer\r\n")
    assert path.read_bytes() == raw + "größer\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert listing(tmp_path) == ["x.json"]


def test_write_is_one_step(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with path.open() as reader:
        source.write(read(path), "new and longer")
        assert reader.read() == "old"
    assert path.read_text() == "new and longer"


def test_write_of_nothing_new_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    before = path.stat()
    source.write(read(path), "old")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_write_through_links(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    target = tmp_path / "deep" / "real.json"
    target.write_text("old")
    (tmp_path / "deep" / "middle").symlink_to("real.json")
    link = tmp_path / "link.json"
    link.symlink_to("deep/middle")
    source.write(read(link), "new")
    assert target.read_text() == "new"
    assert link.readlink() == Path("deep/middle")
    assert listing(tmp_path / "deep") == ["middle", "real.json"]


def test_write_keeps_hard_links_together(tmp_path: Path) -> None:
    path, other = tmp_path / "x.json", tmp_path / "y.json"
    path.write_text("old and longer")
    other.hardlink_to(path)
    source.write(read(path), "new")
    assert other.read_text() == "new"
    assert path.samefile(other)
    assert listing(tmp_path) == ["x.json", "y.json"]


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="extended attributes are Linux's")
def test_write_keeps_extended_attributes(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    try:
        os.setxattr(path, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    source.write(read(path), "new")
    assert os.getxattr(path, "user.origin") == b"here"


@pytest.mark.skipif(not ROOT, reason="only root can give a file to somebody else")
def test_write_keeps_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    os.chown(path, 65534, 12345)
    path.chmod(0o664)
    source.write(read(path), "new")
    assert (path.stat().st_uid, path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (65534, 12345, 0o664)


@pytest.mark.skipif(not ROOT, reason="needs a file that belongs to somebody else")
def test_write_keeps_an_owner_that_it_cannot_set(public: Path) -> None:
    path = public / "x.json"
    path.write_text("old and longer")
    path.chmod(0o666)
    public.chmod(0o777)
    as_somebody('source.write(source.read(Path("x.json"), ""), "new")', public)
    assert path.read_text() == "new"
    assert path.stat().st_uid == 0
    assert listing(public) == ["x.json"]


def _edited(path: Path) -> None:
    path.write_text("edited")


def _gone(path: Path) -> None:
    path.unlink()


def _read_only(path: Path) -> None:
    path.chmod(0o444)


def _grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b" ")


def _replaced(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("happens", "cause"),
    [
        (_edited, "changed on disk since it was read"),
        (_grown, "changed on disk since it was read"),
        (_gone, "no such file or directory"),
        (_read_only, "read-only, so left alone"),
        (_replaced, "not a regular file"),
    ],
)
def test_write_refuses(happens: Callable[[Path], None], cause: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    before = read(path)
    happens(path)
    is_file = path.is_file()
    content = path.read_bytes() if is_file else None
    with pytest.raises(SourceProblem) as caught:
        source.write(before, "new")
    assert caught.value.cause == cause
    assert (path.read_bytes() if is_file else None) == content
    assert [name for name in listing(tmp_path) if name != "x.json"] == []


def test_write_refuses_what_cannot_be_encoded(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with pytest.raises(SourceProblem, match=r"U\+D83D"):
        source.write(read(path), "half \ud83d")
    assert path.read_text() == "old"


@pytest.mark.parametrize(("mode", "where"), [(0o644, 0o755), (0o666, 0o755)])
def test_write_without_permission(mode: int, where: int, public: Path) -> None:
    path = public / "x.json"
    path.write_text("old")
    path.chmod(mode if ROOT else mode & 0o444)
    public.chmod(where if ROOT else where & 0o555)
    code = """
try: source.write(source.read(Path("x.json"), ""), "new")
except source.SourceProblem as problem: print(problem)
"""
    try:
        assert as_somebody(code, public) in {"read-only, so left alone", "permission denied"}
    finally:
        public.chmod(0o755)
    assert path.read_text() == "old"
    assert listing(public) == ["x.json"]


@pytest.fixture(params=["os.fsync", "os.fchmod", "os.write", "migrate.files.source._require", "pathlib.Path.replace"])
def interruption(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(request.param, interrupt)
    yield request.param


def test_interrupted_write_leaves_nothing(interruption: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        source.write(read(path), "new")
    assert path.read_bytes() == b"old", interruption
    assert listing(tmp_path) == ["x.json"]


def test_failed_overwrite_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"old content")
    (tmp_path / "y.json").hardlink_to(path)

    def full(handle: int, length: int) -> None:
        if length == 3:
            raise OSError(28, "No space left on device")
        truncate(handle, length)

    truncate = os.ftruncate
    monkeypatch.setattr(os, "ftruncate", full)
    with pytest.raises(SourceProblem, match="no space left on device"):
        source.write(read(path), "new")
    assert path.read_bytes() == b"old content"
    assert listing(tmp_path) == ["x.json", "y.json"]
