"""`medner schema`: the JSON schemas of recipes, written where editors look for them."""

from pathlib import Path

from medner_assets import paths
from medner_assets.recipes.editions import schema_text
from medner_assets.recipes.schemas import FOLDER, KINDS


def write_schemas(folder: Path | None) -> list[Path]:
    """Write the three schemas into `folder`, created if need be, and return the files.

    None: beside the recipes, where the first line of a shipped recipe points. In a project they also say for
    which medner its recipes were written.
    """
    if folder is None:
        paths.project()  # outside a project, they would land in the installed package
    target = folder or paths.RECIPES / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in KINDS:
        file = target / f"{kind}.json"
        partial = file.with_suffix(".partial")
        partial.write_text(schema_text(kind, stamped=target != paths.SHIPPED_RECIPES / FOLDER), "utf-8")
        partial.replace(file)
        written.append(file)
    return written
