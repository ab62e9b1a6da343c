"""What a perfect completion scores when the format cannot state what gold says."""

from medner_assets.audit.format import stated
from medner_assets.schema import Document, Entity, Level, Relation


def note(*entities: Entity, text: str = "Aspirin, then aspirin for pain.", relations=(), level=Level.MENTION):
    return Document("d", text, tuple(entities), tuple(relations), level=level)


def figures(*documents: Document) -> dict[str, float | None]:
    return {each.figure: each.value for each in stated(documents).figures()}


def test_a_perfect_completion_of_an_ordinary_note_says_all():
    drug, pain = Entity("T1", "Drug", 14, 21, "aspirin"), Entity("T2", "Effect", 26, 30, "pain")
    said = stated([note(drug, pain, relations=[Relation("treats", "T1", "T2")])])
    assert {each.value for each in said.figures() if each.figure.endswith("_f1")} == {1.0}
    assert said.reasons() == []


def test_the_second_of_two_occurrences_alone_cannot_be_placed():
    text = "No pain today, but pain at night."
    found = figures(note(Entity("T1", "Effect", 19, 23, "pain"), text=text))
    assert (found["entity_text_f1"], found["entity_span_f1"], found["entity_span_missed"]) == (1.0, 0.0, 1)


def test_a_relation_of_a_string_that_has_two_types_takes_the_first_and_a_reason_names_the_document():
    text = "Cold outside; she has a cold after rain."
    said = stated([
        note(
            Entity("T1", "Weather", 24, 28, "cold"), Entity("T2", "Illness", 24, 28, "cold"),
            Entity("T3", "Weather", 35, 39, "rain"),
            text=text, relations=[Relation("follows", "T2", "T3"), Relation("follows", "T1", "T3")],
        )
    ])  # fmt: skip
    found = {each.figure: each.value for each in said.figures()}
    assert (found["relation_strict_missed"], found["relation_boundaries_missed"]) == (1, 0)
    assert said.reasons()[0].endswith("relations F1 66.7% (1 of 2 missed, 0 wrong); documents: d")


def test_a_relation_of_a_concept_without_a_mention_is_counted_as_missed():
    drug = Entity("T1", "Drug", 14, 21, "aspirin", concepts=("C1",))
    related = Relation("causes", head_concept="C1", tail_concept="C9")
    found = figures(note(drug, relations=[related], level=Level.CONCEPT))
    assert (found["relation_strict_f1"], found["relation_strict_missed"]) == (0.0, 1)
