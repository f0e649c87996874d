"""The forms of user data: scripts, boothooks, cloud-config, and MIME archives of them.

Sources: cloud-init documentation, "User data formats"; RFC 2045 and 2046 (multipart messages).
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules.hosts.grammar.tokens import clean

_MAX_PARTS = 200
_MAX_ARCHIVES = 4
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"\n]+)"|([^\s;"]+))', re.IGNORECASE)
_MULTIPART = re.compile(r"content-type\s*:\s*multipart/", re.IGNORECASE)
_TYPE = re.compile(r"content-type\s*:\s*([\w/.-]+)", re.IGNORECASE)
_ENCODING = re.compile(r"content-transfer-encoding\s*:\s*([\w-]+)", re.IGNORECASE)
_MIME = re.compile(r"\s*(?:MIME-Version|Content-Type)\s*:", re.IGNORECASE)
_SHEBANG = re.compile(r"\s*#!\s*(\S+)(?:\s+(\S+))?")
_SHELL_NAME = re.compile(r"(?:ba|da|a|k|z)?sh")
_JINJA = re.compile(r"\s*##\s*template:\s*jinja[^\n]*\n")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the user data."""

    form: str
    """`script`, `boothook`, `config` or `other`."""
    text: str
    line: int
    """The first line of the part in the source."""
    step: int = 1
    """0 if the part is encoded, so that all of its lines stand on that one line of the source."""


def sections(text: str, line: int = 1, depth: int = 0) -> Iterator[Section]:
    """Split user data into its parts, archives within archives included."""
    if _MIME.match(text):
        if depth < _MAX_ARCHIVES:
            yield from _archive(text, line, depth)
        return
    if jinja := _JINJA.match(text):
        line += text.count("\n", 0, jinja.end())
        text = text[jinja.end() :]
    start = text.lstrip("\ufeff \t\n")
    if start.startswith("#cloud-config") and not start.startswith("#cloud-config-archive"):
        yield Section("config", text, line)
    elif start.startswith("#cloud-boothook"):
        yield Section("boothook", text, line)
    elif start.startswith(("#include", "#upstart-job", "#part-handler", "#cloud-config-archive", "<", "[settings")):
        yield Section("other", text, line)
    else:
        yield Section("script" if _is_shell(text) else "other", text, line)


def _is_shell(text: str) -> bool:
    shebang = _SHEBANG.match(text)
    if shebang is None:
        return True
    program = shebang[1].rpartition("/")[2]
    if program == "env":
        program = shebang[2] or ""
    return _SHELL_NAME.fullmatch(program) is not None


def _archive(text: str, line: int, depth: int) -> Iterator[Section]:
    """The parts of a MIME message, or the one body of a message that is not multipart. Source: RFC 2046."""
    lines = text.split("\n")
    first = next((i for i, entry in enumerate(lines) if entry.strip()), 0)
    body = next((i for i, entry in enumerate(lines) if i > first and not entry.strip()), len(lines))
    header = "\n".join(lines[first:body])
    boundary = _BOUNDARY.search(header)
    if not _MULTIPART.search(header) or boundary is None:
        yield from _part(header, lines[body + 1 :], line + body + 1, depth=depth)
        return
    marker = "--" + (boundary[1] or boundary[2])
    starts = [i for i in range(first, len(lines)) if lines[i].rstrip() in (marker, marker + "--")][: _MAX_PARTS + 1]
    for number, start in enumerate(starts):
        if lines[start].rstrip() != marker:
            break
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        head = start + 1
        while head < end and lines[head].strip():
            head += 1
        part_header = "\n".join(lines[start + 1 : head])
        if _MULTIPART.search(part_header):
            if depth < _MAX_ARCHIVES:
                yield from sections("\n".join(lines[start + 1 : end]), line + start + 1, depth + 1)
        else:
            yield from _part(part_header, lines[head + 1 : end], line + head + 1, depth=depth)


def _part(header: str, lines: list[str], line: int, depth: int) -> Iterator[Section]:
    written = "\n".join(lines)
    encoding = _ENCODING.search(header)
    text = decoded(written, encoding[1].lower()) if encoding else written
    step = 1 if text == written else 0
    kind = _TYPE.search(header)
    match kind[1].lower() if kind else "":
        case "text/cloud-config":
            yield Section("config", text, line, step=step)
        case "text/cloud-boothook":
            yield Section("boothook", text, line, step=step)
        case "text/x-shellscript" | "text/x-shellscript-per-boot" | "text/x-shellscript-per-instance":
            yield Section("script" if _is_shell(text) else "other", text, line, step=step)
        case _:
            for section in sections(text, line, depth + 1):
                yield section if step else replace(section, line=line, step=0)


def decoded(text: str, encoding: str) -> str:
    """The text of a part. If it is declared as base64 but is not, it is plain text that the template encodes later."""
    try:
        if encoding == "base64":
            return clean(base64.b64decode("".join(text.split()), validate=True).decode())
        if encoding == "quoted-printable" and text.isascii():
            return clean(quopri.decodestring(text.encode()).decode())
    except (binascii.Error, ValueError):
        pass
    return text
