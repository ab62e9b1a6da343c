"""`medner base lock` and `medner doctor BASE`: a base's commit, and what it does, before training."""

import re
from collections.abc import Iterator

from medner_assets.commands.findings import Finding
from medner_assets.environment import be_quiet
from medner_assets.errors import MednerError
from medner_assets.modeling.prompt_check import require_prompts
from medner_assets.modeling.requirements import missing_requirements
from medner_assets.paths import RECIPES
from medner_assets.recipes.loading import base_model_file, load_base_model
from medner_assets.recipes.sources import BaseModelRecipe


def lock(name: str) -> str:
    """Write the present commit of a base's hub model into its recipe; return what was done.

    Raises MednerError where the base is a folder, or the hub cannot be asked.
    """
    base = load_base_model(name)
    if base.hub_id is None:
        raise MednerError(
            f"base {name} is a folder ({base.path}): its files pin it, there is no commit to lock"
        )
    if base.revision is not None:
        return f"{name} is locked at {base.revision} (take the line `revision` out to lock it anew)"
    revision, terms = _latest(name, base)
    text = base_model_file(name).read_text(encoding="utf-8")
    # In a project of its own a base that comes with medner is locked there, and not in the package.
    file = RECIPES / "base_models" / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    locked = re.sub(r"(?m)^(hub_id:.*)$", rf"\1\nrevision: {revision}", text, count=1)
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(locked, encoding="utf-8")
    partial.replace(file)
    return (
        f"{name} is locked at {revision} of {base.hub_id}, in {file.parent.name}/{file.name}: commit the "
        f"file. {terms}"
    )


def _latest(name: str, base: BaseModelRecipe) -> tuple[str, str]:
    """Return the 40 digits of the hub's newest commit of a model, and what the hub states of its terms."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    if constants.HF_HUB_OFFLINE:
        raise MednerError(
            f"base {name}: HF_HUB_OFFLINE is set, so the hub is not asked: unset it and lock again"
        )
    hub_id = str(base.hub_id)
    try:
        info = HfApi().model_info(hub_id, timeout=20)
    except GatedRepoError:
        raise MednerError(
            f"base {name}: {hub_id} is gated: accept its terms on its page, `hf auth login`, and lock again"
        ) from None
    except RepositoryNotFoundError:
        raise MednerError(
            f"base {name}: this account sees no model {hub_id} on the hub: correct hub_id, or `hf auth login`"
        ) from None
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise MednerError(
            f"base {name}: the hub cannot be reached ({type(error).__name__}): lock it where it can, or copy "
            f"the commit from the model's page into base_models/{name}.yaml as `revision`"
        ) from None
    except Exception as error:  # noqa: BLE001 # its HTTP library has errors of its own
        raise MednerError(
            f"base {name}: the hub cannot be reached ({type(error).__name__}): lock it where it can"
        ) from None
    if not info.sha or not re.fullmatch(r"[0-9a-f]{40}", info.sha):
        raise MednerError(f"base {name}: the hub states no commit for {hub_id}: lock it by hand")
    stated = getattr(info.card_data, "license_name", None) or getattr(info.card_data, "license", None)
    return info.sha, _terms(base, stated, bool(info.gated))


def _terms(base: BaseModelRecipe, licence: str | None, gated: bool) -> str:
    """Return what the hub states of licence and access, beside what the recipe states."""
    told = f"The hub states licence {licence or 'none'} and {'gated' if gated else 'not gated'}"
    words = {True: "gated", False: "not gated"}
    return f"{told}; the recipe: {base.licence}, {words[base.gated]}" + (
        ": correct the recipe" if gated != base.gated else ""
    )


def examined(name: str) -> Iterator[Finding]:
    """Yield what base `name` is and does: files, tokenizer, positions, adapted layers, path of training."""
    base = load_base_model(name)
    lacking = missing_requirements(name, base)
    if lacking is not None:
        yield Finding(f"base {name}", "missing", lacking.removeprefix(f"base model {name} "))
        return
    _quietly()
    from medner_assets.modeling.training.examination import examine

    for what, sound, found in examine(name, base):
        yield Finding(what, "ok" if sound else "missing", found)


def require_base(name: str) -> None:
    """Raise MednerError with what keeps base `name` from being trained here: what it lacks, a tokenizer that
    does not load, no end token, a chat template that fails.

    All that the base alone decides, so that nothing is built before it is said. The tokenizer of the embedded
    base's style is left to the training itself: loading it costs seconds.
    """
    base = load_base_model(name)
    lacking = missing_requirements(name, base)
    if lacking is not None:
        raise MednerError(lacking)
    if base.prompt_style != "compact":
        require_prompts(base)


def _quietly() -> None:
    """Keep the libraries that are imported from now on offline, and without progress bars."""
    be_quiet()
    from transformers.utils import logging

    logging.disable_progress_bar()


def unlocked(names: Iterator[str] | list[str]) -> list[str]:
    """Return the bases whose recipe states no commit."""
    found = []
    for name in names:
        try:
            base = load_base_model(name)
        except MednerError:
            continue
        if base.hub_id is not None and base.revision is None:
            found.append(name)
    return found
