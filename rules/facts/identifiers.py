"""Logical ids and the words they are made of: string functions that know nothing of a source."""

from __future__ import annotations

import re

LONGEST = 200
"""Length to which a logical id is cut before something is added to it: CloudFormation allows 255 characters."""
_WORD = re.compile(r"[A-Za-z0-9]+")
_PART = re.compile(r"(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)(?:[0-9]+[a-z]*)*|[0-9]+")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_SYNTHESISED = re.compile(r"(?<=.)[0-9A-F]{8}$")


def short(logical_id: str) -> str:
    """A logical id without the hash that the CDK adds, and not too long to be the beginning of another."""
    return _SYNTHESISED.sub("", logical_id)[:LONGEST]


def words(text: str) -> list[str]:
    """The words of a text, each with a capital: `jenkins_home` has `Jenkins` and `Home`, as has `JENKINS_HOME`."""
    text = _CONSTANT.sub(lambda found: found[0].title(), text)
    return [word[:1].upper() + word[1:] for word in _WORD.findall(text)]


def parts(logical_id: str) -> list[str]:
    """The parts of an identifier in lower case: `efs`, `access` and `point1` of `EFSAccessPoint1`."""
    return [part.lower() for part in _PART.findall(logical_id)]


def camel_words(identifier: str) -> list[str]:
    """The parts of an identifier as it writes them, which are the identifier again when joined: `Is` and `Prod`."""
    return re.findall(r"[A-Z]*[^A-Z]*", identifier)[:-1] or [identifier]
