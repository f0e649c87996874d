"""Before and after, as a reviewer would see them."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from migrate.edit import apply
from migrate.files import language
from migrate.files.language import Language
from migrate.syntax import CannotEdit, Document, get, parse
from migrate.syntax.node import (
    Added,
    Copy,
    EditMapping,
    EditSequence,
    Kept,
    Mapping,
    New,
    NewValue,
    Node,
    Renamed,
    Scalar,
    Sequence,
    SetScalar,
    Tagged,
    TreeEdit,
)

Way = tuple[str | int, ...]
Change = Callable[[Document], list[TreeEdit]]

SHORT: NewValue = {"fileSystemId": "fs-1", "rootDirectory": "/"}
LONG: NewValue = {
    "fileSystemId": "fs-0123456789abcdef0",
    "transitEncryption": "ENABLED",
    "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
}


def at(document: Document, way: Way) -> Node:
    node = document.roots[0]
    for step in way:
        if isinstance(step, int):
            assert isinstance(node, Sequence)
            node = node.items[step]
        else:
            assert isinstance(node, Mapping)
            entry = get(node, step)
            assert entry is not None
            node = entry.value
    return node


def mapping(document: Document, way: Way) -> Mapping:
    node = at(document, way)
    assert isinstance(node, Mapping)
    return node


def replace(way: Way, old: str, key: str, value: NewValue) -> Change:
    def change(document: Document) -> list[TreeEdit]:
        node = mapping(document, way)
        entries = (
            Added(key, value, replaces=entry) if entry.key == get_key(node, old) else Kept(entry)
            for entry in node.entries
        )
        return [EditMapping(node, tuple(entries))]

    return change


def get_key(node: Mapping, key: str) -> Node:
    entry = get(node, key)
    assert entry is not None
    return entry.key


def add(way: Way, key: str, value: NewValue, after: str | None = None) -> Change:
    def change(document: Document) -> list[TreeEdit]:
        node = mapping(document, way)
        entries: list[Kept | Renamed | Added] = [Kept(entry) for entry in node.entries]
        keys = [entry.key.text for entry in node.entries if isinstance(entry.key, Scalar)]
        entries.insert(len(keys) if after is None else keys.index(after) + 1 if after else 0, Added(key, value))
        return [EditMapping(node, tuple(entries))]

    return change


def remove(way: Way, *keys: str) -> Change:
    def change(document: Document) -> list[TreeEdit]:
        node = mapping(document, way)
        gone = [get_key(node, key) for key in keys]
        return [EditMapping(node, tuple(Kept(entry) for entry in node.entries if entry.key not in gone))]

    return change


def rename(way: Way, old: str, new: str) -> Change:
    def change(document: Document) -> list[TreeEdit]:
        node = mapping(document, way)
        key = get_key(node, old)
        entries = (Renamed(entry, new) if entry.key is key else Kept(entry) for entry in node.entries)
        return [EditMapping(node, tuple(entries))]

    return change


def items(way: Way, *wanted: int | NewValue) -> Change:
    """A sequence of old items, given by their numbers, and of new ones."""

    def change(document: Document) -> list[TreeEdit]:
        node = at(document, way)
        assert isinstance(node, Sequence)
        parts = tuple(node.items[part] if type(part) is int else New(part) for part in wanted)
        return [EditSequence(node, parts)]

    return change


def put(way: Way, value: str | bool | int) -> Change:
    def change(document: Document) -> list[TreeEdit]:
        node = at(document, way)
        assert isinstance(node, Scalar)
        return [SetScalar(node, value)]

    return change


def both(*changes: Change) -> Change:
    return lambda document: [edit for change in changes for edit in change(document)]


def check(before: str, change: Change, after: str, written_in: Language) -> None:
    document = parse(before, written_in)
    edits = document.edits(change(document))
    result = apply(before, edits)
    assert result == after
    assert parse(result, written_in).data() == document.data(change(document))
    assert edits == sorted(edits)


JSON: list[tuple[str, str, Change, str]] = [
    (
        "several lines stay several lines",
        '{\n  "name": "d",\n  "host": {\n    "sourcePath": "/mnt"\n  }\n}\n',
        replace((), "host", "efs", SHORT),
        '{\n  "name": "d",\n  "efs": {\n    "fileSystemId": "fs-1",\n    "rootDirectory": "/"\n  }\n}\n',
    ),
    (
        "one line stays one line while it fits",
        '{\n  "volumes": [{"name": "d", "host": {}}]\n}',
        replace(("volumes", 0), "host", "efs", SHORT),
        '{\n  "volumes": [{"name": "d", "efs": {"fileSystemId": "fs-1", "rootDirectory": "/"}}]\n}',
    ),
    (
        "what no longer fits explodes with the indentation of its line",
        '{\n\t"volumes": [\n\t\t{ "name": "d", "host": { "sourcePath": "/mnt" } }\n\t]\n}',
        replace(("volumes", 0), "host", "efs", LONG),
        '{\n\t"volumes": [\n\t\t{\n\t\t\t"name": "d",\n\t\t\t"efs": {\n'
        '\t\t\t\t"fileSystemId": "fs-0123456789abcdef0",\n\t\t\t\t"transitEncryption": "ENABLED",\n'
        '\t\t\t\t"authorizationConfig": { "accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED" }\n'
        "\t\t\t}\n\t\t}\n\t]\n}",
    ),
    (
        "minified stays minified",
        '{"volumes":[{"name":"d","host":{"sourcePath":"/mnt"}}]}\n',
        replace(("volumes", 0), "host", "efs", LONG),
        '{"volumes":[{"name":"d","efs":{"fileSystemId":"fs-0123456789abcdef0","transitEncryption":"ENABLED",'
        '"authorizationConfig":{"accessPointId":"fsap-0123456789abcdef0","iam":"ENABLED"}}}]}\n',
    ),
    ("the colon is the siblings'", '{\n  "a" : 1\n}', add((), "b", "x"), '{\n  "a" : 1,\n  "b" : "x"\n}'),
    (
        "CRLF",
        '{\r\n  "a": 1\r\n}\r\n',
        add((), "b", {"c": 1}),
        '{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 1\r\n  }\r\n}\r\n',
    ),
    ("first", '{\n  "a": 1\n}', add((), "b", 2, after=""), '{\n  "b": 2,\n  "a": 1\n}'),
    (
        "in the middle",
        '{\n  "a": 1,\n\n  "c": 3\n}',
        add((), "b", 2, after="a"),
        '{\n  "a": 1,\n  "b": 2,\n\n  "c": 3\n}',
    ),
    ("the last one goes with the comma before it", '{\n  "a": 1,\n  "b": 2\n}', remove((), "b"), '{\n  "a": 1\n}'),
    ("the first one goes", '{\n  "a": 1,\n  "b": 2\n}', remove((), "a"), '{\n  "b": 2\n}'),
    ("all go", '{\n  "a": 1\n}', remove((), "a"), "{}"),
    ("one goes from a line", '{"a": 1, "b": 2, "c": 3}', remove((), "b"), '{"a": 1, "c": 3}'),
    ("leading commas", '{ "a": 1\n, "b": 2\n}', add((), "c", 3), '{ "a": 1\n, "b": 2\n, "c": 3\n}'),
    ("empty", '{\n  "a": {}\n}', add(("a",), "b", 1), '{\n  "a": {\n    "b": 1\n  }\n}'),
    ("hugging brackets", '[{\n  "a": 1\n}]', items((), 0, {"b": 2}), '[{\n  "a": 1\n}, {\n  "b": 2\n}]'),
    ("items to none", '{\n  "a": [\n    1,\n    2\n  ]\n}', items(("a",)), '{\n  "a": []\n}'),
    (
        "a key and what is below it",
        '{"a": {"b": 1}}',
        both(rename((), "a", "x"), put(("a", "b"), "y")),
        '{"x": {"b": "y"}}',
    ),
    ("duplicate keys", '{"a": 1, "a": 2}', remove((), "a"), '{"a": 1}'),
    ("surrogates", '{"a": 1}', put(("a",), "\ud83d é"), '{"a": "\\ud83d é"}'),
    (
        "a copy of several lines",
        '{\n  "a": {\n    "b": [\n      1, 2\n    ]\n  }\n}',
        lambda document: add((), "c", {"d": Copy(at(document, ("a", "b")))})(document),
        '{\n  "a": {\n    "b": [\n      1, 2\n    ]\n  },\n  "c": {\n    "d": [\n      1,\n      2\n    ]\n  }\n}',
    ),
]

YAML: list[tuple[str, str, Change, str]] = [
    (
        "a block, with the comments beside and below",
        """\
        volumes:
          - name: data
            # where it is
            host:  # the old way
              sourcePath: /mnt/efs
            # after
          - name: other
        """,
        replace(("volumes", 0), "host", "efs", SHORT),
        """\
        volumes:
          - name: data
            # where it is
            efs:  # the old way
              fileSystemId: fs-1
              rootDirectory: /
            # after
          - name: other
        """,
    ),
    (
        "brackets that fit, padded and quoted like the old ones",
        """\
        - name: data
          host: { sourcePath: '/mnt' }  # note
        """,
        replace((0,), "host", "efs", SHORT),
        """\
        - name: data
          efs: { fileSystemId: 'fs-1', rootDirectory: '/' }  # note
        """,
    ),
    (
        "brackets that do not fit become a block",
        """\
        volumes:
        - {name: data, host: {sourcePath: /mnt}}  # note
        """,
        replace(("volumes", 0), "host", "efs", LONG),
        """\
        volumes:
        - name: data  # note
          efs:
            fileSystemId: fs-0123456789abcdef0
            transitEncryption: ENABLED
            authorizationConfig:
              accessPointId: fsap-0123456789abcdef0
              iam: ENABLED
        """,
    ),
    (
        "four spaces, double quotes, dashes below their key",
        """\
        "task":
            "name": "x"
            "list":
            -   "a"
        """,
        add(("task",), "new", {"deep": ["b", {"c": True}]}),
        """\
        "task":
            "name": "x"
            "list":
            -   "a"
            "new":
                "deep":
                -   "b"
                -   "c": true
        """,
    ),
    ("plain only where it is safe", "a: b\n", add((), "c", "yes"), 'a: b\nc: "yes"\n'),
    (
        "a block scalar in place of a collection with comments, which stay outside its text",
        "a:  # beside\n  # below\n  - b\nc: |\n  d\n  e\n",
        lambda document: replace((), "a", "f", Tagged("!Sub", Copy(at(document, ("c",)))))(document),
        "# below\nf: !Sub |  # beside\n  d\n  e\nc: |\n  d\n  e\n",
    ),
    (
        "a string of several lines in place of a collection with comments",
        'a:  # beside\n  # below\n  - b\nc: "d\n  e"\n',
        lambda document: replace((), "a", "f", Copy(at(document, ("c",))))(document),
        '# beside\n# below\nf: "d\n  e"\nc: "d\n  e"\n',
    ),
    ("a tag", "a: b\n", add((), "c", Tagged("!Ref", "Name")), "a: b\nc: !Ref Name\n"),
    ("a short function", "a: b\n", add((), "c", Tagged("!GetAtt", ["A", "Arn"])), "a: b\nc: !GetAtt [A, Arn]\n"),
    ("after the comment beside, before the one below", "a: b  # c\n\n# d\ne: f\n", add((), "x", 1, after="a"), "a: b  # c\nx: 1\n\n# d\ne: f\n"),
    ("no break at the end", "a: b", add((), "c", "d"), "a: b\nc: d"),
    ("mixed breaks", "a: b\r\nc: d\n", add((), "x", "z", after="a"), "a: b\r\nx: z\r\nc: d\n"),
    ("a lone carriage return", "a: b\rc: d\r", add((), "x", "z"), "a: b\rc: d\rx: z\r"),
    ("whole lines go", "a: b\nc:  # d\n  e: f  # g\n# h\ni: j\n", remove((), "c"), "a: b\n# h\ni: j\n"),
    ("the last line goes", "a: b\nc: d", remove((), "c"), "a: b"),
    ("the first lines go", "a: b\nc: d\n# e\ne: f\n", remove((), "a", "c"), "# e\ne: f\n"),
    ("the first line goes", "a: b\nc: d\n", remove((), "a"), "c: d\n"),
    ("the dash stays", "- a: b\n  c: d\n", remove((0,), "a"), "- c: d\n"),
    ("the dash stays, and the comment", "- a: b\n  # about c\n  c: d\n", remove((0,), "a"), "- # about c\n  c: d\n"),
    ("first after a dash", "- a: b\n", add((0,), "x", "z", after=""), "- x: z\n  a: b\n"),
    ("a trailing comma", "{a: 1,\n b: 2,\n}\n", remove((), "b"), "{a: 1,\n}\n"),
    ("a trailing comma over lines", "[\n  1,\n  2,  # two\n]\n", items((), 0, 1, "x"), "[\n  1,\n  2,  # two\n  x,\n]\n"),
    ("comments in brackets", "[\n  1, # one\n  2  # two\n]\n", items((), 0, 1, "x"), "[\n  1, # one\n  2,  # two\n  x\n]\n"),
    ("the last in brackets", "[\n  1, # one\n  2  # two\n]\n", items((), 0), "[\n  1 # one\n]\n"),
    ("items come and go", "a:\n  - 1\n  - 2  # two\n  - 3\n", items(("a",), 0, {"b": 1}, 2), "a:\n  - 1\n  - b: 1\n  - 3\n"),
    ("to no items", "a:  # b\n  - 1\n  - 2\nc: d\n", items(("a",)), "a: []  # b\nc: d\n"),
    ("from no items", "a: []  # b\nc: d\n", items(("a",), {"x": 1, "z": 2}), "a:  # b\n  - x: 1\n    z: 2\nc: d\n"),
    ("an empty value", "a:\nb: c\n", put(("a",), "x"), "a: x\nb: c\n"),
    ("an empty value in brackets", "{a: , b}\n", both(put(("a",), "x"), put(("b",), 2)), "{a: x, b: 2}\n"),
    ("a quoted value", "a: 'b'  # c\n", put(("a",), "it's"), "a: 'it''s'  # c\n"),
    ("a tagged value", "a: !Sub b\n", put(("a",), "c"), "a: !Sub c\n"),
    ("through an alias", "a: &x {b: 1}\nc: *x\n", put(("a", "b"), 2), "a: &x {b: 2}\nc: *x\n"),
    ("after a block scalar", "a: |\n  b\n\nc: d\n", add((), "x", "z", after="a"), "a: |\n  b\nx: z\n\nc: d\n"),
    ("after a block scalar that keeps", "a: |+\n  b\n\nc: d\n", add((), "x", "z", after="a"), "a: |+\n  b\n\nx: z\nc: d\n"),
    (
        "a copied block",
        "a:\n  b:\n    c: |\n      text\n    d: [1]\n",
        lambda document: add((), "x", Copy(at(document, ("a", "b"))))(document),
        "a:\n  b:\n    c: |\n      text\n    d: [1]\nx:\n  c: |\n    text\n  d: [1]\n",
    ),
    ("directives and documents", "%YAML 1.1\n---\na: b\n...\n---\nc: d\n", add((), "x", 1), "%YAML 1.1\n---\na: b\nx: 1\n...\n---\nc: d\n"),
    ("next line and emoji", 'a: "😀"\x85b: c\n', add((), "x", "é😀"), 'a: "😀"\x85b: c\nx: é😀\n'),
    ("nested changes at one place", "a:\n  b:\n    c: 1", both(add(("a", "b"), "d", 2), add(("a",), "e", 3), add((), "f", 4)), "a:\n  b:\n    c: 1\n    d: 2\n  e: 3\nf: 4"),
    ("removed inside, added behind", "a:\n  b: 1\n  c: 2\n", both(remove(("a",), "c"), add((), "d", 3)), "a:\n  b: 1\nd: 3\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "change", "after"), [case[1:] for case in JSON], ids=[case[0] for case in JSON])
def test_json(before: str, change: Change, after: str) -> None:
    check(before, change, after, language.JSON)


@pytest.mark.parametrize(("before", "change", "after"), [case[1:] for case in YAML], ids=[case[0] for case in YAML])
def test_yaml(before: str, change: Change, after: str) -> None:
    check(dedent(before), change, dedent(after), language.YAML)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("a: b\n", remove((), "a")),
        ("? a\n: b\nc: d\n", add((), "x", 1)),
        ("a: |\n  b", add((), "x", 1)),
        ("a: &x 1\nb: *x\n", remove((), "a")),
        ("[a: b, c]\n", add((0,), "x", 1)),
        ("{a: 1, # one\n b: 2, c: 3}\n", remove((), "b")),
        ("a: b\n", add((), "x", "\ud83d")),
    ],
)
def test_cannot(text: str, change: Change) -> None:
    document = parse(text, language.YAML)
    with pytest.raises(CannotEdit):
        document.edits(change(document))


@pytest.mark.parametrize(
    "change",
    [
        both(put(("a", "b"), 1), put(("a", "b"), 2)),
        both(put(("a", "b"), 1), remove((), "a")),
        both(put(("a", "b"), 1), replace((), "a", "x", 1)),
        lambda document: [EditMapping(node := mapping(document, ()), tuple(map(Kept, reversed(node.entries))))],
        lambda document: [EditMapping(mapping(document, ("a",)), (Kept(mapping(document, ()).entries[0]),))],
        lambda _: put(("a", "b"), 1)(parse("a: {b: 1}\nc: 1\n")),
    ],
)
def test_contradictions(change: Change) -> None:
    document = parse("a: {b: 1}\nc: 1\n", language.YAML)
    with pytest.raises(ValueError, match=r"."):
        document.edits(change(document))


def test_many_edits_of_one_document() -> None:
    """Each looks at its surroundings only; if it did not, this would take minutes."""
    for text in ("\n".join(f"- a: x{n}" for n in range(5000)), "[" + ",".join(['{"a":"x"}'] * 5000) + "]"):
        document = parse(text)
        changes = [change for n in range(5000) for change in replace((n,), "a", "b", {"c": "d"})(document)]
        assert parse(apply(text, document.edits(changes))).data() == document.data(changes)
