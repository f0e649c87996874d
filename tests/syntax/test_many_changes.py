"""What is known about all changes of a file is found out once, however many collections are written anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from migrate.edit import apply
from migrate.files.language import YAML
from migrate.syntax import parse
from migrate.syntax.data.style.surroundings import Surroundings
from migrate.syntax.data.writing import draft
from migrate.syntax.data.writing.change import Changed, check
from migrate.syntax.node import Added, EditMapping, Kept, Mapping, Sequence, TreeEdit


class Counted(dict[int, Changed]):
    """Changes that count how often somebody goes through all of them."""

    walks = 0

    def values(self) -> Iterator[Changed]:  # type: ignore[override]  # whoever counts needs no view
        self.walks += 1
        return iter(super().values())


def walks(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    text = "".join(f"- host: {{sourcePath: /mnt/efs/{number}}}\n" for number in range(count))
    document = parse(text, YAML)
    root = document.roots[0]
    assert isinstance(root, Sequence)
    changes = []
    for item in root.items:
        assert isinstance(item, Mapping)
        node = item.entries[0].value
        assert isinstance(node, Mapping)
        changes.append(EditMapping(node, (*map(Kept, node.entries), Added("configuration", "x" * 140))))
    made: list[Counted] = []

    def counted(around: Surroundings, wanted: Iterable[TreeEdit]) -> Counted:
        made.append(Counted(check(around, tuple(wanted))))
        return made[-1]

    monkeypatch.setattr(draft, "check", counted)
    result = apply(text, document.edits(changes))
    assert result.count("\n    configuration: xxx") == count, "each is to be written as a block"
    return made[0].walks


def test_all_changes_are_gone_through_as_often_for_many_as_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert walks(40, monkeypatch) == walks(2, monkeypatch)
