"""Hypothesis strategies for sound documents of both levels."""

from hypothesis import strategies as st

from medner_assets.schema import Document, Entity, Level, Relation

# No half surrogates: they are no characters and cannot be stored.
characters = st.characters(exclude_categories=("Cs",))
words = st.text(characters, min_size=1, max_size=8)
texts = st.text(st.one_of(st.sampled_from("ab .\n\t\r\u2028é😀"), characters), min_size=1, max_size=60)


@st.composite
def documents(draw: st.DrawFn, doc_id: st.SearchStrategy[str] = words) -> Document:
    """A sound document: spans hold their text, relations refer to its own entities or concepts."""
    text = draw(texts)
    level = draw(st.sampled_from(Level))
    concept = level is Level.CONCEPT
    ids = draw(st.lists(words, max_size=5, unique=True))
    entities = tuple(draw(_entities(each, text, concept=concept)) for each in ids)
    known = [each for entity in entities for each in (entity.concepts if concept else (entity.id,))]
    pairs = (
        draw(st.lists(st.tuples(words, st.sampled_from(known), st.sampled_from(known)), max_size=5))
        if known
        else []
    )
    relations = dict.fromkeys(
        Relation(kind, head_concept=head, tail_concept=tail) if concept else Relation(kind, head, tail)
        for kind, head, tail in pairs
    )
    own = draw(doc_id)
    return Document(
        id=own,
        text=text,
        entities=entities,
        relations=tuple(relations),
        group=draw(st.none() | words.filter(lambda group: group != own)),
        split=draw(st.sampled_from((None, "train", "dev", "test"))),
        directed=draw(st.booleans()),
        level=level,
    )


@st.composite
def _entities(draw: st.DrawFn, key: str, text: str, *, concept: bool) -> Entity:
    concepts = tuple(draw(st.lists(words, max_size=3, unique=True))) if concept else ()
    if draw(st.integers(0, 5)) == 0:
        return Entity(key, draw(words), None, None, draw(words), concepts)
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    pieces: tuple[tuple[int, int], ...] = ()
    if end - start > 2 and draw(st.integers(0, 3)) == 0:
        first = draw(st.integers(start + 1, end - 2))
        pieces = ((start, first), (draw(st.integers(first + 1, end - 1)), end))
    return Entity(key, draw(words), start, end, text[start:end], concepts, pieces)


corpora_of_documents = st.lists(documents(), max_size=5, unique_by=lambda document: document.id)
