"""Where a name stands in the text of a view."""

import re

from plan_contracts import SourceLocation, ViewSource

_SKIPPED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)


def find_identifier(view: ViewSource, name: str) -> SourceLocation:
    """Give the first place outside comments and strings where the name stands as a word, else the file alone."""
    blanked = _SKIPPED.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), view.sql)
    found = re.search(rf'(?<![\w"]){re.escape(name)}(?![\w"])', blanked, re.IGNORECASE)
    if found is None:
        found = re.search(rf'"{re.escape(name)}"', blanked, re.IGNORECASE)
    if found is None:
        return SourceLocation(file=view.path)
    start = found.start()
    line_start = blanked.rfind("\n", 0, start) + 1
    return SourceLocation(file=view.path, line=blanked.count("\n", 0, start) + 1, column=start - line_start + 1)
