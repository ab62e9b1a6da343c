"""What others wrote cannot steer a terminal, and JSON stays JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from medner_assets.visible import escaped, visible

ANY = st.text(st.characters(codec=None))


def test_an_escape_sequence_a_bell_and_a_turned_line_are_shown():
    assert visible("\x1b[2J") == "␛[2J"
    assert visible("\x07\x7f\x9b") == "␇␡\N{REPLACEMENT CHARACTER}"
    assert visible("a\u202eb\u2066c") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert visible("a\nb\u00a0c") == "a⏎b c"
    assert visible("a\nb\t", keep="\n\t") == "a\nb\t"


@given(ANY)
def test_what_is_shown_is_as_long_and_prints(text: str):
    assert len(visible(text)) == len(text)
    assert visible(text).isprintable()


@given(st.text())
def test_json_that_is_escaped_means_the_same(text: str):
    shown = escaped(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(shown) == {"text": text}
    assert shown.isprintable()
