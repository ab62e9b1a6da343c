"""The pretraining loop: next-token loss over articles and completions, on one GPU, for a given number of
minutes."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.embedded_base.extraction import CORPORA
from tools.embedded_base.prepare import TEXT, TOKENIZER
from tools.embedded_base.rows import Frame, Rows, build_rows, read_examples

if TYPE_CHECKING:
    import torch
    from transformers import MistralForCausalLM, PreTrainedModel


@dataclass(frozen=True, slots=True)
class Pretraining:
    """All that decides the base, besides the prepared material."""

    minutes: float = 7.0
    """Wall-clock minutes of training, compilation included; the schedule is a function of the time that
    passed."""
    steps: int = 0
    """Optimiser steps, to compare two trainings that share a card; 0: as many as fit into `minutes`."""
    hidden: int = 256
    layers: int = 7
    heads: int = 4
    key_value_heads: int = 2
    feed_forward: int = 704
    context: int = 2048
    """Longest position that the rotary embedding is meant for; rows are `row_tokens` long."""
    row_tokens: int = 1024
    rows: int = 64
    """Rows an optimiser step."""
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    warmup: float = 0.02
    """Share of the time with a rising rate; the last `decay` share falls to zero, between them it is
    constant."""
    decay: float = 0.5
    example_share_first: float = 0.3
    """Share of the rows that are examples, at the start; it rises linearly to `example_share_last`."""
    example_share_last: float = 0.85
    variants: tuple[tuple[str, float], ...] = (
        ("BC5CDR train", 32.0), ("DrugProt train", 8.0), ("synthetic notes", 4.0),
        ("abbreviations", 1.0), ("quantities", 0.3),
        *((name, c.variants) for c in CORPORA for name in c.sources),
    )  # fmt: skip
    seed: int = 1


TEACHER = Pretraining(
    minutes=3.0, row_tokens=512, rows=64, learning_rate=5e-4, example_share_first=1.0,
    example_share_last=1.0, warmup=0.05,
    variants=tuple((name, share / 4) for name, share in Pretraining().variants),
)  # fmt: skip
"""All weights of a pretrained model, on the examples alone."""


def example_rows(
    files: Sequence[Path], settings: Pretraining, frame: Frame, *, workers: int, log: Callable[[str], None]
) -> Rows:
    """Return packed rows with variants of the examples of all files."""
    began = time.monotonic()
    rows = build_rows(
        [example for file in files for example in read_examples(file)],
        dict(settings.variants),
        frame,
        length=settings.row_tokens,
        seed=settings.seed,
        workers=workers,
    )
    log(f"{len(rows.tokens):,} rows of examples after {time.monotonic() - began:.0f} s")
    return rows


def frame_of(prepared: Path, pretrained: Path | None = None) -> Frame:
    """Return the frame of the base's own samples, or of a pretrained model that writes ChatML."""
    if pretrained is None:
        return Frame(prepared / TOKENIZER)
    return Frame(pretrained / "tokenizer.json", None, "<|im_end|>")


def pretrain(
    prepared: Path,
    rows: Rows,
    settings: Pretraining,
    log: Callable[[str], None],
    *,
    pretrained: Path | None = None,
    device: str = "cuda",
) -> "PreTrainedModel":
    """Train on the running text of the folder that `prepare` wrote and on `rows`; on a GPU unless only the
    way is tried.

    pretrained: the folder of a model (ChatML's end of turn ends its texts) whose training goes on; without
    it, a Mistral-architecture model from scratch.
    """
    import torch

    torch.manual_seed(settings.seed)
    torch.set_float32_matmul_precision("high")
    text = torch.from_numpy(np.load(prepared / TEXT).astype(np.int32)).to(device)
    log(f"{text.numel():,} article tokens")
    model: Any = new_model(settings) if pretrained is None else _pretrained(pretrained)
    model.to(device=device)
    batches = _Batches(text, rows, settings)
    optimizers = _optimizers(model, settings, muon=pretrained is None)
    loss_of = _loss_of(model)
    if pretrained is None and device == "cuda":  # thirty layers compile for longer than they then save
        loss_of = torch.compile(loss_of, dynamic=False)
    training_began = time.monotonic()
    step, shown, seen = 0, 0.0, 0
    model.train()
    while (share := _share(settings, step, time.monotonic() - training_began)) < 1:
        rate = _rate(share, settings)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
        tokens, segments, learned = batches.draw(share)
        loss = loss_of(tokens, segments, learned)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        step, seen = step + 1, seen + tokens.numel()
        if step % 50 == 0:
            loss_now = loss.item()  # waits for the GPU, so that the clock measures steps that are done
            if time.monotonic() - shown > 20:
                shown = time.monotonic()
                speed = seen / (shown - training_began) / 1e6
                log(f"step {step} {share:4.0%} loss {loss_now:.3f} {speed:.2f} M tokens/s")
    log(f"{step} steps, {seen / 1e6:.0f} M tokens, settings {json.dumps(asdict(settings))}")
    return model.eval()


