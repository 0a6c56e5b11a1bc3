"""Build hook: compiles the message catalogues and builds the pages' files, so that no wheel or install lacks them."""

import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# A build hook is loaded by its path alone: nothing beside it is found without this.
sys.path.insert(0, str(Path(__file__).resolve().parent / "scripts"))

import assets
import npm


class NavetteHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own examples leave it bare
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What this build needs besides what pyproject.toml says."""
        return npm.wanted_for_build(Path(self.root))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        root = Path(self.root)
        for source in sorted(root.glob("*/locale/*/LC_MESSAGES/*.po")):
            with source.open("rb") as file:
                catalogue = read_po(file)
            with source.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalogue)
        try:
            assets.bring_up_to_date(root)
        except assets.BuildError as error:
            self.app.abort(f"Navette cannot be built: {error}.")
