"""Texts with references in them, and the form in which code can look into them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rules.model import (
    CODED_REF,
    Ref,
    Text,
)

# Private-use characters are the coding's own.
_words = st.text(st.characters(exclude_categories=["Cs", "Co"]), min_size=1)
_texts = st.lists(st.one_of(_words, _words.map(Ref))).map(
    lambda parts: Text(
        tuple(p for i, p in enumerate(parts) if not (i and isinstance(p, str) and isinstance(parts[i - 1], str)))
    )
)


@given(_texts)
def test_coded_text_is_decoded(text: Text) -> None:
    assert Text.decode(text.coded) == text


@given(_texts)
def test_separators_never_split_a_reference(text: Text) -> None:
    for reference in re.findall(CODED_REF, text.coded):
        assert not set("/,.:") & set(reference)
    pieces = [Text.decode(piece) for piece in text.coded.split("/")]
    assert "/".join(piece.source for piece in pieces) == text.source
