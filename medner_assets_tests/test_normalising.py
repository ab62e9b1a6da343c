import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.normalising import normalise, normalised


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("Aspirin", "aspirin"),
        ("  chest\r\n\tpain ", "chest pain"),
        ("chest\u00a0pain\u2003relief", "chest pain relief"),
        ("Straße", "strasse"),
        ("caf\u0065\u0301", "café"),
        ("ΑΣ", "ας".casefold()),
        ("İ", "i̇"),
        ("β-Blocker", "β-blocker"),
        ("💊 Pill", "💊 pill"),
        ("ألم", "ألم"),
        ("", ""),
        ("\x1c\x85 ", ""),
    ],
)
def test_case_composition_and_white_space_do_not_count(written, form):
    assert normalise(written) == form


@pytest.mark.parametrize(
    ("one", "other"), [("beta-blocker", "beta blocker"), ("café", "cafe"), ("pain", "pains")]
)
def test_hyphens_accents_and_endings_count(one, other):
    assert normalise(one) != normalise(other)


@given(
    st.lists(
        st.one_of(
            st.none(), st.text(), st.text(alphabet=" \t\n\x1c\x1f\u00a0\u2028aAßİΣ\u0301\u0345", max_size=6)
        )
    )
)
def test_a_column_is_normalised_as_its_strings_are(texts):
    expected = [None if text is None else normalise(text) for text in texts]
    assert normalised(pl.Series(texts, dtype=pl.String)).to_list() == expected


@given(st.text())
def test_normalising_twice_is_normalising_once(text):
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_composed_and_decomposed_strings_are_the_same(text):
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(unicodedata.normalize("NFC", text))
