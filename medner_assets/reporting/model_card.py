"""The model card of an adapter: README.md of its folder in Hugging Face format, from the report's own data.
Pure."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from medner_assets.recipes.sources import BaseModelRecipe, DatasetRecipe
from medner_assets.reporting.contents import Contents, contents_of
from medner_assets.reporting.inputs import ReportInputs
from medner_assets.reporting.markdown import scores_table
from medner_assets.reporting.numbers import plain

_TRAINING = {
    "training.epochs": "epochs at most",
    "training.learning_rate": "learning rate",
    "training.relation_loss_weight": "weight of relation tokens",
    "lora.rank": "LoRA rank",
    "lora.alpha": "LoRA alpha",
    "lora.target_modules": "layers that the recipe asks for",
    "postprocessing": "post-processing",
    "seed": "seed",
}
NOTHING: Mapping[str, str] = MappingProxyType({})


def model_card(
    inputs: ReportInputs,
    base_model: BaseModelRecipe | None = None,
    dataset: DatasetRecipe | None = None,
    trained_as: Mapping[str, str] = NOTHING,
) -> str:
    """Return the card: front matter, what it is, how it was trained, how it scores, what it is not for.

    inputs: as for the report; whatever is missing there is said in the card.
    base_model, dataset: recipes, for licences and the hub id; None: the card leaves them out.
    trained_as: label → words of what training found: adapted layers, path, distance to the plain way.
    """
    contents = contents_of(inputs)
    version, adapter = inputs.version, inputs.version.adapter
    blocks = [
        _front_matter(contents, base_model),
        f"# {version.name}",
        (version.recipe or {}).get("summary", "")
        or "An adapter that reads clinical text into entities and relations.",
        "A LoRA adapter in PEFT format that reads clinical text into entities and relations, written as "
        "numbered lines. It is not a medical device; do not use it for decisions about patients.",
        "## Use",
        f"`medner predict {version.name} 'TEXT'` prints the entities and relations of a text. With PEFT, put "
        "it on the base model named below; the prompt is that of medner's `prompting/templates.py`.",
        "## Training",
        _training(contents, trained_as),
        "## Results on the test split",
        scores_table(contents),
        *(f"⚠ {plain(line)}" for line in contents.verdict.warnings),
        _baselines(contents),
        "## Sources and terms",
        *_sources(inputs.dataset, adapter, base_model, dataset),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _front_matter(contents: Contents, base_model: BaseModelRecipe | None) -> str:
    inputs = contents.inputs
    lines = ["---", "library_name: peft", "pipeline_tag: text-generation"]
    if base_model is not None and base_model.hub_id:
        lines.append(f"base_model: {base_model.hub_id}")
    lines.append("tags: [lora, medical, named-entity-recognition, relation-extraction]")
    results = []
    for task, name in (("entity", "Entity F1"), ("relation", "Relation F1")):
        f1 = contents.scores.f1(task, inputs.version.name)
        if f1.value is not None:
            results.append(f"      - {{type: f1, name: {json.dumps(name)}, value: {f1.exact}}}")
    if results:
        dataset = json.dumps(inputs.dataset)
        lines += [
            "model-index:",
            f"- name: {json.dumps(inputs.version.name)}",
            "  results:",
            "    - task: {type: token-classification, name: entity and relation extraction}",
            f"      dataset: {{name: {dataset}, type: {dataset}, split: test}}",
            "      metrics:",
            *results,
        ]
    return "\n".join([*lines, "---"])


def _training(contents: Contents, trained_as: Mapping[str, str]) -> str:
    recipe, name = contents.inputs.version.recipe, contents.inputs.version.name
    lines = ["| | |", "|---|---|"]
    for setting, label in _TRAINING.items():
        if recipe is not None and setting in recipe:
            lines.append(f"| {label} | {_shown(recipe[setting])} |")
    row = contents.configuration.adapters.get(name)
    if row is not None:
        for column, label in (
            ("trainable_parameters", "trainable parameters"),
            ("steps", "steps"),
            ("train_seconds", "training time"),
            ("adapter_bytes", "size"),
            ("best_eval_loss", "dev loss of the kept weights"),
            ("device", "device"),
        ):
            lines.append(f"| {label} | {row[column]} |")
    lines += [f"| {label} | {words} |" for label, words in trained_as.items()]
    return "\n".join(lines) if len(lines) > 2 else "Neither recipe nor adapter is in the warehouse."


def _shown(value: str) -> str:
    if value.startswith("["):
        return ", ".join(str(each) for each in json.loads(value)) or "none"
    return value


def _baselines(contents: Contents) -> str:
    baselines = contents.baselines
    if baselines.all_pairs.value is None:
        return "The dataset was not audited, so there is no baseline to hold the scores against."
    told = f"Predicting every type-compatible pair of the gold entities scores {baselines.all_pairs}"
    if baselines.without_reading.value is not None:
        told += f", and the best score without reading the text {baselines.without_reading}"
    return f"{told} (relation F1, %, same split). Audit: {baselines.verdict or 'no verdict'}."


def _sources(
    name: str,
    adapter: Mapping[str, Any] | None,
    base_model: BaseModelRecipe | None,
    dataset: DatasetRecipe | None,
) -> list[str]:
    lines = []
    if adapter is not None:
        lines.append(f"- base model: {adapter['base_model']} at `{adapter['base_revision']}`")
        lines.append(f"- dataset: {name}, content `{adapter['dataset_version']}`")
        lines.append(f"- recipe `{adapter['recipe_hash']}`, weights `{adapter['weights_hash']}`")
    if base_model is not None:
        lines.append(f"- terms of the base model: {base_model.licence}")
    if dataset is not None:
        lines.append(f"- terms of the texts: {dataset.licence}")
    return ["\n".join(lines)] if lines else []
