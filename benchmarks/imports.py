"""Time and memory of `medner import` on large files: PubTator, JSON lines, BioC. Writes results/imports.json.

usage: python benchmarks/imports.py [--megabytes 121] [--checkout FOLDER] [--only FORMAT]

The files are made here of invented text, the same on every machine. Each is imported by a process of its own,
whose processor seconds and largest memory are told; `--checkout` measures another checkout of medner with the
same files, and prints only.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from medner_assets.paths import PROJECT

RESULTS = PROJECT / "benchmarks" / "results" / "imports.json"
WORDS = (
    "Heparin was given at 5 mg per kg and the patient's bruising resolved after aspirin was stopped on day "
    "two of treatment, and no further bleeding was seen in the ward. "
)
MENTIONS = (
    ("Heparin", "Chemical", "D006493"),
    ("bruising", "Disease", "D003288"),
    ("aspirin", "Chemical", "D001241"),
)
WANTED = {"pubtator": 10.0, "jsonl": 10.0}
"""Megabytes a processor second."""
MOST_MEMORY = 400


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=121)
    parser.add_argument("--checkout", type=Path, default=PROJECT)
    parser.add_argument("--only", choices=FILES, help="one format; prints only")
    options = parser.parse_args()
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, write in FILES.items():
            if options.only not in (None, name):
                continue
            file = Path(folder) / name
            size = options.megabytes if name == "pubtator" else min(100, options.megabytes)
            write_up_to(file, write(), size * 1_000_000)
            measured[name] = imported(name.split(" ")[0], file, options.checkout)
            file.unlink()
            print(f"{name:22}", *(f"{key} {value}" for key, value in measured[name].items()), flush=True)
    if options.checkout != PROJECT or options.only:
        return 0
    slow = [each for each, least in WANTED.items() if measured[each]["megabytes_a_second"] < least]
    large = [each for each, figures in measured.items() if figures["memory_megabytes"] > MOST_MEMORY]
    RESULTS.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print(f"slower than wanted: {slow or 'none'}; more than {MOST_MEMORY} MB of memory: {large or 'none'}")
    return bool(slow or large)


def write_up_to(file: Path, pieces: Iterator[str], size: int) -> None:
    """Write pieces until the file has `size` bytes; the first and last are head and tail."""
    with file.open("w", encoding="utf-8") as stream:
        written = 0
        tail = next(pieces)
        while written < size:
            written += stream.write(next(pieces))
        stream.write(tail)


def imported(format: str, file: Path, checkout: Path) -> dict[str, float]:
    """Import `file` by a process of its own; return its size, seconds of processor and largest memory."""
    out = file.with_name("out")
    code = "import sys; sys.path[0] = sys.argv.pop(1); from medner_assets.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, str(checkout), "import", format, str(file), "--out", str(out)]
    null = os.open(os.devnull, os.O_WRONLY)
    environment = os.environ | {"MEDNER_DATA": str(file.parent / "data")}
    actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    child = os.posix_spawn(sys.executable, command, environment, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{format}: the import failed")
    megabytes, seconds = file.stat().st_size / 1e6, used.ru_utime + used.ru_stime
    out.unlink()
    return {
        "megabytes": round(megabytes, 1),
        "cpu_seconds": round(seconds, 1),
        "megabytes_a_second": round(megabytes / seconds, 1),
        "memory_megabytes": round(used.ru_maxrss / 1024),
    }


def passages(number: int) -> tuple[str, str]:
    """Return title and abstract of an invented document."""
    return f"Heparin and bruising, study {number}.", WORDS * (4 + number % 5)


def mentions(text: str) -> Iterator[tuple[int, str, str, str]]:
    for word, kind, concept in MENTIONS:
        at = text.find(word)
        while at >= 0:
            yield at, word, kind, concept
            at = text.find(word, at + 1)


def pubtator() -> Iterator[str]:
    yield ""
    number = 0
    while True:
        number += 1
        title, abstract = passages(number)
        lines = [f"{number}|t|{title}", f"{number}|a|{abstract}"]
        for at, word, kind, concept in mentions(f"{title} {abstract}"):
            lines.append(f"{number}\t{at}\t{at + len(word)}\t{word}\t{kind}\t{concept}")
        lines.append(f"{number}\tCID\tD006493\tD003288")
        yield "\n".join([*lines, "", ""])


def jsonl() -> Iterator[str]:
    yield ""
    number = 0
    while True:
        number += 1
        text = " ".join(passages(number))
        entities = [
            {"id": f"T{n}", "type": kind, "start": at, "end": at + len(word), "text": word}
            for n, (at, word, kind, _) in enumerate(mentions(text))
        ]
        relations = [{"type": "causes", "head": "T0", "tail": "T1"}]
        yield (
            json.dumps({"id": str(number), "text": text, "entities": entities, "relations": relations}) + "\n"
        )


def bioc_xml() -> Iterator[str]:
    yield "</collection>\n"
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<collection><source>x</source><date>1</date><key>k</key>\n'
    number = 0
    while True:
        number += 1
        parts, offset = [], 0
        for text in passages(number):
            inside = "".join(
                f'<annotation id="{offset + at}{kind}"><infon key="type">{kind}</infon>'
                f'<infon key="identifier">{concept}</infon><location offset="{offset + at}" '
                f'length="{len(word)}"/><text>{word}</text></annotation>\n'
                for at, word, kind, concept in mentions(text)
            )
            parts.append(f"<passage><offset>{offset}</offset><text>{text}</text>{inside}</passage>")
            offset += len(text) + 1
        yield f"<document><id>{number}</id>{''.join(parts)}</document>\n"


def bioc_json() -> Iterator[str]:
    yield "]}"
    yield '{"source": "x", "date": "1", "key": "k", "documents": [\n'
    number = 0
    while True:
        number += 1
        parts, offset = [], 0
        for text in passages(number):
            parts.append({"offset": offset, "text": text, "annotations": [
                {"id": f"{offset + at}{kind}", "infons": {"type": kind, "identifier": concept}, "text": word,
                 "locations": [{"offset": offset + at, "length": len(word)}]}
                for at, word, kind, concept in mentions(text)
            ]})  # fmt: skip
            offset += len(text) + 1
        comma = "" if number == 1 else ",\n"
        yield comma + json.dumps({"id": str(number), "passages": parts, "relations": []})


FILES: dict[str, Callable[[], Iterator[str]]] = {
    "pubtator": pubtator, "jsonl": jsonl, "bioc-xml": bioc_xml, "bioc-json": bioc_json,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
