import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medner_assets.corpus.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def test_a_full_stop_before_a_capital_ends_a_sentence():
    assert sentences("She took it. He did not.") == ["She took it.", "He did not."]


def test_question_and_exclamation_marks_end_sentences():
    assert sentences("Was it safe? Yes! It was.") == ["Was it safe?", "Yes!", "It was."]


@pytest.mark.parametrize(
    "whole",
    [
        "Statins, e.g. Simvastatin, were stopped.",
        "Loop diuretics (i.e. Furosemide) help.",
        "Seen by Dr. Miller on the ward.",
        "As shown in Fig. 3 and ref. 12 of the paper.",
        "Kidd et al. 1999 found the same.",
        "Infection with E. coli and S. Typhimurium was treated.",
        "Isolates of Candida spp. Were not typed further.".replace("Were", "were"),
        "Doses of 0.5 mg and 1.25 mg of drug were given i.v. twice.",
        "Serum rose (3.2 mmol/l. Normal below 2) and fell.",
        "Room No. 7 was closed.",
        "The isolates of J. Smith were lost.",
        "Given p.o. Aspirin was tolerated.",
        "Patients from the U.S. Veterans register took part.",
        "ratio vs. Placebo was two",
        "1. Aspirin is given first.",
    ],
)
def test_no_rule_cuts_here(whole: str):
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("He had hepatitis B.", "Lamivudine was begun."),
        ("She was given amphotericin B.", "Sodium fell."),
        ("It was given i.v.", "The fever fell."),
        ("Rashes, fever, etc.", "These resolved."),
        ("It happened in 1998.", "Ten patients died."),
        ("It fell to 3.5.", "12 patients recovered."),
        ("Expression rose.", "p53 was mutated."),
        ("Expression rose.", "mRNA was stable."),
        ("Expression rose.", "c-Myc was not."),
        ("Expression rose.", "α-Synuclein aggregated."),
        ("This is known (see above).", "We repeat it."),
        ("It was called 'benign.'", "It was not."),
        ("This was shown before.[12]", "We confirm it."),
        ("It was stopped...", "Nothing helped."),
        ("They cite Kidd et al.", "The rest is new."),
        ("The answer is no.", "Seven patients left."),
    ],
)
def test_a_sentence_ends_here(first: str, second: str):
    assert sentences(f"{first} {second}") == [first, second]


def test_blank_lines_headings_and_list_items_end_sentences_and_soft_wraps_do_not():
    text = "HISTORY:\nTook aspirin\nfor years\n\nNo bleeding\n- nausea\n2) rash"
    assert sentences(text) == ["HISTORY:", "Took aspirin\nfor years", "No bleeding", "- nausea", "2) rash"]


def test_an_unclosed_bracket_hides_only_what_it_could_reach():
    assert sentences("Levels (rose. They fell. All well.") == ["Levels (rose.", "They fell.", "All well."]


def test_white_space_alone_has_no_sentence():
    assert sentence_spans(" \n\t \u2028") == []


@given(st.text(st.one_of(st.sampled_from("aB1. \n()[]?!'\"\u2019;,eg"), st.characters()), max_size=200))
def test_spans_are_ordered_never_empty_and_leave_only_white_space_between(text: str):
    spans = sentence_spans(text)
    position = 0
    for start, end in spans:
        assert position <= start < end
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    "piece", [".", " ", "(", ")", "\n", ". ", ".)", "a. A", "?\n", "(a. B)", "[", "'", "\r", "1. "]
)
def test_long_runs_take_linear_time(piece: str):
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    sentence_spans(text)
    assert time.process_time() - begun < 5


def test_no_gold_mention_of_real_abstracts_crosses_a_border(corpora):
    from medner_assets.corpus.readers.registry import read_files

    reading = read_files("pubtator", [corpora / "bc5cdr/Test.PubTator.txt", corpora / "biored/Dev.PubTator"])
    crossing = 0
    for document in reading.documents:
        ends = [end for _, end in sentence_spans(document.text)]
        crossing += sum(any(each.start < end < each.end for end in ends) for each in document.entities)
    assert crossing == 0
