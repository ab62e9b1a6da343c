"""Import files of one format: the core of `medner import FORMAT FILES --out F`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medner_assets.corpus.readers.registry import read_files
from medner_assets.corpus.reading import Problem, counts_by_kind
from medner_assets.corpus.validation import problems_of
from medner_assets.errors import MednerError
from medner_assets.schema import Document


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import gives; `documents` are sound by `corpus.validation`."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]

    def summary(self) -> dict[str, int]:
        """Return counts of documents, entities and relations, by type too, and of problems by kind."""
        entities = Counter(entity.type for document in self.documents for entity in document.entities)
        relations = Counter(relation.type for document in self.documents for relation in document.relations)
        return {
            "documents": len(self.documents),
            "entities": entities.total(),
            **{f"entities.{key}": count for key, count in entities.most_common()},
            "relations": relations.total(),
            **{f"relations.{key}": count for key, count in relations.most_common()},
            "problems": len(self.problems),
            **{f"problems.{key}": count for key, count in counts_by_kind(self.problems).items()},
            "lost": sum(problem.kind.loses for problem in self.problems),
        }


def import_files(format: str, paths: Sequence[Path]) -> Imported:
    """Return the documents of `paths` and what could not be placed.

    Raise MednerError if nothing can be imported. Every document is validated once more,
    whatever its reader promised.
    """
    reading = read_files(format, paths)
    unsound = [message for document in reading.documents for message in problems_of(document)]
    if unsound:
        raise MednerError(
            f"the {format} reader gave an invalid document ({unsound[0]}): please report this file"
        )
    return Imported(reading.documents, reading.problems)


def problem_line(problem: Problem) -> str:
    """Return a problem as `file:line: kind: message`, as compilers write them."""
    line = f":{problem.line}" if problem.line else ""
    document = f" document {problem.doc_id}:" if problem.doc_id else ""
    return f"{problem.file}{line}: {problem.kind.value}:{document} {problem.message}"
