"""`printable`: one visible line, whatever comes in."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.terminal.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("infra/app.yaml", "infra/app.yaml"),
        ("größe 大きさ", "größe 大きさ"),
        ("C:\\new", "C:\\new"),
        ("two\nlines\r\n", "two\\nlines\\r\\n"),
        ("a\ttab", "a\\ttab"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m and \x7f", "\\x9b31m and \\x7f"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u2028b\u2066c\ufeff", "a\\u2028b\\u2066c\\ufeff"),
        ("\U000e0041 tag", "\\U000e0041 tag"),
        (os.fsdecode(b"caf\xe9.json"), "caf\\xe9.json"),
        ("half \ud83d of a pair", "half \\ud83d of a pair"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_always_visible_encodable_and_stable(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert printable(shown) == shown
