"""Rows of completions → what they say, grounded in the text, window by window."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from medner_assets.prompting.grounding import predict
from medner_assets.prompting.probability import TokenProbabilities
from medner_assets.scoring.staging import WindowPrediction


def grounded(written: Iterable[Mapping[str, Any]], texts: Mapping[str, str]) -> Iterator[WindowPrediction]:
    """Yield what each completion says, grounded in its own window, in the order of the rows.

    written: rows of `completions`. texts: by document.
    """
    for row in written:
        doc_id, text = row["doc_id"], texts[row["doc_id"]]
        before = 0  # characters of the row's completion
        for each in row["windows"] or [{**row, "start": 0, "end": len(text)}]:
            part, completion = text[each["start"] : each["end"]], each["completion"]
            tokens = TokenProbabilities.of(row["token_starts"], row["log_probabilities"], before)
            is_cut = each["finish_reason"] == "length"
            said = predict(doc_id, part, completion, is_cut=is_cut, tokens=tokens)
            yield WindowPrediction(said, part, each["start"], lines=completion.count("\n") + 1)
            before += len(completion) + 1
