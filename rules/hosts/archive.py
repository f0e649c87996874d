"""The forms of user data: scripts, boothooks, cloud-config, and MIME archives of them.

Sources: cloud-init documentation, "User data formats"; RFC 2045 and 2046 (multipart messages).
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import zlib
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
_NAME = re.compile(
    r"^content-disposition\s*:[^\n]*?filename\s*=\s*(?:\"([^\"\n]+)\"|([^\s;\"]+))", re.IGNORECASE | re.MULTILINE
)
_MERGE = re.compile(r"^(?:x-)?merge-type\s*:\s*(\S[^\n]*)", re.IGNORECASE | re.MULTILINE)
_GZIP = b"\x1f\x8b"
_MOST_UNPACKED = 20
"""The most that text may shrink by compression, so that a small file cannot hold endless work."""
_FORMS = {
    "text/cloud-config": "config",
    "text/cloud-boothook": "boothook",
    "text/x-include-url": "include",
    "text/x-include-once-url": "include",
    "text/part-handler": "include",
    "text/upstart-job": "upstart",
    "text/x-shellscript": "script",
    "text/x-shellscript-per-boot": "per-boot",
    "text/x-shellscript-per-instance": "per-instance",
    "text/x-shellscript-per-once": "per-instance",
}
"""The forms of parts by their content types."""
_STARTS = {
    "#cloud-config-archive": "archive",
    "#cloud-config": "config",
    "#cloud-boothook": "boothook",
    "#include": "include",
    "#part-handler": "include",
    "#upstart-job": "upstart",
    "<": "other",
    "[settings": "other",
}
"""The forms of parts by how they start; a longer start stands before its own beginning."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the user data."""

    form: str
    """`script`, `per-boot`, `per-instance`, `boothook`, `config`, `archive` (of cloud-configs), `upstart`, `include` (parts
    that are not in the source) or `other`."""
    text: str
    line: int
    """The first line of the part in the source."""
    step: int = 1
    """0 if the part is encoded, so that all of its lines stand on that one line of the source."""
    name: str = ""
    """The name of the file that it is stored as, if it is given. Scripts run in the order of these names."""
    merge: str = ""
    """The way in which a cloud-config is merged into those before it, as the part's header gives it."""
    jinja: bool = False
    """Whether it is a template of Jinja, which the instance fills in."""


def sections(text: str, line: int = 1, depth: int = 0) -> Iterator[Section]:
    """Split user data into its parts, archives within archives included."""
    if _MIME.match(text):
        if depth < _MAX_ARCHIVES:
            yield from _archive(text, line, depth)
        return
    jinja = _JINJA.match(text)
    if jinja:
        line += text.count("\n", 0, jinja.end())
        text = text[jinja.end() :]
    start = text[:1000].lstrip("\ufeff \t\n")
    form = next((form for begins, form in _STARTS.items() if start.startswith(begins)), "script")
    yield Section(_shell_or_other(form, text), text, line, jinja=jinja is not None)


def _shell_or_other(form: str, text: str) -> str:
    """The form of a part whose text is known: scripts of other languages are not followed."""
    return form if form not in ("script", "per-boot", "per-instance") or _is_shell(text) else "other"


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
    kind, named, merge = _TYPE.search(header), _NAME.search(header), _MERGE.search(header)
    name = (named[1] or named[2]) if named else ""
    for section in typed(kind[1] if kind else "", text, line, depth=depth):
        changed = replace(section, name=section.name or name, merge=merge[1] if merge else "")
        yield changed if text == written else replace(changed, line=line, step=0)


def typed(kind: str, text: str, line: int, depth: int = 0) -> Iterator[Section]:
    """The parts of a text with a content type; without a telling one, its start says what it is."""
    form = _FORMS.get(kind.lower())
    if form is None or _JINJA.match(text):
        yield from sections(text, line, depth + 1)
    else:
        yield Section(_shell_or_other(form, text), text, line)


def decoded(text: str, encoding: str) -> str:
    """The text of a part or file, also if it is compressed besides. If it is declared as base64 but is not, it is plain
    text that the template encodes later."""
    try:
        if encoding == "base64":
            packed = base64.b64decode("".join(text.split()), validate=True)
            if packed.startswith(_GZIP):
                unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
                packed = unpacking.decompress(packed, _MOST_UNPACKED * len(packed))
                if unpacking.unconsumed_tail:
                    return text
            return clean(packed.decode())
        if encoding == "quoted-printable" and text.isascii():
            return clean(quopri.decodestring(text.encode()).decode())
    except (binascii.Error, ValueError, zlib.error):
        pass
    return text
