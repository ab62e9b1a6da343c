"""Attacks by files: rights, texts that a killed command leaves, changed adapters, bombs, pipes, escapes."""

import gzip
import json
import lzma
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

from benchmarks.attacking.attack import Attack, Seen
from medner_assets_tests.support.checkout import Checkout

LINE = '{"id": "a", "text": "Mrs Canary took aspirin."}\n'
KILLED = (
    "import os, signal; from medner_assets.commands.predict_scratch import scratch\n"
    "with scratch() as folder:\n"
    "    (folder / 'input-0').write_text('Mrs Canary')\n"
    "    os.kill(os.getpid(), signal.SIGKILL)\n"
)


def attacks() -> Iterator[Attack]:
    """Yield the attacks by files."""
    rights, bombs = "Others on the machine", "Files that are none"
    yield Attack(rights, "nothing that commands write can be read by others under umask 022", _rights)
    yield Attack(rights, "texts of a killed prediction are told and removed at the next start", _left)
    yield Attack(
        "Changed adapters", "an adapter with another lora_alpha is not taken for the trained one", _adapter
    )
    for suffix, pack in ((".gz", gzip.compress), (".xz", lzma.compress)):
        yield Attack(
            bombs, f"a {suffix} file of zeros is refused before it fills the memory", _bomb(suffix, pack)
        )
    for name in ("pipe", "/dev/zero"):
        yield Attack(bombs, f"{name} as a corpus file is refused and not waited for", _endless(name))
    yield Attack(
        "Texts that steer", "an escape sequence in a document's id reaches no line of an error", _escape
    )
    yield Attack("Texts that steer", "no cell of --excel begins as a formula does", _formula)
    yield Attack("Clinical text that must go", "after `medner forget` no table holds the text", _forget)


def _rights(checkout: Checkout) -> Seen:
    before = os.umask(0o022)
    try:
        source = checkout.root / "d.jsonl"
        source.write_text(LINE)
        checkout.medner("import", "jsonl", str(source), "--out", str(checkout.root / "out.jsonl"))
        checkout.medner("sql", "scores")
        checkout.medner("export", str(checkout.root / "all.duckdb"))
    finally:
        os.umask(before)
    written = [checkout.root / "out.jsonl", checkout.root / "all.duckdb", *checkout.data.rglob("*")]
    open_to_all = [str(each) for each in written if each.stat().st_mode & 0o077]
    return not open_to_all, f"{len(written)} files and folders, open: {', '.join(open_to_all[:3]) or 'none'}"


def _left(checkout: Checkout) -> Seen:
    ran = checkout.python(KILLED)
    told = checkout.medner("doctor").out
    checkout.python("from medner_assets.commands.predict_scratch import scratch", "with scratch(): pass")
    left = list((checkout.data / "work").glob("predict-*"))
    held = ran.code == -signal.SIGKILL and "that were killed" in told and not left
    return held, f"{len(left)} folders left"


def _adapter(checkout: Checkout) -> Seen:
    trained = checkout.medner("train", "tiny-v1")
    config = checkout.data / "adapters" / "tiny-v1" / "adapter_config.json"
    settings = json.loads(config.read_text())
    settings["lora_alpha"] *= 10
    config.write_text(json.dumps(settings))
    ran = checkout.medner("evaluate", "tiny-v1")
    return trained.code == 0 and ran.code == 1 and "adapter_config.json" in ran.reason, ran.reason


def _bomb(suffix: str, pack: Callable[[bytes], bytes]) -> Callable[[Checkout], Seen]:
    def run(checkout: Checkout) -> Seen:
        bomb = checkout.root / f"bomb.jsonl{suffix}"
        bomb.write_bytes(pack(b"\0" * 300_000_000))
        ran = checkout.medner("import", "jsonl", str(bomb), "--out", str(checkout.root / "out.jsonl"))
        return ran.code == 1 and "no text packs so well" in ran.reason, ran.reason

    return run


def _endless(name: str) -> Callable[[Checkout], Seen]:
    def run(checkout: Checkout) -> Seen:
        path = name
        if name == "pipe":
            path = str(checkout.root / "pipe.jsonl")
            os.mkfifo(path)
        try:
            ran = checkout.medner("import", "jsonl", path, "--out", str(checkout.root / "out.jsonl"))
        except subprocess.TimeoutExpired:
            return False, "it waits for ever"
        return ran.code == 1 and "a pipe or a device" in ran.reason, ran.reason

    return run


def _escape(checkout: Checkout) -> Seen:
    source = checkout.root / "d.jsonl"
    steering = "\x1b[2J\u202e\x07"
    lines = [
        {"id": f"a{steering}", "text": "t", "entities": [{"id": steering, "type": "x", "start": 9, "end": 3}]}
    ]
    source.write_text("".join(json.dumps(each) + "\n" for each in lines))
    ran = checkout.medner("import", "jsonl", str(source), "--out", str(checkout.root / "out.jsonl"))
    ran_sql = checkout.medner("sql", f"from nowhere{steering}")
    told = ran.err + ran_sql.err
    return not any(each in told for each in "\x1b\u202e\x07"), ran_sql.reason


def _formula(checkout: Checkout) -> Seen:
    query = "select unnest(['=cmd|''/c calc''!A0', '@x', '+1', '-1']) as word"
    ran = checkout.medner("sql", query, "--format", "csv", "--excel")
    cells = [line.strip('"') for line in ran.out.splitlines()[1:]]
    return len(cells) == 4 and all(cell.startswith("'") for cell in cells), " ".join(cells)


def _forget(checkout: Checkout) -> Seen:
    built = checkout.python(
        "from medner_assets.defs.datasets.dataset import build",
        "from medner_assets.defs.resources import Warehouse",
        "build('miniature', Warehouse.of_no_run())",
    )
    before = list((checkout.data / "warehouse" / "documents").glob("dataset=miniature"))
    ran = checkout.medner("forget", "miniature", "--yes")
    left = list((checkout.data / "warehouse").glob("*/dataset=miniature"))
    held = built.code == 0 and bool(before) and ran.code == 0 and not left
    return held, f"{len(left)} partitions left of {len(before)}; {ran.reason or built.reason}"
