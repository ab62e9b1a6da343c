"""Build a dataset from its recipe: read or generate, map types, split, subtract."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.readers.sources import Options
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.corpus.splitting import SPLITS, assigned, subtracted
from medner_assets.corpus.synthetic.generator import generate
from medner_assets.errors import MednerError
from medner_assets.recipes.sources import DatasetRecipe, FilesSource, SyntheticSource
from medner_assets.schema import Document, Relation


@dataclass(frozen=True, slots=True)
class BuiltDataset:
    """The documents of a dataset, train before dev before test, each with its split and with distinct ids."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    """What the readers could not place; `file` is relative to the corpora folder where it lies below it."""
    symmetric_types: tuple[str, ...]
    """Relation types, after mapping, of which head and tail may change places."""


def build_dataset(recipe: DatasetRecipe, corpora: Path) -> BuiltDataset:
    """Return the dataset that `recipe` states; its files are looked up below the folder `corpora`.

    The same recipe and files give the same documents in the same order. Raise MednerError if a file cannot
    be read or was cut short, a split that the recipe names comes out empty, or an id stands in two splits.
    """
    problems: tuple[Problem, ...] = ()
    if isinstance(recipe.source, SyntheticSource):
        documents = assigned(generate(recipe.source), recipe.split)
        expected: set[str] = {split for split, count in recipe.source.documents.items() if count}
    else:
        documents, problems = _read(recipe, recipe.source, corpora)
        expected = {split for split in recipe.source.files if split != "all"}
    renamed = [mapped(document, recipe.entity_types, recipe.relation_types) for document in documents]
    ordered = sorted(renamed, key=lambda document: _position(document.split))
    _require_documents(ordered, expected)
    _require_distinct_ids(ordered)
    return BuiltDataset(tuple(ordered), problems, tuple(sorted(set(recipe.symmetric_relations))))


def _read(
    recipe: DatasetRecipe, source: FilesSource, corpora: Path
) -> tuple[list[Document], tuple[Problem, ...]]:
    if not corpora.is_dir() and not all(
        Path(name).is_absolute() for names in source.files.values() for name in names
    ):
        raise MednerError(
            f"{corpora}: there is no such folder of corpora: set MEDNER_CORPORA to your folder of corpora"
        )
    by_files = recipe.split.kind == "files"
    if by_files == ("all" in source.files) or (not by_files and len(source.files) > 1):
        rule = "train, dev and test" if by_files else "'all' and nothing else"
        raise MednerError(
            f"split kind {recipe.split.kind!r} needs files under {rule}, not {', '.join(source.files)}"
        )
    documents: list[Document] = []
    problems: list[Problem] = []
    for split, names in source.files.items():
        reading = read_files(source.format, [corpora / name for name in names], Options(source.column))
        documents += [each.with_split(split) for each in reading.documents] if by_files else reading.documents
        problems += [replace(each, file=_below(each.file, corpora)) for each in reading.problems]
    _require_whole(problems)
    if not by_files:
        documents = assigned(documents, recipe.split)
    kept = subtracted(documents, source.subtract)
    return kept, tuple(problems)


def _require_whole(problems: Sequence[Problem]) -> None:
    """Raise MednerError at a file that was cut short: a dataset must not shrink with a broken copy."""
    for each in problems:
        if each.kind in (ProblemKind.TRUNCATED, ProblemKind.UNENDED):
            raise MednerError(f"{each.file}:{each.line}: cut short ({each.message}): get the complete file")


def _below(file: str, corpora: Path) -> str:
    path = Path(file)
    return path.relative_to(corpora).as_posix() if path.is_relative_to(corpora) else file


def mapped(
    document: Document, entity_types: Mapping[str, str], relation_types: Mapping[str, str]
) -> Document:
    """Return a document with its types renamed, source type → type; types not named are kept."""
    if not entity_types and not relation_types:
        return document
    return replace(
        document,
        entities=tuple(
            replace(each, type=entity_types.get(each.type, each.type)) for each in document.entities
        ),
        relations=_distinct(
            replace(each, type=relation_types.get(each.type, each.type)) for each in document.relations
        ),
    )


def _distinct(relations: Iterable[Relation]) -> tuple[Relation, ...]:
    """Return one of each type and pair: two source types may become one, and what is said of them differs."""
    first: dict[Relation, Relation] = {}
    for each in relations:
        first.setdefault(replace(each, attributes=()), each)
    return tuple(first.values())


def _position(split: str | None) -> int:
    return next(position for position, each in enumerate(SPLITS) if each == split)


def _require_documents(documents: Sequence[Document], expected: set[str]) -> None:
    if not documents:
        raise MednerError("the dataset has no documents: check the recipe's source and split rule")
    missing = expected - {str(document.split) for document in documents}
    if missing:
        raise MednerError(
            f"the split {min(missing)!r} has no documents: check the recipe's files and `subtract`"
        )


def _require_distinct_ids(documents: Sequence[Document]) -> None:
    repeated = [key for key, count in Counter(document.id for document in documents).items() if count > 1]
    if repeated:
        splits = " and ".join(str(document.split) for document in documents if document.id == repeated[0])
        raise MednerError(
            f"{len(repeated)} documents are in more than one split, the first {repeated[0]!r} in {splits}: "
            "name one split under `subtract` in the recipe"
        )
