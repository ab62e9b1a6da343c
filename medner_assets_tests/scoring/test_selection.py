"""Which documents are worth a person's time."""

import random

from hypothesis import given
from hypothesis import strategies as st

from medner_assets.scoring.selection import Candidate, expected_errors, select


def entity(text: str) -> tuple[str, ...]:
    return ("entity", "Drug", text)


def candidate(
    name: str, said: dict[str, float], characters: int = 100, other: dict | None = None
) -> Candidate:
    keys = {entity(text): p for text, p in said.items()}
    others = None if other is None else {entity(text): p for text, p in other.items()}
    return Candidate(name, characters, keys, others)


def chosen(*candidates: Candidate, count: int) -> list[str]:
    return [each.doc_id for each in select(candidates, count, random_share=0, seed=1)]


def test_the_document_with_more_expected_errors_comes_first():
    sure, doubtful = candidate("a", {"aspirin": 0.99, "heparin": 0.98}), candidate("b", {"lithium": 0.4})
    assert chosen(sure, doubtful, count=2) == ["b", "a"]
    (pick,) = select([doubtful], 1, random_share=0, seed=1)
    assert (pick.part, pick.expected_errors) == ("chosen", 0.6)


def test_errors_count_by_the_time_that_reading_takes():
    long, short = candidate("a", {"x": 0.4, "y": 0.6}, 1000), candidate("b", {"z": 0.4}, 100)
    assert chosen(long, short, count=1) == ["b"]


def test_a_short_document_is_not_first_for_being_short():
    usual = [candidate(f"u{n}", {f"x{n}": 0.5, f"y{n}": 0.5, f"z{n}": 0.5}, 400) for n in range(3)]
    assert chosen(candidate("tiny", {"q": 0.5}, 10), *usual, count=1) == ["u0"]


def test_what_ten_documents_say_alike_is_corrected_once_before_others_come():
    same = [candidate(f"s{n}", {"aspirin": 0.3}) for n in range(10)]
    assert chosen(*same, candidate("other", {"heparin": 0.6}), count=2) == ["s0", "other"]


def test_where_two_versions_disagree_errors_are_expected():
    alone = candidate("a", {"aspirin": 0.9})
    agreed = candidate("a", {"aspirin": 0.9}, other={"aspirin": 0.9})
    doubted = candidate("a", {"aspirin": 0.9}, other={})
    missed = candidate("a", {}, other={"heparin": 0.9})
    values = [sum(expected_errors(each).values()) for each in (alone, agreed, doubted, missed)]
    assert [round(each, 9) for each in values] == [0.1, 0.1, 0.55, 0.45]


DOCUMENTS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), max_size=4),
        st.none() | st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), max_size=4),
        st.integers(0, 500),
    ),
    max_size=15,
)


@given(DOCUMENTS, st.integers(1, 20), st.floats(0, 1), st.integers(0, 5), st.randoms())
def test_picks_are_distinct_as_many_as_asked_and_the_same_in_any_order(given_, count, share, seed, shuffler):
    documents = [candidate(f"d{n}", said, length, other) for n, (said, other, length) in enumerate(given_)]
    picks = select(documents, count, random_share=share, seed=seed)
    assert len({each.doc_id for each in picks}) == len(picks) == min(count, len(documents))
    drawn = sum(each.part == "random" for each in picks)
    assert len(picks) * share - 1e-6 <= drawn < len(picks) * share + 1
    shuffled = list(documents)
    shuffler.shuffle(shuffled)
    assert select(shuffled, count, random_share=share, seed=seed) == picks


@given(DOCUMENTS, st.integers(1, 15))
def test_the_lazy_ranking_is_that_of_looking_at_every_document_each_time(given_, count):
    documents = [candidate(f"d{n:02}", said, length) for n, (said, _, length) in enumerate(given_)]
    lengths = sorted(each.characters for each in documents)
    middle = (lengths[(len(lengths) - 1) // 2] + lengths[len(lengths) // 2]) / 2 if lengths else 0
    left, seen, expected = list(documents), dict.fromkeys(map(entity, "abcdef"), 0), []
    while left and len(expected) < count:
        worth = [
            sum((1 - p) / (1 + seen[key]) for key, p in each.said.items())
            / (each.characters + middle / 2 or 1)
            for each in left
        ]
        best = left.pop(worth.index(max(worth)))
        expected.append(best.doc_id)
        for key in best.said:
            seen[key] += 1
    assert chosen(*documents, count=count) == expected


def test_the_random_part_is_drawn_from_all_documents_alike():
    documents = [candidate(f"d{n:03}", {"x": 0.01 if n < 50 else 0.99}) for n in range(100)]
    drawn = [
        each.doc_id
        for seed in range(200)
        for each in select(documents, 10, random_share=0.5, seed=seed)
        if each.part == "random"
    ]
    doubtful = sum(each < "d050" for each in drawn) / len(drawn)
    assert len(drawn) == 1000
    assert abs(doubtful - 0.5) < 0.06  # four standard errors
    assert random.Random(3).sample(sorted(each.doc_id for each in documents), 5) == [
        each.doc_id for each in select(documents, 10, random_share=0.5, seed=3)[:5]
    ]
