"""`medner init`: a project of one's own, outside medner's checkout."""

from collections.abc import Mapping
from pathlib import Path

from medner_assets.errors import MednerError
from medner_assets.paths import PACKAGE, SHIPPED, private_folder
from medner_assets.recipes.editions import schema_text
from medner_assets.recipes.schemas import FOLDER, KINDS

TEMPLATE = PACKAGE / "template"


def project_files() -> dict[str, str]:
    """Return the files of a new project by their path in it."""
    recipes = {
        file.relative_to(TEMPLATE).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(TEMPLATE.glob("recipes/*/*.yaml"))
    }
    schemas = {f"recipes/{FOLDER}/{kind}.json": schema_text(kind, stamped=True) for kind in KINDS}
    settings = {
        name: (SHIPPED / name).read_text(encoding="utf-8") for name in ("workspace.yaml", "dagster.yaml")
    }
    ignored = (TEMPLATE / "gitignore").read_text(encoding="utf-8")
    # dagster.yaml comes last: with it the folder is a project.
    return {".gitignore": ignored, **recipes, **schemas, **settings}


def make_project(folder: Path) -> list[str]:
    """Make a project in `folder`, created if need be, and return the files written.

    Raises MednerError when one of its files is there already or cannot be written; then nothing has changed.
    """
    folder = folder.expanduser()
    files = project_files()
    there = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise MednerError(f"{folder} has {there[0]}{more} already: nothing was written: name another folder")
    _write_all(folder, files)
    return list(files)


def _write_all(folder: Path, files: Mapping[str, str]) -> None:
    written: list[Path] = []
    try:
        for name, content in files.items():
            file = folder / name
            missing = [each for each in (file.parent, *file.parent.parents) if not each.exists()]
            for each in reversed(missing):
                each.mkdir()
                written.append(each)
            with file.open("x", encoding="utf-8") as out:
                written.append(file)
                out.write(content)
        private_folder(folder / "data" / "corpora")
    except OSError as error:
        for each in reversed(written):
            each.rmdir() if each.is_dir() else each.unlink()
        reason = f"{error.filename or folder}: {error.strerror or error}"
        raise MednerError(f"{reason}: nothing was written: name a folder that you can write") from None
