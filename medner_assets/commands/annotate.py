"""`medner annotate`: run the asset `annotations` on a folder and say what came of it."""

from pathlib import Path
from typing import Any

from medner_assets.errors import MednerError
from medner_assets.launching import launch
from medner_assets.recipes.loading import load_version


def annotate(version: str, corpus: Path, config: dict[str, Any]) -> list[str]:
    """Annotate the documents below `corpus` and return what to say of it, a line each."""
    load_version(version)
    if not corpus.is_dir():
        raise MednerError(f"{corpus}: there is no such folder: name the folder of the corpus")
    settings = {"corpus": str(corpus.resolve()), **config}
    reported = launch(["annotations"], version, {"annotations": settings})["annotations"]
    there = reported["shards"] - reported["shards set aside"]
    told = [
        f"{reported['dagster/row_count']} documents in {there} shards "
        f"({reported['shards made']} made now, {reported['documents per second']:.1f} documents per second)"
    ]
    if reported["shards set aside"]:
        told.append(f"{reported['shards set aside']} shards set aside:\n{reported['set aside']}")
    return told
