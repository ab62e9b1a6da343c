"""Import files of one format: the core of `medner import FORMAT FILES --out F`."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medner_assets.corpus.readers.registry import documents_of, nothing_read, sources_of
from medner_assets.corpus.readers.sources import AS_SHOWN, Options, Source
from medner_assets.corpus.reading import Problem, ProblemKind
from medner_assets.corpus.validation import problems_of
from medner_assets.errors import MednerError
from medner_assets.schema import Document


@dataclass(slots=True)
class Told:
    """Counts of what an import gave, and the first problem of each kind; of one size, whatever the corpus."""

    documents: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    kinds: Counter[ProblemKind] = field(default_factory=Counter)
    first: dict[ProblemKind, Problem] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """How many problems cost a document, mention or relation."""
        return sum(count for kind, count in self.kinds.items() if kind.loses)

    def add(self, each: Document | Problem) -> None:
        """Count a document or a problem."""
        if isinstance(each, Problem):
            self.kinds[each.kind] += 1
            self.first.setdefault(each.kind, each)
            return
        self.documents += 1
        self.entities.update([entity.type for entity in each.entities])
        self.relations.update([relation.type for relation in each.relations])

    def summary(self) -> dict[str, int]:
        """Return counts of documents, entities and relations, by type too, and of problems by kind."""
        return {
            "documents": self.documents,
            "entities": self.entities.total(),
            **{f"entities.{key}": count for key, count in self.entities.most_common()},
            "relations": self.relations.total(),
            **{f"relations.{key}": count for key, count in self.relations.most_common()},
            "problems": self.kinds.total(),
            **{f"problems.{kind.value}": count for kind, count in self.kinds.most_common()},
            "lost": self.lost,
        }

    def problem_lines(self) -> list[str]:
        """Return a line for each kind of problem, losses first: how many, and the first of them."""
        kinds = sorted(self.kinds, key=lambda kind: (not kind.loses, -self.kinds[kind]))
        lines = []
        for kind in kinds:
            count = self.kinds[kind]
            more = "" if count == 1 else f" ({'first ' if kind.loses else ''}of {count})"
            lines.append(f"{'lost' if kind.loses else 'note'}{more}: {problem_line(self.first[kind])}")
        return lines


class Import:
    """One import: its files are known at once, its documents come one at a time.

    Raise MednerError when a path is not there or a folder holds no file of the format.
    """

    def __init__(self, format: str, paths: Sequence[Path], options: Options = AS_SHOWN) -> None:
        self.format, self.paths, self.options = format, list(paths), options
        self.sources: list[Source] = sources_of(format, paths)
        self.told = Told()

    def reads(self, out: Path) -> bool:
        """Return whether `out` is one of the files that are read, or stands beside one as part of it."""
        try:
            place = out.stat()
        except OSError:
            return False
        stems = {each.name.removesuffix(each.suffix) for each in self.sources}
        return any(
            (there := path.stat()).st_dev == place.st_dev and there.st_ino == place.st_ino
            for each in self.sources
            if (path := each.path) is not None and path.exists()
        ) or any(str(out.absolute()) == str(Path(f"{stem}{out.suffix}").absolute()) for stem in stems)

    def documents(self, keep: Callable[[Problem], None] = lambda problem: None) -> Iterator[Document]:
        """Yield the documents, each validated once more whatever its reader promised; count into `told`.

        keep: gets every problem. Raise MednerError if nothing can be imported.
        """
        for each in documents_of(self.format, self.sources, self.options):
            self.told.add(each)
            if isinstance(each, Problem):
                keep(each)
                continue
            unsound = problems_of(each)
            if unsound:
                raise MednerError(
                    f"the {self.format} reader gave an invalid document ({unsound[0]}): "
                    "please report this file"
                )
            yield each
        if not self.told.documents:
            raise nothing_read(self.format, self.paths, list(self.told.first.values()))


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import gives; `documents` are sound by `corpus.validation`."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    told: Told

    def summary(self) -> dict[str, int]:
        """Return the counts of `Told`."""
        return self.told.summary()


def import_files(format: str, paths: Sequence[Path], options: Options = AS_SHOWN) -> Imported:
    """Return the documents of `paths` and what could not be placed; raise MednerError if there are none."""
    running, problems = Import(format, paths, options), list[Problem]()
    documents = tuple(running.documents(problems.append))
    return Imported(documents, tuple(problems), running.told)


def problem_line(problem: Problem) -> str:
    """Return a problem as `file:line: kind: message`, as compilers write them."""
    line = f":{problem.line}" if problem.line else ""
    document = f" document {problem.doc_id}:" if problem.doc_id else ""
    return f"{problem.file}{line}: {problem.kind.value}:{document} {problem.message}"


def problem_to_json(problem: Problem) -> dict[str, str | int | bool | None]:
    """Return a problem as it stands in the file of `--problems`, one JSON object a line."""
    return {
        "file": problem.file,
        "line": problem.line,
        "document": problem.doc_id,
        "kind": problem.kind.value,
        "loss": problem.kind.loses,
        "text": problem.message,
    }
