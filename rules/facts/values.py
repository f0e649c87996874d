"""Functions on values of the model: the directory that a volume mounts, and values as messages show them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from rules.facts.paths import normalise
from rules.model import Directory, EfsVolume, Opaque, Ref, Text, Value


def directory(storage: EfsVolume) -> Directory | None:
    """The directory that a volume without an access point mounts; None for an expression that cannot be written again."""
    written = storage.root_directory
    if written is None:
        return "/"
    if isinstance(written, Opaque):
        return written if written.handle is not None else None
    return normalise(written.coded) or "/"


def given(value: Text, known: Mapping[Ref, str]) -> Text:
    """A text in which the references whose values are `known` are replaced by these."""
    parts = (known.get(part, part) if isinstance(part, Ref) else part for part in value.parts)
    return Text(tuple(part for part in parts if part))


def shown(value: Value | None) -> str:
    """A value as it is written, for messages."""
    return value.source if value is not None else "?"


def shown_path(path: Directory) -> str:
    """A directory as it is written, for messages."""
    return path.source if isinstance(path, Opaque) else Text.decode(path).source


def may_be_absent(value: Value) -> bool:
    """Whether an expression may leave the property out altogether (Ansible's `default(omit)`, `AWS::NoValue`)."""
    return value.literal is None and re.search(r"\bomit\b|NoValue", value.source) is not None


_PLAIN_YAML = re.compile(r"[A-Za-z0-9/][A-Za-z0-9/._-]*")


def yaml_word(word: str) -> str:
    """A word as a YAML scalar, quoted if need be, to paste into the configuration."""
    return word if _PLAIN_YAML.fullmatch(word) else json.dumps(word, ensure_ascii=False)
