"""Prompts through a base's own chat template, and text that stays text whatever it looks like."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from medner_assets.errors import MednerError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_HERE = "medner\u00a4here\u00a4"
"""Stands for the text while a template is rendered; no template knows it."""


def as_text(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the tokens of `text`, in which nothing is a control token."""
    encoded: Any = tokenizer(text, add_special_tokens=False, split_special_tokens=True)
    return list(encoded["input_ids"])


def chat_prompt(tokenizer: "PreTrainedTokenizerBase", content: str) -> list[int]:
    """Return the tokens of a conversation in which a user says `content` and the model is to answer.

    The template's control tokens are control tokens, those that `content` seems to hold are text. Raises
    MednerError where the template fails.
    """
    before, after = _around(tokenizer)
    if not any(special and special in content for special in tokenizer.all_special_tokens):
        whole: Any = tokenizer(before + content.strip() + after, add_special_tokens=False)
        return list(whole["input_ids"])
    control: Any = [tokenizer(part, add_special_tokens=False)["input_ids"] for part in (before, after)]
    return [*control[0], *as_text(tokenizer, content.strip()), *control[1]]


def end_of_turn(tokenizer: "PreTrainedTokenizerBase") -> str | None:
    """Return the control token that ends the model's turn in its template; None where there is none."""
    rendered = _rendered(tokenizer, [("user", "a"), ("assistant", _HERE)], answer=False)
    rest = rendered.partition(_HERE)[2].lstrip()
    found = [each for each in (*tokenizer.all_special_tokens, *_added(tokenizer)) if rest.startswith(each)]
    return max(found, key=len, default=None)


def _added(tokenizer: Any) -> list[str]:
    return [str(token) for token in tokenizer.get_added_vocab()]


@lru_cache(maxsize=8)
def _around(tokenizer: "PreTrainedTokenizerBase") -> tuple[str, str]:
    """Return what the template puts before and after what a user says."""
    before, here, after = _rendered(tokenizer, [("user", _HERE)], answer=True).partition(_HERE)
    if not here:
        raise _fails(tokenizer, "it leaves out what the user says")
    return before, after


def _rendered(tokenizer: Any, said: list[tuple[str, str]], *, answer: bool) -> str:
    if not tokenizer.chat_template:
        raise MednerError(
            f"{_name(tokenizer)} has no chat template: set prompt_style to instruct, or take the instruct "
            "variant of the base"
        )
    try:
        return str(
            tokenizer.apply_chat_template(
                [{"role": role, "content": content} for role, content in said],
                tokenize=False,
                add_generation_prompt=answer,
                enable_thinking=False,  # a template that knows no thinking does not look at it
            )
        )
    except Exception as error:  # noqa: BLE001 # a template may raise anything
        raise _fails(tokenizer, f"{type(error).__name__}: {' '.join(str(error).split())[:160]}") from None


def _fails(tokenizer: Any, reason: str) -> MednerError:
    return MednerError(
        f"the chat template of {_name(tokenizer)} fails ({reason}): set prompt_style to instruct, or fix "
        "the template"
    )


def _name(tokenizer: Any) -> str:
    return str(tokenizer.name_or_path).rstrip("/").rpartition("/")[2] or "the base"
