"""Places in a project's files, as they are shown: relative to where the user stands."""

import os
from functools import cached_property
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import PROJECT_FILE_NAME, SourceLocation, ViolationKind
from plan_contracts.toml_places import key_places

_RULES = {
    ViolationKind.COLUMN_MISSING: ("columns", "not_null", "unique", "accepted_values"),
    ViolationKind.TYPE_DIFFERS: ("columns",),
    ViolationKind.NULLABLE: ("not_null",),
    ViolationKind.METADATA_MISSING: ("metadata",),
    ViolationKind.METADATA_DIFFERS: ("metadata",),
    ViolationKind.TOO_FEW_ROWS: ("min_rows",),
    ViolationKind.TOO_MANY_ROWS: ("max_rows",),
    ViolationKind.NOT_UNIQUE: ("unique",),
    ViolationKind.VALUE_NOT_ACCEPTED: ("accepted_values",),
    ViolationKind.EXPRESSION_FALSE: ("expressions",),
    ViolationKind.CHECK_NOT_PLANNED: ("expressions",),
}


class ProjectPlaces:
    """Shows places in the files of one project.

    Parameters
    ----------
    folder
        Folder of plan.toml.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def shown(self, location: SourceLocation) -> str:
        """Give `file:line:column` with the file relative to the working directory, where that is a way to it."""
        path = self._folder / location.file
        if not path.exists():
            return str(location)
        relative = os.path.relpath(path)
        return str(replace(location, file=str(path) if relative.startswith("..") else Path(relative).as_posix()))

    def contract(self, owner: str, kind: ViolationKind, subject: str) -> str:
        """Give the place in plan.toml of what is declared: of the subject's key, its rule's, or the contract's."""
        bare = subject.removeprefix("expression(").removesuffix(")")
        for section in ("datasets", "views"):
            contract = (section, owner, "contract")
            wanted = [(*contract, rule, bare) for rule in _RULES[kind]]
            # A rule that lists columns has no key for each; its own key comes next, once no other rule names one.
            wanted += [(*contract, rule) for rule in _RULES[kind]]
            for keys in (*wanted, contract):
                place = self._keys.get(keys)
                if place is not None:
                    line, column = place
                    return self.shown(SourceLocation(file=PROJECT_FILE_NAME, line=line, column=column))
        return self.shown(SourceLocation(file=PROJECT_FILE_NAME))

    @cached_property
    def _keys(self) -> dict[tuple[str | int, ...], tuple[int, int]]:
        path = self._folder / PROJECT_FILE_NAME
        return key_places(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
