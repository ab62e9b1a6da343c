"""Can a base be prompted at all? `python -m medner_assets.modeling.prompt_check < BASE.json`.

A process of its own, so that it can do without torch: a tokenizer needs none, and importing it is three
quarters of the time that loading one takes.
"""

import subprocess
import sys

from medner_assets.environment import QUIET, of_child
from medner_assets.errors import MednerError
from medner_assets.modeling.loading import ends_of, find_weights, load_tokenizer
from medner_assets.modeling.process import process
from medner_assets.modeling.requirements import base_folder
from medner_assets.modeling.samples import Encoder
from medner_assets.modeling.start_up import without_torch
from medner_assets.recipes.sources import BaseModelRecipe


def require_prompts(base: BaseModelRecipe) -> None:
    """Raise MednerError where the base that is there cannot be prompted: its tokenizer does not load, names
    no end, or its chat template fails. Weights are not looked at.
    """
    checked = subprocess.run(
        [sys.executable, "-m", "medner_assets.modeling.prompt_check"],
        input=base.model_dump_json(),
        env=of_child(QUIET),
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode:
        said = checked.stderr.strip().splitlines() or [f"exit code {checked.returncode}"]
        raise MednerError(said[-1])


def check_prompts(base: BaseModelRecipe) -> None:
    """Do in this process what `require_prompts` says."""
    tokenizer = load_tokenizer(find_weights(base, base_folder(base)))
    Encoder(tokenizer, base.prompt_style, (), ()).prompt("a")
    ends_of(tokenizer)


def main() -> None:
    """Check the base on standard input."""
    with process(reports=False, models=False):
        without_torch()
        check_prompts(BaseModelRecipe.model_validate_json(sys.stdin.read()))


if __name__ == "__main__":
    main()
