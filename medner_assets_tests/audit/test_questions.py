"""The three questions on small corpora whose truth is known."""

from collections.abc import Callable

import numpy as np

from medner_assets.audit.answers import ProbeAnswer, answer_of, decisive
from medner_assets.audit.described import Described, described
from medner_assets.audit.nodes import gold_nodes
from medner_assets.audit.pairs import candidate_pairs, learn_schema
from medner_assets.audit.probes import one_thread
from medner_assets.audit.questions import Probe, direction_probe, pairs_probes, type_probe
from medner_assets.schema import Document
from medner_assets_tests.support.notes import note

Make = Callable[[int, np.random.Generator], Document]


def corpus(make: Make, count: int, seed: int = 1, symmetric: tuple[str, ...] = ()) -> Described:
    rng = np.random.default_rng(seed)
    nodes = [gold_nodes(make(number, rng), symmetric) for number in range(count)]
    return described(candidate_pairs(nodes, learn_schema(nodes, symmetric)))


def pairs_of(every: Described) -> Probe:
    with one_thread():
        return decisive(*pairs_probes(every, seed=1))


def drugs(number: int, rng: np.random.Generator) -> list[str]:
    return [f"drug{number}", f"pill{number}"] if rng.random() < 0.5 else [f"pill{number}", f"drug{number}"]


def by_text(number: int, rng: np.random.Generator) -> Document:
    one, other = drugs(number, rng)
    verbs = ("helped", "spared") if rng.random() < 0.5 else ("spared", "helped")
    related = one if verbs[0] == "helped" else other
    text = f"First D:{one} {verbs[0]} the C:gout here. Then D:{other} {verbs[1]} it again."
    return note(text, (related, "treats", "gout"))


def by_order(number: int, rng: np.random.Generator) -> Document:
    one, other = drugs(number, rng)
    return note(f"Visit lists D:{one} , D:{other} and then C:gout today.", (other, "treats", "gout"))


def by_name(number: int, rng: np.random.Generator) -> Document:
    one, other = ("aspirin", "lithium") if rng.random() < 0.5 else ("lithium", "aspirin")
    text = f"Visit {number} lists D:{one} , D:{other} and then C:gout today."
    return note(text, ("aspirin", "treats", "gout"))


def by_chance(number: int, rng: np.random.Generator) -> Document:
    helped = [word for word in ("zinc", "iron", "lead", "tin") if rng.random() < 0.5]
    text = f"Visit {number} lists D:zinc , D:iron , D:lead , D:tin and then C:gout today."
    return note(text, *((word, "treats", "gout") for word in helped))


def test_a_word_that_says_which_pair_is_a_gain_over_position_and_names():
    found = pairs_of(corpus(by_text, 200))
    assert found.name == "within_document"
    assert found.gain is not None
    assert found.gain.share.low > 0.8
    assert answer_of(found) is ProbeAnswer.FOLLOWS


def test_order_that_decides_needs_no_reading():
    found = pairs_of(corpus(by_order, 200))
    assert found.unread == 1.0
    assert found.gain is not None
    assert found.gain.position.value == 1.0
    assert answer_of(found) is ProbeAnswer.SETTLED


def test_names_that_decide_need_no_reading_and_are_hidden_from_the_text():
    found = pairs_of(corpus(by_name, 300))
    assert answer_of(found) is ProbeAnswer.SETTLED
    assert found.gain is not None
    assert found.gain.text.low < 0.5 < found.gain.text.high
    assert found.gain.named.value > 0.99


def test_chance_is_no_gain():
    found = pairs_of(corpus(by_chance, 1000))
    assert answer_of(found) is ProbeAnswer.NONE


def test_fewer_than_fifty_documents_prove_nothing_however_clear_they_are():
    assert answer_of(pairs_of(corpus(by_text, 50))) is ProbeAnswer.UNDECIDED


