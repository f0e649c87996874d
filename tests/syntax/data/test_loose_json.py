"""JSON as people keep it: with comments, and with the placeholders of template engines in the place of values."""

from __future__ import annotations

import json as standard_json
import random
import re

import pytest
from generate import json_text, random_changes
from hypothesis import given
from hypothesis import strategies as st

from migrate.edit import apply
from migrate.files.language import DATA, JSON, YAML
from migrate.syntax import CannotEdit, SyntaxProblem, parse
from migrate.syntax.node import Expression, Mapping

TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\s+')
COMMENTS = ("// a, b", "# c: d", "/* e } ] */", "{# f #}", "<%# g %>", "{{/* h */}}")
PLACEHOLDERS = (
    "${memory}",
    "${jsonencode({a = 1})}",
    "{{ cpu }}",
    "{{ cpu }}0",
    "{{ a }}{{ b }}",
    '{{ index .Values "x, y" }}',
    "<%= ports.to_json %>",
    "#{Octopus.Port}",
    "$(Build.Id)",
    "$PORT",
    "%PORT%",
    "@@PORT@@",
    "__PORT__",
    "<port>",
)


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
@pytest.mark.parametrize("text", ['{"a": %s}', '{"a": [1, %s]}', '{"a": [%s, "b"], "c": 1}', '{"a":%s,"b":2}'])
def test_a_placeholder_is_an_expression(text: str, placeholder: str) -> None:
    document = parse(text.replace("%s", placeholder), JSON)
    (root,) = document.roots
    assert isinstance(root, Mapping)
    value = root.entries[0].value
    found = [value, *getattr(value, "items", [])]
    assert [node.text for node in found if isinstance(node, Expression)] == [placeholder]


@pytest.mark.parametrize("comment", COMMENTS)
def test_comments(comment: str) -> None:
    text = f'{comment}\n{{ {comment}\n "a": {comment}\n 1 {comment}\n, "b" {comment}\n: "# // no comment" {comment}\n}}\n{comment}'
    document = parse(text, JSON)
    assert document.json
    assert [text[start:end] for start, end in document.comment_spans] == [comment] * 7
    assert [line for line, _ in document.comments()] == [1, 2, 3, 4, 5, 6, 8]
    assert document.data() == parse('{"a": 1, "b": "# // no comment"}', JSON).data()


def test_a_placeholder_is_not_the_string_of_its_text() -> None:
    assert parse('{"a": ${x}}', JSON).data() != parse('{"a": "${x}"}', JSON).data()


@pytest.mark.parametrize(
    ("text", "line", "column", "cause"),
    [
        ('{"a": ${x}, }', 1, 13, "trailing comma before '}'"),
        ('{"a": 1, // b\n}', 2, 1, "trailing comma before '}'"),
        ('{"a": ${x} ${y}}', 1, 12, "templated: '${' is not JSON"),
        ('{"a": ${x}\n"b": 1}', 2, 1, "expected ',' or '}'"),
        ('{"a": 1 /* b }', 1, 9, "comment is not closed"),
        ('{\n{% if x %}\n"a": 1\n{% endif %}\n}', 2, 1, "templated: '{%' is not JSON"),
        ('{"a": [{% for x in y %}{}{% endfor %}]}', 1, 9, "templated: '{%' is not JSON"),
        ('{${a}: 1}', 1, 2, "templated: '${' is not JSON"),
        ('{"a": {x}}', 1, 8, "expected a string or '}'"),
        ('{"a": a}', 1, 7, "expected a value"),
        ('{"a": <}', 1, 7, "expected a value"),
    ],
)  # fmt: skip  # one text a line
def test_what_is_wrong_stays_wrong(text: str, line: int, column: int, cause: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(text, JSON)
    assert (caught.value.line, caught.value.column, caught.value.cause) == (line, column, cause)


def test_other_suffixes() -> None:
    text = '{"a": ${x}} // b'
    assert parse(text, DATA).json
    with pytest.raises(SyntaxProblem):
        parse(text, YAML)
    assert not parse('{"a": 1} # b', YAML).json, "which is YAML"


@given(st.integers(min_value=0, max_value=2**32))
def test_edits(seed: int) -> None:
    chance = random.Random(seed)
    text = kept(json_text(chance), chance)
    document = parse(text, JSON)
    changes = random_changes(chance, document)
    try:
        edits = document.edits(changes)
    except CannotEdit:
        return
    changed = apply(text, edits)
    again = parse(changed, JSON)
    assert again.data() == document.data(changes)
    # A comment goes only with the entry on whose line it stands.
    if not changes:
        assert changed == text


def kept(text: str, chance: random.Random) -> str:
    """A JSON text with comments between its tokens, and placeholders for some of its values."""
    standard_json.loads(text)
    made = ""
    for token in TOKENS.findall(text):
        if token.isspace():
            comment = chance.choice(COMMENTS) if chance.random() < 0.1 else ""
            single = comment.startswith(("//", "#"))
            made += f" {comment}\n{token}" if single else f"{token}{comment}{' ' if comment else ''}"
        elif token[0] not in '"{}[],:' and chance.random() < 0.3:
            made += chance.choice(PLACEHOLDERS)
        else:
            made += token
    return made
