"""POSIX paths that may hold references, in the coded form of `Text.coded` (a reference never contains a slash there)."""

from __future__ import annotations

import re

from rules.model import CODED_REF, Text

_ACCESS_POINT_PATH = re.compile(r"^(\/|(\/(?!\.)+[^$#<>;`|&?{}^*/\n]+){1,4})$")
_FILE_NAME = re.compile(r"[^/.][^/]*\.(?!d$)[A-Za-z][A-Za-z0-9]{0,5}$")
_EFS_WORD = re.compile(r"(?:^|(?<=[^a-z]))(?:efs|nfs)(?![a-z])", re.IGNORECASE)


def normalise(path: str) -> str:
    """The path without repeated or trailing slashes and without `.` components: `/mnt//efs/` becomes `/mnt/efs`."""
    kept = [part for part in path.split("/") if part not in ("", ".")]
    return ("/" if path.startswith("/") else "") + "/".join(kept)


def starts_with_reference(path: str) -> bool:
    """Whether the path starts with a reference, so that its first directories are not known."""
    return re.match(f"/*{CODED_REF}", path) is not None


def climbs(path: str) -> bool:
    """Whether the path has a `..` component. Through a symbolic link, it may then lead elsewhere than it seems."""
    return ".." in path.split("/")


def below(path: str, directory: str) -> str | None:
    """The rest of `path` after `directory` ("" or "/…"), or None if it does not lie there. Both are normalised."""
    prefix = directory.rstrip("/")
    if path.rstrip("/") == prefix:
        return ""
    return path[len(prefix) :] if path.startswith(prefix + "/") else None


def may_lie_below(path: str, directory: str) -> bool:
    """Whether some value of the references in `path` would put it at or below `directory`."""
    head = path.partition("\ue000")[0]
    if path == head:
        return below(path, directory) is not None
    # The value of a reference may hold slashes, so it can lead to any directory below the literal head.
    prefix = directory.rstrip("/")
    return prefix.startswith(head) or head.startswith(prefix + "/")


def join(directory: str, rest: str) -> str:
    """The directory `rest` ("" or "/…") below `directory`: `join("/", "/app") == "/app"`."""
    return normalise(directory.rstrip("/") + rest) or "/"


def looks_like_a_file(path: str) -> bool:
    """Whether the last component has the form of a file name with an extension (`app.conf`, but not `conf.d`)."""
    return _FILE_NAME.fullmatch(path.rpartition("/")[2]) is not None


def looks_like_efs(name: str) -> bool:
    """Whether a path component or a volume name contains the word EFS or NFS: `efs`, `efs-data`, `my_efs`, `appEfs`,
    not `prefs` or `efsutil`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", re.sub(CODED_REF, "", name))
    return any(_EFS_WORD.search(word) for word in words.split("/"))


def access_point_problem(path: str) -> str | None:
    """The reason why an access point cannot have this path; None if it can. References in it count as names.

    Source: the pattern and length of `Path` in the EFS API's `CreateAccessPoint`.
    """
    shown = re.sub(CODED_REF, "x", re.sub(f"^{CODED_REF}", "/x", path))
    if shown == "/":
        return None
    if not shown.startswith("/"):
        return "it does not start with a slash" if shown else "it is empty"
    if shown.endswith("/"):
        return "it ends with a slash"
    if "//" in shown:
        return "it has two slashes in a row"
    if len(shown) > 100:
        return "it is longer than 100 characters"
    components = shown.split("/")[1:]
    if len(components) > 4:
        return f"it has {len(components)} levels and an access point's path at most 4"
    if any(component.startswith(".") for component in components):
        return "a component starts with a dot"
    if not _ACCESS_POINT_PATH.fullmatch(shown):
        return "it holds a character that an access point's path cannot"
    return None


def text(path: str) -> Text:
    """A coded path as a value."""
    return Text.decode(path)


FILE_SYSTEM = re.compile(r"fs-[0-9a-f]{8,40}|\{\{resolve:.*\}\}")
"""The id of a file system, or a dynamic reference that CloudFormation resolves to one when it deploys."""

FILE_SYSTEM_NAME = re.compile(r"(?:fs-)?[A-Z][A-Z0-9_]+")
"""A word in capitals, which deployment scripts replace by an id: `EFS_ID`, `fs-YOUR_EFS_ID`."""

_DRIVE = re.compile(rf"(?:[A-Za-z]|{CODED_REF}):(?:[/\\]|$)")


def is_of_windows(path: Text) -> bool:
    """Whether a path is one of Windows, which mounts no EFS: `C:\\data`, `${Drive}\\`."""
    return any("\\" in part for part in path.parts if isinstance(part, str)) or bool(_DRIVE.match(path.coded))
