from medner_assets.prompting.templates import render_completion, render_prompt
from medner_assets.schema import Document, Entity, Level, Relation

ASPIRIN = Entity("T1", "Drug", 0, 7, "Aspirin")
BLEEDING = Entity("T2", "Effect", 15, 23, "bleeding")
NOTE = Document("d", "Aspirin caused bleeding.", (BLEEDING, ASPIRIN), (Relation("causes", "T1", "T2"),))


def test_a_completion_lists_mentions_in_text_order_and_relations_with_arrows():
    assert render_completion(NOTE) == (
        "### Entities:\n1. [Drug] Aspirin\n2. [Effect] bleeding\n\n"
        "### Relations:\n1. Aspirin --[causes]--> bleeding"
    )


def test_a_document_without_annotations_says_none_found_twice():
    assert render_completion(Document("d", "No drugs.")) == (
        "### Entities:\nNone found.\n\n### Relations:\nNone found."
    )


def test_a_mention_that_spans_a_line_break_stays_on_one_line():
    broken = Document("d", "renal\nfailure", (Entity("T1", "Effect", 0, 13, "renal\nfailure"),))
    assert "1. [Effect] renal failure\n" in render_completion(broken)


def test_a_concept_relation_names_the_first_mention_of_each_concept():
    document = Document(
        "d",
        "ASA, aspirin, bleeding",
        (
            Entity("0", "Chemical", 0, 3, "ASA", ("D1",)),
            Entity("1", "Chemical", 5, 12, "aspirin", ("D1",)),
            Entity("2", "Disease", 14, 22, "bleeding", ("D2", "D3")),
        ),
        (Relation("CID", head_concept="D1", tail_concept="D3"),),
        level=Level.CONCEPT,
    )
    assert render_completion(document).endswith("### Relations:\n1. ASA --[CID]--> bleeding")


def test_braces_in_clinical_text_are_text():
    prompt = render_prompt("dose {x} {text}", "compact", ["Drug"], ["causes"])
    assert prompt == "### Types: Drug | causes\n### Text:\ndose {x} {text}\n\n"


def test_the_instruct_prompt_names_the_types_and_ends_where_the_response_begins():
    prompt = render_prompt("Aspirin.", "instruct", ["Drug", "Effect"], ["causes"])
    assert "Entity types: Drug, Effect\nRelation types: causes\n" in prompt
    assert prompt.endswith("### Text:\nAspirin.\n\n### Response:\n")
