"""The addresses of repositories (folders, or URLs that git clones), and the names that reports and files give them."""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob, has_magic
from urllib.parse import unquote, urlsplit, urlunsplit

SCHEMES = frozenset({"file", "git", "http", "https", "ssh", "git+ssh", "ssh+git"})
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)[^:].*")
"""Matches `git@example.com:team/service.git`. Two colons name a helper program, which git would run."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


class AddressProblem(Exception):
    """Raised if an address names no repository that can be worked on; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Address:
    """One repository. `location` is an absolute folder or a URL without credentials, `name` its name in reports."""

    location: str
    name: str
    is_local: bool
    secret: str | None = None
    """`user:password` of a URL. It is kept off command lines, files and reports."""

    @property
    def identity(self) -> str:
        """A short hash of the location, for caches and to tell repositories with the same name apart."""
        return hashlib.sha256(self.location.encode("utf-8", "surrogateescape")).hexdigest()[:12]

    @property
    def stem(self) -> str:
        """A file name for the repository, without suffix and without anything that leads out of the folder."""
        path = self.location if self.is_local else _path(self.location)
        parts = [part for part in path.removesuffix("/").removesuffix(".git").split("/") if part]
        plain = _UNSAFE.sub("-", "-".join(parts[-1:] if self.is_local else parts[-2:])).strip(".-")[:_LONGEST]
        return plain or "repository"

    def environment(self) -> dict[str, str]:
        """The git settings that hold the credentials of a URL; empty if it has none."""
        if self.secret is None:
            return {}
        header = "Authorization: Basic " + b64encode(self.secret.encode()).decode()
        return {f"http.{_origin(self.location)}/.extraHeader": header}


def parse(word: str) -> Address:
    """Parses a folder or a URL as the user names it. Raises AddressProblem."""
    if word.startswith("-"):
        raise AddressProblem("looks like an option")
    if any(not character.isprintable() for character in word):
        raise AddressProblem("holds control characters")
    if not os.path.exists(word):
        if "://" in word:
            return _url(word)
        if _SCP.fullmatch(word) and not os.path.isabs(word):
            return Address(word, word, is_local=False)
        if "::" in word.split("/")[0]:
            raise AddressProblem("names a helper program, which git would run")
    path = os.path.realpath(word)
    if not os.path.isdir(path):
        raise AddressProblem("is no folder" if os.path.exists(path) else "does not exist")
    return Address(path, word.rstrip("/") or word, is_local=True)


def _url(word: str) -> Address:
    try:
        found = urlsplit(word)
        host, port = found.hostname or "", found.port
    except ValueError:
        raise AddressProblem("is no URL") from None
    if found.scheme.lower() not in SCHEMES:
        raise AddressProblem(f"has the scheme {found.scheme}, with which git might run a program")
    if found.scheme.lower() == "file":
        return Address(word, word, is_local=False)
    if not host or host.startswith("-"):
        raise AddressProblem("has no host")
    secret = None
    user = ""
    if found.username is not None and found.scheme.lower() in ("http", "https"):
        secret = f"{unquote(found.username)}:{unquote(found.password or '')}"
    elif found.username:
        user = f"{found.username}@"  # of ssh; a password there is not used by git
    bracketed = f"[{host}]" if ":" in host else host
    place = user + bracketed + (f":{port}" if port is not None else "")
    plain = urlunsplit((found.scheme, place, found.path, found.query, ""))
    return Address(plain, plain, is_local=False, secret=secret)


def _path(url: str) -> str:
    if "://" in url:
        return unquote(urlsplit(url).path)
    return url.partition(":")[2]


def _origin(url: str) -> str:
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}"


def expanded(words: Iterable[str]) -> Iterator[str]:
    """The words, with patterns (`repos/*`) replaced by the matching folders in order; others stay as they are."""
    for word in words:
        found = sorted(glob(word)) if has_magic(word) and "://" not in word and not os.path.exists(word) else []
        yield from (path for path in found if os.path.isdir(path))
        if not found:
            yield word


def listed(lines: Iterable[str]) -> Iterator[str]:
    """The repositories of a list file, one a line, without empty lines and comments."""
    for line in lines:
        word = line.strip()
        if word and not word.startswith("#"):
            yield word


def stems(addresses: Iterable[Address]) -> dict[Address, str]:
    """The file name for each repository. Equal ones are told apart by the repositories' identities."""
    found = list(addresses)
    lower = [address.stem.lower() for address in found]
    return {
        address: address.stem if lower.count(name) == 1 else f"{address.stem}-{address.identity}"
        for address, name in zip(found, lower, strict=True)
    }


def without_credentials(text: str) -> str:
    """The text without the user and password of every URL in it."""
    return _CREDENTIALS.sub("", text)
