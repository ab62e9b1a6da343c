from dataclasses import replace

from medner_assets.audit.nodes import Nodes, found_nodes, gold_nodes
from medner_assets.audit.pairs import Pairs, RelationWay, candidate_pairs, learn_schema, sampled
from medner_assets.schema import Document, Entity
from medner_assets_tests.support.notes import abstract, note

BLEEDING = abstract(
    "Warfarin and heparin: warfarin caused bleeding and, later, gastric or duodenal ulcers.",
    [
        ("Warfarin", "Chemical", ("W",)),
        ("heparin", "Chemical", ("H",)),
        ("warfarin", "Chemical", ("W",)),
        ("bleeding", "Disease", ("B",)),
        ("gastric or duodenal ulcers", "Disease", ("G", "D")),
    ],
    ("W", "CID", "B"),
)


def pairs_of(*documents: Document, symmetric: tuple[str, ...] = ()) -> Pairs:
    nodes = [gold_nodes(document, symmetric) for document in documents]
    return candidate_pairs(nodes, learn_schema(nodes, symmetric))


def test_at_mention_level_each_mention_is_a_node_also_of_the_same_name():
    nodes = gold_nodes(note("D:aspirin helped, D:aspirin did"), ()).nodes
    assert [node.text for node in nodes] == ["aspirin", "aspirin"]
    assert len({node.key for node in nodes}) == 2


def test_at_concept_level_mentions_of_one_concept_are_one_node_and_a_composite_mention_is_in_several():
    nodes = {node.key[1]: node for node in gold_nodes(BLEEDING, ()).nodes}
    assert sorted(nodes) == ["B", "D", "G", "H", "W"]
    assert len(nodes["W"].places) == 2
    assert nodes["G"].places == nodes["D"].places


def test_without_offsets_mentions_with_the_same_string_are_one_node():
    document = note("D:aspirin helped, D:aspirin did")
    bare = replace(document, entities=tuple(replace(e, start=None, end=None) for e in document.entities))
    assert [node.key for node in gold_nodes(bare, ()).nodes] == [("Drug", "aspirin")]


def test_a_found_entity_has_the_key_of_the_gold_mention_at_its_place():
    document = note("D:aspirin helped")
    gold = gold_nodes(document, ())
    found = found_nodes(document, (Entity("D1", "Drug", 0, 7, "aspirin"),), gold)
    assert [node.key for node in found.nodes] == [node.key for node in gold.nodes]


def test_a_found_string_takes_the_concepts_of_gold_and_an_unknown_one_stands_for_itself():
    found = (Entity("D1", "Chemical", 14, 21, "HEPARIN"), Entity("D2", "Chemical", 55, 60, "later"))
    nodes: Nodes = found_nodes(BLEEDING, found, gold_nodes(BLEEDING, ()))
    assert [node.key for node in nodes.nodes] == [("concept", "H"), ("concept", "string Chemical later")]


def test_candidates_are_the_pairs_whose_types_train_relates():
    trained = note("D:aspirin helped C:gout", ("aspirin", "treats", "gout"))
    asked = note("D:aspirin and D:lithium with C:gout and S:nausea")
    schema = learn_schema([gold_nodes(trained, ())], ())
    rows = candidate_pairs([gold_nodes(asked, ())], schema).rows
    assert [(row.second.text, row.first.text) for row in rows] == [("aspirin", "gout"), ("lithium", "gout")]


def test_a_pair_knows_the_ways_in_which_gold_relates_it():
    pairs = pairs_of(note("D:aspirin helped C:gout, not C:asthma", ("aspirin", "treats", "gout")))
    assert [(row.first.text, row.gold) for row in pairs.rows] == [("gout", {0}), ("asthma", frozenset())]
    # Condition sorts before Drug: the head is second.
    assert pairs.schema.classes == (RelationWay("treats", False),)
    assert pairs.triple(0, 0) in pairs.documents[0].gold


def test_of_equal_types_both_directions_are_possible_unless_the_relation_is_symmetric():
    document = note("C:gout follows C:obesity", ("obesity", "causes", "gout"))
    assert pairs_of(document).schema.classes == (RelationWay("causes", False), RelationWay("causes", True))
    assert pairs_of(document, symmetric=("causes",)).schema.classes == (RelationWay("causes", True),)


def test_a_symmetric_relation_is_found_whichever_argument_is_written_first():
    one = note("D:aspirin meets D:lithium", ("aspirin", "interacts", "lithium"))
    other = note("D:aspirin meets D:lithium", ("lithium", "interacts", "aspirin"))
    assert gold_nodes(one, ("interacts",)).gold == gold_nodes(other, ("interacts",)).gold
    assert gold_nodes(one, ()).gold != gold_nodes(other, ()).gold


def test_in_an_undirected_document_every_type_is_symmetric():
    document = note("C:gout meets C:obesity", ("obesity", "causes", "gout"), directed=False)
    pairs = pairs_of(document)
    assert pairs.schema.symmetric == {"causes"}
    assert pairs.rows[0].gold == {0}


def test_a_relation_that_no_pair_can_give_still_counts_as_gold():
    stray = abstract("Warfarin alone", [("Warfarin", "Chemical", ("W",))], ("W", "CID", "elsewhere"))
    pairs = pairs_of(BLEEDING, stray)
    assert pairs.gold_counts.tolist() == [1, 1]
    assert set(pairs.document.tolist()) == {0}


def test_a_sample_holds_whole_documents_and_all_of_them_where_there_are_few():
    documents = [
        gold_nodes(note(f"D:a{n} helped C:b{n} not C:c{n}", (f"a{n}", "treats", f"b{n}")), ())
        for n in range(20)
    ]
    schema = learn_schema(documents, ())
    assert sampled(documents, schema, 40, 1) == documents
    some = sampled(documents, schema, 10, 1)
    assert len(some) == 5
    assert some == sampled(documents, schema, 10, 1)
    assert some != sampled(documents, schema, 10, 2)
