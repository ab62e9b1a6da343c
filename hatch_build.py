"""Put what a wheel needs beside the package into it: SQL, the base, Dagster's settings.

They stand in `medner_assets/shipped/`, laid out as in the checkout, which an editable install reads.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("sql", "data/base/medner-tiny", "dagster.yaml", "workspace.yaml", "pyproject.toml")


class ShippedFiles(BuildHookInterface):
    """Adds the files to the wheels that are installed elsewhere."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files. version: `standard`, or `editable` for an install that reads the checkout."""
        if version == "standard":
            build_data["force_include"].update({name: f"medner_assets/shipped/{name}" for name in SHIPPED})
