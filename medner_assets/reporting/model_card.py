"""The model card of an adapter: README.md of its folder in Hugging Face format, from the report's own data.
Pure."""

from medner_assets.recipes.sources import BaseModelRecipe, DatasetRecipe
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.markdown import short_form


def model_card(
    inputs: ReportInputs, base_model: BaseModelRecipe | None = None, dataset: DatasetRecipe | None = None
) -> str:
    """Return the card: front matter, what it is, how it was trained, how it scores, limits.

    inputs: as for the report; whatever is missing there is said in the card.
    base_model, dataset: recipes, for the licences and the hub id; None: the card leaves them out.
    """
    front = ["---", "library_name: peft", "tags: [lora, ner, relation-extraction, biomedical]"]
    if base_model is not None and base_model.hub_id:
        front.append(f"base_model: {base_model.hub_id}")
    front.append("---")
    return "\n".join([*front, "", f"# {inputs.version.name}", "", short_form(inputs), ""])
