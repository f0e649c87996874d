"""Differences between models in words: a change for reports, and the reason for which a proof failed.

deepdiff takes milliseconds where `==` takes microseconds, so this module is imported only if the words are printed.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from deepdiff import DeepDiff

from rules.model import EfsVolume, Key, Opaque, Storage, Text


def _words(value: object) -> object:
    """A model as plain dictionaries, lists and strings, which deepdiff prints more readably than the model's own
    types."""
    if isinstance(value, Text | Opaque):
        return value.source
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__} | {f.name: _words(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Key):
        return list(value.parts)
    if isinstance(value, dict):
        return {" ".join(map(str, k.parts)) if isinstance(k, Key) else k: _words(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_words(v) for v in value]
    return value


def difference(planned: object, read: object, most: int = 3) -> str:
    """The places where `read` differs from `planned`, as one line that names at most `most` of them."""
    lines = DeepDiff(_words(planned), _words(read), verbose_level=2, threshold_to_diff_deeper=0).pretty().splitlines()
    more = f" (+{len(lines) - most} more)" if len(lines) > most else ""
    return "; ".join(lines[:most]) + more


_NAMES = {
    "file_system": "file system",
    "root_directory": "root directory",
    "transit_encryption": "transit encryption",
    "transit_encryption_port": "transit encryption port",
    "access_point": "access point",
    "iam": "IAM authorization",
}


def change_in_words(before: Storage, after: Storage) -> str:
    """The change from one storage to another, in words: "transit encryption DISABLED → ENABLED, access point fsap-…
    added"."""
    assert isinstance(after, EfsVolume)
    if not isinstance(before, EfsVolume):
        before = EfsVolume(None)
    old, new = ({k: v for k, v in _shown(s).items() if v is not None} for s in (before, after))
    # Without the threshold deepdiff reports two very different dictionaries as a single changed value.
    diff = DeepDiff(old, new, view="tree", threshold_to_diff_deeper=0)
    templates = {
        "dictionary_item_added": "{name} {new}",
        "values_changed": "{name} {old} → {new}",
        "dictionary_item_removed": "{name} {old} dropped",
    }
    words = {}
    for kind, template in templates.items():
        for item in diff.get(kind, ()):
            member = str(item.path(output_format="list")[0])
            words[member] = template.format(name=_NAMES[member], old=item.t1, new=item.t2)
    return ", ".join(words[member] for member in _NAMES if member in words)


def _shown(storage: EfsVolume) -> dict[str, str | None]:
    return {name: getattr(storage, name).source if getattr(storage, name) is not None else None for name in _NAMES}
