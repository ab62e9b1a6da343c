"""The jobs that people and schedules start: each runs part of the chain for one partition."""

import dagster as dg

from medner_assets.defs.state import CHAIN

datasets = dg.define_asset_job(
    "datasets",
    selection=dg.AssetSelection.assets("dataset", "dataset_audit"),
    description="Build one dataset and audit it: what it can teach, before anything is trained.",
)

train_and_evaluate_version = dg.define_asset_job(
    "train_and_evaluate_version",
    selection=dg.AssetSelection.assets(*CHAIN),
    description=(
        "Make one version, whole: from its recipe to its report, and its dataset where that is not built or "
        "changed. Pick the version as the partition. What is up to date is reused: an adapter of the same "
        "recipe, data and base is not trained again."
    ),
)

retrain = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets("recipe", "adapter"),
    description=(
        "Train one version, if its recipe, data or base changed, and nothing after it. "
        "train_and_evaluate_version also makes its scores and its report."
    ),
)

evaluate = dg.define_asset_job(
    "evaluate",
    selection=dg.AssetSelection.assets(*CHAIN[2:]),
    description="Evaluate the adapter that is there: completions to report. Trains nothing.",
)

rescore = dg.define_asset_job(
    "rescore",
    selection=dg.AssetSelection.assets(*CHAIN[3:]),
    description="Score the completions that are there again, and report: seconds, no GPU.",
)

overview = dg.define_asset_job(
    "overview",
    selection=dg.AssetSelection.assets("leaderboard", "champion"),
    description="The leaderboard, and the promotion rule for every dataset.",
)