def single(number: int, rng: np.random.Generator) -> Document:
    helped = rng.random() < 0.5
    relations = [("zinc", "treats", "gout")] if helped else []
    return note(f"D:zinc {'helped' if helped else 'spared'} the C:gout .", *relations, doc_id=str(number))


def test_one_pair_a_document_is_compared_between_documents():
    found = pairs_of(corpus(single, 200))
    assert found.name == "between_documents"
    assert answer_of(found) is ProbeAnswer.FOLLOWS


def typed(*, said: bool) -> Make:
    def make(number: int, rng: np.random.Generator) -> Document:
        kind = ("treats", "causes")[int(rng.integers(2))]
        verb = {"treats": "eased", "causes": "brought"}[kind] if said else "met"
        return note(f"D:zinc {verb} C:gout in visit {number} .", ("zinc", kind, "gout"))

    return make


def test_a_verb_says_the_type_and_chance_does_not():
    with one_thread():
        said, drawn = (type_probe(corpus(typed(said=each), 800), seed=1) for each in (True, False))
    assert answer_of(said) is ProbeAnswer.FOLLOWS
    assert answer_of(drawn) is ProbeAnswer.NONE
    assert drawn.unread is not None
    assert 0.4 < drawn.unread < 0.6


def test_a_type_that_the_types_of_the_pair_settle_is_not_asked():
    def make(number: int, rng: np.random.Generator) -> Document:
        return note(
            f"D:zinc eased C:gout and S:pain in visit {number} .",
            ("zinc", "treats", "gout"), ("zinc", "soothes", "pain"),
        )  # fmt: skip

    with one_thread():
        assert answer_of(type_probe(corpus(make, 100), seed=1)) is ProbeAnswer.NOT_ASKED


def directed(*, said: bool) -> Make:
    def make(number: int, rng: np.random.Generator) -> Document:
        forward = bool(rng.random() < 0.5)
        word = ("before" if forward else "after") if said else "with"
        ends = ("gout", "acne") if forward else ("acne", "gout")
        return note(f"Here C:gout {word} C:acne in visit {number} .", (ends[0], "causes", ends[1]))

    return make


def test_a_word_says_the_direction_and_chance_does_not():
    with one_thread():
        said, drawn = (direction_probe(corpus(directed(said=each), 1000), seed=1) for each in (True, False))
    assert answer_of(said) is ProbeAnswer.FOLLOWS
    assert answer_of(drawn) is ProbeAnswer.NONE


def test_the_direction_of_a_symmetric_relation_is_not_asked():
    with one_thread():
        found = direction_probe(corpus(directed(said=False), 200, symmetric=("causes",)), seed=1)
    assert not found.asked


def test_a_direction_that_the_types_settle_is_not_asked_though_the_order_varies():
    def make(number: int, rng: np.random.Generator) -> Document:
        text = "D:zinc for C:gout" if rng.random() < 0.5 else "C:gout under D:zinc"
        return note(f"{text} in visit {number} .", ("zinc", "treats", "gout"))

    with one_thread():
        assert not direction_probe(corpus(make, 200), seed=1).asked


def test_no_document_no_relation_and_only_related_pairs_ask_nothing():
    lone = corpus(lambda number, rng: note(f"D:zinc and C:gout {number}"), 60)
    full = corpus(lambda number, rng: note(f"D:zinc and C:gout {number}", ("zinc", "treats", "gout")), 60)
    assert answer_of(pairs_of(lone)) is ProbeAnswer.NOT_ASKED
    assert pairs_of(full).unread == 1.0
    assert answer_of(pairs_of(full)) is ProbeAnswer.NOT_ASKED


def test_the_length_of_a_word_between_tells_position_nothing():
    short, long = (
        corpus(lambda number, rng, word=word: note(f"D:zinc {word} C:gout", ("zinc", "treats", "gout")), 1)
        for word in ("as", "notwithstanding")
    )
    assert np.array_equal(short.position, long.position)
