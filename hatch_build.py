"""Build hook: compiles the words of the interface, so that a wheel, and an editable install, can speak them; and takes the
browser packages that scripts/assets fetched into the wheel, so that the wheel alone can draw the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = "src/tocsin/doors/console/static/vendor"


class CompileMessages(BuildHookInterface):
    """Writes a .mo beside each .po and adds it to what is built, although git ignores it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files."""
        if self.target_name != "wheel":
            return
        for source in sorted(Path(self.root, "src/tocsin/locale").glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as file:
                catalog = read_po(file)
            with source.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalog)
        build_data["artifacts"] += ["src/tocsin/locale/**/*.mo", f"{VENDOR}/*"]
        if version == "standard" and not any(Path(self.root, VENDOR).glob("*.mjs")):
            self.app.display_warning(
                "No map in this wheel: run scripts/assets first. Pages show a drawing in its place."
            )