def _share(settings: Pretraining, step: int, seconds: float) -> float:
    return step / settings.steps if settings.steps else seconds / (settings.minutes * 60)


def new_model(settings: Pretraining, vocabulary: int = 8192) -> "MistralForCausalLM":
    """Return an untrained model of this shape, weights in fp32, output head tied to the
    embedding."""
    from transformers import MistralConfig, MistralForCausalLM

    config = MistralConfig(
        vocab_size=vocabulary,
        hidden_size=settings.hidden,
        intermediate_size=settings.feed_forward,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.key_value_heads,
        head_dim=settings.hidden // settings.heads,
        max_position_embeddings=settings.context,
        rms_norm_eps=1e-5,
        sliding_window=None,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )
    return MistralForCausalLM(config)


def _pretrained(folder: Path) -> "PreTrainedModel":
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


class _Batches:
    """Draws batches of `rows` rows on the GPU: some of articles, the rest of examples."""

    def __init__(self, text: "torch.Tensor", rows: Rows, settings: Pretraining) -> None:
        import torch

        self._text, self._settings = text, settings
        self._device = text.device
        self._tokens = torch.from_numpy(rows.tokens).to(self._device)
        self._segments = torch.from_numpy(rows.segments).to(self._device)
        self._learned = torch.from_numpy(rows.learned).to(self._device)
        self._order = torch.randperm(len(rows.tokens), device=self._device)
        self._at = 0

    def draw(self, share: float) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
        """Return tokens, segments, learned: each (rows, row_tokens), at `share` of the training time."""
        import torch

        s = self._settings
        wanted = s.example_share_first + (s.example_share_last - s.example_share_first) * share
        examples = round(s.rows * wanted)
        if self._at + examples > len(self._order):
            self._order = torch.randperm(len(self._order), device=self._device)
            self._at = 0
        picked = self._order[self._at : self._at + examples]
        self._at += examples
        articles = s.rows - examples
        starts = torch.randint(0, self._text.numel() - s.row_tokens, (articles, 1), device=self._device)
        prose = self._text[starts + torch.arange(s.row_tokens, device=self._device)]
        ones = torch.ones_like(prose)
        return (
            torch.cat([prose.long(), self._tokens[picked].long()]),
            torch.cat([ones, self._segments[picked].int()]),
            torch.cat([ones, self._learned[picked].int()]),
        )


def _loss_of(model: Any) -> Callable[..., "torch.Tensor"]:
    import torch
    import torch.nn.functional as F

    def loss_of(tokens: "torch.Tensor", segments: "torch.Tensor", learned: "torch.Tensor") -> "torch.Tensor":
        length = tokens.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        mask = (segments[:, :, None] == segments[:, None, :]) & causal  # (rows, to, from)
        place = torch.arange(length, device=tokens.device)
        begins = torch.ones_like(segments, dtype=torch.bool)
        begins[:, 1:] = segments[:, 1:] != segments[:, :-1]
        positions = place - torch.where(begins, place, 0).cummax(dim=1).values
        with torch.autocast(tokens.device.type, torch.bfloat16):
            hidden = model.model(
                input_ids=tokens, attention_mask=mask[:, None], position_ids=positions, use_cache=False
            ).last_hidden_state
            logits = model.lm_head(hidden[:, :-1])
        counts = (learned[:, 1:] == 1) & (segments[:, 1:] == segments[:, :-1]) & (segments[:, 1:] > 0)
        losses = F.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        return (losses * counts.flatten()).sum() / counts.sum()

    return loss_of


def _optimizers(model: Any, settings: Pretraining, *, muon: bool) -> list[Any]:
    """Muon for the matrices of the layers, AdamW for the embedding and the norms; each group knows its peak
    rate. A model that AdamW has pretrained goes on with AdamW alone."""
    import torch

    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    rate, decay = settings.learning_rate, settings.weight_decay
    first = (
        torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
        if muon
        else torch.optim.AdamW(matrices, lr=rate, betas=(0.9, 0.95), weight_decay=decay, fused=True)
    )
    adamw = torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    for optimizer in (first, adamw):
        for group in optimizer.param_groups:
            group["peak"] = rate
    return [first, adamw]


def _rate(share: float, settings: Pretraining) -> float:
    """Return the factor of the peak rate at `share` of the time: rise, constant, fall to zero."""
    return max(0.0, min(share / settings.warmup, 1.0, (1 - share) / settings.decay))
