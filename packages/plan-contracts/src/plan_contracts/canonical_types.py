"""A column type as a value, and its canonical text."""

import re
from dataclasses import dataclass

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class CanonicalType:
    """A column type without its physical layout: plain, large and view layouts of one type are the same type.

    `str()` gives the canonical text.

    Examples
    --------
    >>> str(CanonicalType("list", children=(CanonicalType("decimal", (12, 2)),)))
    'list<decimal(12, 2)>'
    """

    name: str
    """`int64`, `decimal`, `timestamp`, `list`, ...: the text up to the first bracket."""
    arguments: tuple[int | str, ...] = ()
    """Precision and scale, unit and zone, or width."""
    children: tuple["CanonicalType", ...] = ()
    """Types within: of the items, of the fields, of keys and values."""
    field_names: tuple[str, ...] = ()
    """Names of a struct's fields, one per child."""

    def __str__(self) -> str:
        """Give the canonical text."""
        text = self.name
        if self.arguments:
            text += f"({', '.join(str(argument) for argument in self.arguments)})"
        if self.name == "struct":
            fields = zip(self.field_names, self.children, strict=True)
            return f"struct<{', '.join(f'{_quoted(name)}: {child}' for name, child in fields)}>"
        if self.children:
            text += f"<{', '.join(str(child) for child in self.children)}>"
        return text


def _quoted(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
