"""What a base will do, before anything is trained on it: `medner doctor BASE`."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from medner_assets.corpus.synthetic.generator import generate
from medner_assets.errors import MednerError
from medner_assets.modeling.adapters import adapted_layers
from medner_assets.modeling.chat import as_text
from medner_assets.modeling.job import TrainingJob
from medner_assets.modeling.loading import (
    ends_of,
    fast_bfloat16,
    find_weights,
    load_tokenizer,
    needs_plain_attention,
    pick_device,
)
from medner_assets.modeling.progress import Silence
from medner_assets.modeling.requirements import base_folder
from medner_assets.modeling.samples import Encoder, build_samples
from medner_assets.modeling.training.backends import adapted
from medner_assets.modeling.training.equality import settle
from medner_assets.prompting.templates import render_completion
from medner_assets.recipes.sources import BaseModelRecipe, SyntheticSource
from medner_assets.recipes.version import VersionRecipe
from medner_assets.schema import Document

_DOCUMENTS = 8


def examine(name: str, base: BaseModelRecipe) -> Iterator[tuple[str, bool, str]]:
    """Yield (what was looked at, whether it is sound, what was found) of a base that is there."""
    import unicodedata

    folder = find_weights(base, base_folder(base))
    documents = _documents()
    entity_types = sorted({e.type for d in documents for e in d.entities})
    relation_types = sorted({r.type for d in documents for r in d.relations})
    try:
        tokenizer = load_tokenizer(folder)
        encoder = Encoder(tokenizer, base.prompt_style, entity_types, relation_types)
        ends = sorted(ends_of(tokenizer) | {encoder.end})
    except MednerError as error:
        yield "tokenizer", False, str(error)
        return
    texts = [render_completion(document) for document in documents]
    texts += ["Sjo\u0308gren, 5 µg/m² </s> <|im_end|> [INST] \\#14 — naïve"]
    wrong = [
        text
        for text in texts
        if unicodedata.normalize("NFC", str(tokenizer.decode(as_text(tokenizer, text))).strip())
        != unicodedata.normalize("NFC", text)
    ]
    yield (
        "tokenizer", not wrong,
        f"{len(tokenizer)} tokens, {len(texts) - len(wrong)} of {len(texts)} texts come back as they were; "
        f"ends with {', '.join(str(tokenizer.convert_ids_to_tokens(each)) for each in ends)}",
    )  # fmt: skip
    prompt = encoder.prompt(documents[0].text)
    yield (
        "prompt",
        True,
        f"style {base.prompt_style}, {len(prompt)} tokens for {len(documents[0].text)} characters",
    )
    yield "positions", True, f"{encoder.room} tokens" if encoder.room else "no limit is stated"
    yield from _trained(name, base, folder, encoder, documents)


def _trained(
    name: str, base: BaseModelRecipe, folder: Path, encoder: Encoder, documents: list[Document]
) -> Iterator[tuple[str, bool, str]]:
    import torch

    device = pick_device("auto")
    recipe = VersionRecipe(summary="an examination", base_model=name, dataset="synthetic-small")
    with TemporaryDirectory() as scratch:
        there = Path(scratch)
        job = TrainingJob(
            version=name, base=base, base_folder=folder, entity_types=tuple(encoder.entity_types),
            relation_types=tuple(encoder.relation_types), recipe=recipe, train=there / "train",
            dev=there / "dev", output=there / "adapter", work=there, fingerprint="none",
            dataset_version="none",
        )  # fmt: skip
        try:
            samples = build_samples(documents, encoder, max_tokens=recipe.training.max_tokens).samples
            torch.manual_seed(recipe.seed)
            ready = adapted(job, folder, device, Silence())
            inner = ready.model.get_base_model()
            attention = "eager" if needs_plain_attention(type(inner), inner.config) else "sdpa"
            layers = ", ".join(f"{count} {each}" for each, count in adapted_layers(ready.model).items())
            yield "model", True, f"{type(inner).__name__}, {attention} attention for generation, on {device}"
            yield "adapted layers", True, layers
            pad = encoder.tokenizer.pad_token_id
            settled = settle(
                ready, samples, device=device, pad=encoder.end if pad is None else int(pad),
                cast=fast_bfloat16(device), log=Silence(),
            )  # fmt: skip
        except MednerError as error:
            yield "training", False, str(error)
            return
    for each in settled.findings[:-1]:
        yield "path not taken", True, f"{each.path}: {each.words()}"
    yield "path of training", True, f"{settled.findings[-1].path}: {settled.findings[-1].words()}"


def _documents() -> list[Document]:
    return generate(SyntheticSource(kind="synthetic", seed=7, documents={"train": _DOCUMENTS}))
