"""Completions as no model should write them, through parser, grounding and every post-processing stage."""

from pathlib import Path
from random import Random

from benchmarks.fuzzing.cases import Cases
from medner_assets.prompting.grounding import predict
from medner_assets.prompting.templates import render_completion
from medner_assets.schema import Prediction
from medner_assets.scoring.postprocessing import STAGES, RelationSchema
from medner_assets.scoring.staging import WindowPrediction, staged_frames
from medner_assets_tests.support.miniature import documents

_TEXTS = (
    "Patient 3 took aspirin and then had severe bleeding; İstanbul fever, aspirin again.",
    "ﬁbrosis\u00a0of the\tlung,\r\nNée 😀 O'Brien [sic] --[x]--> y. " * 3,
    "",
    " \u200b\u0301\u202e",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\n".join(document.text for document in documents(40)),
)
_PIECES = (
    "### Entities:\n", "### Relations:\n", "None found.", "1. ", "2) ", "- ", "[", "]", "[Drug] ", "[] ",
    "[ ] ", "--[", "]-->", " --[causes]--> ", "--[]-->", "--[ ]-->", "aspirin", "ASPIRIN", "asprin",
    "bleeding",
    "severe\nbleeding", "\n", "\r\n", "\r", "\t", " ", "\u2028", "\u0085", "\x0b", "\x00", "\ufeff", "\ufffd",
    "😀", "İ", "ß", "ﬁbrosis", "\u202e", "\u0301", "999999999999999999999999. ", "#", "a" * 250,
    "<|endoftext|>", "<script>alert(1)</script>", "'; drop table metrics; --", "{{ 7*7 }}", "\x1b[2J", "-->",
    "--", "--[x]-->--[y]-->",
)  # fmt: skip
_WHOLE = tuple(render_completion(document) for document in documents(24))
_TRIPLES = frozenset({("causes", "Drug", "Effect"), ("treats", "Drug", "Disease")})
_SCHEMAS = (RelationSchema(_TRIPLES), RelationSchema(_TRIPLES, frozenset({"causes"})))
_TOGETHER = 500
"""Completions that are post-processed as one evaluation, as a test split is."""


def completion(rng: Random) -> str:
    """Return a completion: a sound one that was spoilt, pieces in any order, or any characters."""
    kind = rng.random()
    if kind < 0.45:
        text = rng.choice(_WHOLE)
        for _ in range(rng.randrange(1, 5)):
            start = rng.randrange(len(text) + 1)
            end = min(len(text), start + rng.choice((0, 0, 1, 5, 30)))
            text = text[:start] + rng.choice(_PIECES) + text[end:]
        return text[: rng.randrange(len(text) + 1)] if rng.random() < 0.2 else text
    if kind < 0.9:
        return "".join(rng.choices(_PIECES, k=rng.randrange(1, 30)))
    if kind < 0.9998:
        # No half surrogates: no tokenizer writes them, and no file can hold them.
        limits = (0x80, 0x800, 0xD800, 0x10FFFF)
        codes = (rng.randrange(rng.choice(limits)) for _ in range(rng.randrange(80)))
        return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)
    return rng.choice(_PIECES) * rng.randrange(1000, 20_000)


def completion_cases(folder: Path) -> Cases:
    """Return the cases of completions; a failure of post-processing is one of its whole group."""
    waiting: list[tuple[str, Prediction]] = []

    def case(rng: Random) -> str:
        text = rng.choice(_TEXTS)
        prediction = predict(f"d{len(waiting)}", text, completion(rng))
        _check(prediction, text)
        waiting.append((text, prediction))
        if len(waiting) == _TOGETHER:
            finish(rng)
        return "with predictions" if prediction.entities or prediction.relations else "without predictions"

    def finish(rng: Random) -> None:
        group, waiting[:] = list(waiting), []
        if group:
            _postprocess(rng, group)

    return Cases(case, finish)


def _check(prediction: Prediction, text: str) -> None:
    for entity in prediction.entities:
        assert (entity.start is None) == (entity.grounding == "none")
        if entity.start is not None and entity.end is not None:
            assert 0 <= entity.start < entity.end <= len(text)
            assert entity.grounding != "exact" or text[entity.start : entity.end] == entity.text


def _postprocess(rng: Random, group: list[tuple[str, Prediction]]) -> None:
    stages = rng.sample([*STAGES], rng.randrange(len(STAGES) + 1))
    windows = [WindowPrediction(said, text, start=rng.choice((0, 7))) for text, said in group]
    frames = staged_frames(windows, stages, rng.choice(_SCHEMAS))
    for what in ("entities", "relations"):
        staged = frames[f"predicted_{what}"]
        assert set(staged["stage"]) <= {"raw", *stages, "final"}
        heights = [staged.filter(stage=name).height for name in ("raw", *stages, "final")]
        assert heights[0] == sum(len(getattr(said, what)) for _, said in group)
        assert heights == sorted(heights, reverse=True), "a stage adds predictions"
