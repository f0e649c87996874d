"""Random documents in random styles, changed at random."""

from __future__ import annotations

import json
import random
import re

import pytest
from generate import YamlWriter, json_text, random_changes
from hypothesis import assume, example, given, reject
from hypothesis import strategies as st
from ruamel import yaml as ruamel_yaml
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from migrate.edit import apply
from migrate.files.language import DATA, JSON, YAML, Language
from migrate.syntax import CannotEdit, Document, SyntaxProblem, parse
from migrate.syntax.data import json as strict_json
from migrate.syntax.node import Mapping, Node, Scalar, Sequence

seeds = st.integers(min_value=0, max_value=2**32)


def check(document: Document, rng: random.Random, language: Language) -> None:
    changes = random_changes(rng, document)
    try:
        edits = document.edits(changes)
    except CannotEdit:
        return
    assert edits == sorted(edits)
    changed = apply(document.text, edits)
    assert parse(changed, language).data() == document.data(changes)
    hash(document.data(changes))
    # One kind of line break goes in, no other comes out.
    breaks = set(re.findall(r"\r\n|\n|\r", document.text))
    if breaks:
        assert set(re.findall(r"\r\n|\n|\r", changed)) <= breaks


@given(seeds)
def test_json_edits(seed: int) -> None:
    rng = random.Random(seed)
    check(parse(json_text(rng), JSON), rng, JSON)


@given(seeds)
def test_yaml_edits(seed: int) -> None:
    rng = random.Random(seed)
    try:
        document = parse(YamlWriter(rng).text(), YAML)
    except SyntaxProblem:
        reject()
    check(document, rng, YAML)


@given(seeds)
def test_no_changes_no_edits(seed: int) -> None:
    document = parse(json_text(random.Random(seed)), JSON)
    assert document.edits([]) == []


# -- JSON: the language of json.loads ---------------------------------------------------------------------------------

json_like = st.lists(
    st.sampled_from(
        [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\n",
            '"a"',
            '"\\ud83d"',
            '"\\x"',
            '"',
            "1",
            "-",
            "0",
            "01",
            "1.",
            "1e5",
            "-0.5E+3",
            "true",
            "false",
            "null",
            "NaN",
            "-Infinity",
            "Infinity",
            "tru",
            "//",
            "é",
            "\x00",
            "\t",
            "\xa0",
        ]
    ),
    max_size=12,
).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(json_like | values.map(json.dumps) | st.text())
@example('{"a": 1,}')
@example("[1] x")
def test_accepts_what_json_accepts(text: str) -> None:
    try:
        expected = json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError:
        with pytest.raises(SyntaxProblem):
            strict_json.parse(text)
        return
    assert plain(strict_json.parse(text)) == expected
    assert plain(strict_json.parse_loosely(text)[0]) == expected


@given(json_like.filter(bool), st.sampled_from([JSON, YAML, DATA]))
def test_raises_nothing_else(text: str, language: Language) -> None:
    try:
        parse(text, language)
    except SyntaxProblem as problem:
        lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", text)
        assert 1 <= problem.line <= len(lines)
        assert problem.column >= 1
        assert problem.cause
        assert "\n" not in problem.cause


def plain(node: Node) -> object:
    """A JSON node as `json.loads` gives it with pairs for objects and strings for numbers."""
    if isinstance(node, Mapping):
        return [(entry.key.text, plain(entry.value)) for entry in node.entries if isinstance(entry.key, Scalar)]
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return {"true": True, "false": False, "null": None}.get(node.text, node.text) if not node.style else node.text


# -- YAML: what ruamel composes ---------------------------------------------------------------------------------------

yaml_like = st.lists(
    st.sampled_from(
        [
            "a",
            "b: c",
            ": ",
            "- ",
            "\n",
            "\n  ",
            "\n",
            " ",
            "[",
            "]",
            "{",
            "}",
            ", ",
            '"x"',
            "'",
            "|\n  ",
            ">-\n  ",
            "# c",
            "&a ",
            "*a",
            "!t ",
            "? ",
            "---\n",
            "\r\n",
            "\x85",
            "😀",
            "<<: ",
            "\t",
            "%",
            "key:",
            "-",
            "\ufeff",
            "{{ x }}",
        ]
    ),
    max_size=14,
).map("".join)


@given(yaml_like)
def test_reads_what_ruamel_composes(text: str) -> None:
    # Other breaks belong to YAML 1.1 only, and ruamel's parser reads 1.2; libyaml skips a mark at a line's start.
    assume(not re.search("[\x85\u2028\u2029\ufeff]", text))
    try:
        roots = parse(text).roots
    except SyntaxProblem:
        return
    loader = ruamel_yaml.YAML(typ="safe", pure=True)
    try:
        composed = list(loader.compose_all(text))
    except YAMLError:
        return
    assume(not any(node is None for node in composed) or not roots)
    expected = [shape(node) for node in composed if node is not None and not is_empty(node)]
    assume("*" not in text)
    assert [ours(node) for node in roots] == expected


def is_empty(node: object) -> bool:
    return isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index


def shape(node: object) -> object:
    if isinstance(node, MappingNode):
        return [(shape(key), shape(value)) for key, value in node.value]
    if isinstance(node, SequenceNode):
        return [shape(item) for item in node.value]
    assert isinstance(node, ScalarNode)
    return str(node.value)


def ours(node: Node) -> object:
    if isinstance(node, Mapping):
        return [(ours(entry.key), ours(entry.value)) for entry in node.entries]
    if isinstance(node, Sequence):
        return [ours(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text


@given(yaml_like)
def test_comments_are_no_part_of_scalars(text: str) -> None:
    try:
        document = parse(text, YAML)
    except SyntaxProblem:
        return
    for line, comment in document.comments():
        assert comment in re.split("\r\n|[\n\r\x85\u2028\u2029]", text)[line - 1]
    document.data()
