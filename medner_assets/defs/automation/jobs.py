"""The jobs that people and schedules start: each runs part of the chain for one partition."""

import dagster as dg

from medner_assets.defs.state import CHAIN

datasets = dg.define_asset_job(
    "datasets",
    selection=dg.AssetSelection.assets("dataset", "dataset_audit"),
    description="Build one dataset and audit it.",
)

version_chain = dg.define_asset_job(
    "version_chain",
    selection=dg.AssetSelection.assets(*CHAIN),
    description=(
        "Everything of one version, from its recipe to its report. What is up to date is reused: "
        "an adapter of the same recipe, data and base is not trained again."
    ),
)

retrain = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets("recipe", "adapter"),
    description="Train one version, if its recipe, data or base changed.",
)

evaluate = dg.define_asset_job(
    "evaluate",
    selection=dg.AssetSelection.assets(*CHAIN[2:]),
    description="Evaluate the adapter that is there: completions to report.",
)

rescore = dg.define_asset_job(
    "rescore",
    selection=dg.AssetSelection.assets(*CHAIN[3:]),
    description="Score the completions that are there again; needs no GPU.",
)

overview = dg.define_asset_job(
    "overview",
    selection=dg.AssetSelection.assets("leaderboard", "champion"),
    description="The leaderboard, and the promotion rule for every dataset.",
)
