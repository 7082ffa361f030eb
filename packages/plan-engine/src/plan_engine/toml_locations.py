"""Where a setting stands in plan.toml; read only when there is something to complain about."""

from functools import cached_property
from pathlib import Path

from plan_contracts import SourceLocation
from plan_contracts.toml_places import key_places

_FILE = "plan.toml"


class TomlLocations:
    """Places in the plan.toml of one project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _places(self) -> dict[tuple[str | int, ...], tuple[int, int]]:
        path = self._folder / _FILE
        return key_places(path.read_text(encoding="utf-8-sig")) if path.exists() else {}

    def of(self, *keys: str) -> SourceLocation:
        """Give the place of a key, or of the nearest table around it."""
        for length in range(len(keys), 0, -1):
            place = self._places.get(keys[:length])
            if place is not None:
                return SourceLocation(file=_FILE, line=place[0], column=place[1])
        return SourceLocation(file=_FILE)
