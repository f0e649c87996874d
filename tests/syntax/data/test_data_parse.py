"""Reading: spans, what is rejected and how that is worded, and texts that try to break the reader."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from migrate.files.language import JSON, YAML, Language
from migrate.syntax import Document, SyntaxProblem, get, literal, parse, resolve
from migrate.syntax.data.comments import leaves
from migrate.syntax.node import Alias, Mapping, Scalar, Sequence

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"


def only(document: Document) -> Mapping:
    (root,) = document.roots
    assert isinstance(root, Mapping)
    return root


@pytest.mark.parametrize(
    ("text", "json", "line", "column", "cause"),
    [
        ('{\n  "a": 1,\n}', True, 3, 1, "trailing comma before '}'"),
        ('{"a": 1 "b"}', True, 1, 9, "expected ',' or '}'"),
        ("[1 2]", True, 1, 4, "expected ',' or ']'"),
        ('{"a" 1}', True, 1, 6, "expected ':'"),
        ('{"a": "x}', True, 1, 7, "string is not closed"),
        ('{"a": ...}', True, 1, 7, "ellipsis: expected a value"),
        ("", True, 1, 1, "empty"),
        ("[" * 3000, True, 1, 501, "nested deeper than 500 levels"),
        ('{"a":' * 100_000, True, 1, 2501, "nested deeper than 500 levels"),
        ("- " * 100_000, False, 1, 1001, "nested deeper than 500 levels"),
        ("[" * 100_000, False, 1, 501, "nested deeper than 500 levels"),
        ("a: *b\n", False, 1, 4, "undefined alias *b"),
        ("a: \x00", False, 1, 4, "character U+0000 is not allowed"),
        ("a: \x1b", False, 1, 4, "character U+001B is not allowed"),
        ("a: \ud800", False, 1, 4, "half of a surrogate pair"),
        ("a: 1\n{% if x %}\n", False, 2, 2, "templated: '{%' is not YAML"),
        ("a: b: c\n", False, 1, 5, "mapping values are not allowed here"),
    ],
)
def test_problems(text: str, json: bool, line: int, column: int, cause: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(text, JSON if json else YAML)
    assert (caught.value.line, caught.value.column, caught.value.cause) == (line, column, cause)


def test_brackets_are_tried_as_json_first() -> None:
    assert parse('{"a": "\\ud83d\\ude00"}', YAML).json
    assert not parse("{a: 1}", YAML).json
    with pytest.raises(SyntaxProblem, match="expected ',' or ']'"):
        parse("[1 [2]")


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("a: b\n", ["a", "b"]),
        ("a: 'b'  # c\n", ["a", "'b'"]),
        ('😀: "é\\n😀"\n', ["😀", '"é\\n😀"']),
        ("a:\nb:   # c\n", ["a", "", "b", ""]),
        ("a: b\n  c\n\nd: e\n", ["a", "b\n  c", "d", "e"]),
        ("a: |\n  b\n\nc: d\n", ["a", "|\n  b", "c", "d"]),
        ("a: |+\n  b\n\nc: d\n", ["a", "|+\n  b\n", "c", "d"]),
        ("a: >-  # x\n  b\n# c\n", ["a", ">-  # x\n  b"]),
        ("a: &x !t b\nc: *x\n", ["a", "&x !t b", "c", "*x"]),
        ("a: b\r\nc: d\re: f\x85g: h\u2028i: j", list("abcdefghij")),
        ("[!Ref AWS::NoValue, {Ref: AWS::Region}]", ["!Ref AWS::NoValue", "Ref", "AWS::Region"]),
    ],
)
def test_spans_of_scalars(text: str, spans: list[str]) -> None:
    assert [text[leaf.start : leaf.end] for leaf in leaves(parse(text, YAML).roots)] == spans


def test_blocks_end_with_their_last_scalar() -> None:
    text = "a:\n  b:\n    - c\n    - d:  # e\n  # f\ng: [h]  # i\n"
    root = only(parse(text, YAML))
    a, g = (entry.value for entry in root.entries)
    assert text[a.start : a.end] == "b:\n    - c\n    - d:"
    assert text[g.start : g.end] == "[h]"
    assert root.end == g.end


def test_aliases_are_not_expanded() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 200)]
    document = parse("\n".join(lines))
    assert document.data() == document.data()
    entry = get(only(parse("a: &x [*x]\nb: *x\n")), "b")
    assert entry is not None
    value = resolve(entry.value)
    assert isinstance(value, Sequence)
    assert isinstance(value.items[0], Alias)
    assert resolve(value.items[0]) is None


def test_get_takes_the_last_duplicate_and_merges() -> None:
    text = "base: &b {a: 1, c: 1}\nother: &o {a: 2, d: 2}\nx:\n  <<: [*o, *b]\n  c: 3\n  e: 4\n  e: 5\n"
    entry = get(only(parse(text)), "x")
    assert entry is not None
    assert isinstance(entry.value, Mapping)
    found = {key: get(entry.value, key) for key in "acdez"}
    texts = {key: hit.value.text for key, hit in found.items() if hit and isinstance(hit.value, Scalar)}
    assert texts == {"a": "2", "c": "3", "d": "2", "e": "5"}


def test_merging_cycles_end() -> None:
    root = only(parse("a: &a\n  <<: *a\n  b: 1\n"))
    assert isinstance(root.entries[0].value, Mapping)
    assert get(root.entries[0].value, "c") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-1", -1),
        ("0755", "0755"),
        ("1.3.0", "1.3.0"),
        ("'12'", "12"),
        ("1.5", 1.5),
        ("12:30", "12:30"),
        ("!t 12", "12"),
        ("true", True),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_literal(text: str, value: object) -> None:
    node = only(parse(f"a: {text}\n")).entries[0].value
    assert isinstance(node, Scalar)
    assert literal(node) == value


def test_data_tells_literals_from_strings() -> None:
    assert parse("a: true").data() != parse("a: 'true'").data()
    assert parse("a: b").data() == parse("a: 'b'").data() == parse('"a": "b"').data()
    assert parse("a: {b: 1}").data() == parse("a:\n  b: 1").data()
    assert parse("a: !x b").data() != parse("a: b").data()


def test_comments() -> None:
    document = parse("# one\na: '# no'  #two\nb: |  # three\n  # no\nc: d#no\n#four\n")
    assert document.comments() == [(1, "one"), (2, "two"), (3, "three"), (6, "four")]
    assert parse("[1]", JSON).comments() == []


def test_line_column() -> None:
    document = parse("a: b\r\nc: d\re: f\n")
    assert [document.line_column(offset) for offset in (0, 3, 6, 11, 16)] == [(1, 1), (1, 4), (2, 1), (3, 1), (4, 1)]


def test_collects_garbage_afterwards() -> None:
    parse("a: b")
    assert gc.isenabled()


@pytest.mark.parametrize("language", [JSON, YAML])
def test_deep_but_readable(language: Language) -> None:
    document = parse("[" * 500 + "]" * 500, language)
    assert document.data() == parse("[" * 500 + "]" * 500, language).data()


def test_enormous_lines_and_numbers() -> None:
    assert parse('{"a": "' + "x" * 30_000_000 + '"}', JSON).data()
    assert parse("a: " + "x" * 30_000_000).data()
    assert parse("[" + "9" * 100_000 + "]", JSON).data()
    with pytest.raises(SyntaxProblem, match="string is not closed"):
        parse('{"a": "' + "x" * 30_000_000, JSON)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of public definitions is not part of the repository")
def test_corpus() -> None:
    read = 0
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix not in (".json", ".yaml", ".yml", ".template"):
            continue
        try:
            text = path.read_bytes().decode("utf-8-sig")
            document = parse(text, JSON if path.suffix == ".json" else YAML)
        except (SyntaxProblem, UnicodeDecodeError):
            continue
        read += 1
        assert document.edits([]) == []
        for leaf in leaves(document.roots):
            written = text[leaf.start : leaf.end]
            if isinstance(leaf, Alias):
                assert written == f"*{leaf.name}"
            elif leaf.style in ('"', "'"):
                assert written[-1] == leaf.style
            elif not leaf.style and leaf.tag is None and leaf.anchor is None and "\n" not in written:
                assert written == leaf.text
    assert read > 500
