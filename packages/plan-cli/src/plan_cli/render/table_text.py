"""The rows of a query as an aligned table, or as JSON lines."""

import sys
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

Cell = str | int | float | bool | bytes | datetime | None
"""A value of a result, as far as this module looks at it."""


class RowTable(Protocol):
    """A result with named columns; an Arrow table is one."""

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        ...

    def to_pylist(self) -> list[dict[str, Cell]]:
        """Give the rows."""
        ...


def write_table(table: RowTable) -> None:
    """Write the rows to standard output, columns aligned, numbers to the right, and their number at the end."""
    names = table.column_names
    rows = table.to_pylist()
    cells = [[_text(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(row[index]) for row in cells), 0) for index, name in enumerate(names)]
    numeric = [all(isinstance(row[name], int | float | None) for row in rows) and bool(rows) for name in names]
    lines = [_line(names, widths, numeric), "  ".join("-" * width for width in widths)]
    lines += [_line(row, widths, numeric) for row in cells]
    lines.append(f"({len(rows)} row{'' if len(rows) == 1 else 's'})")
    sys.stdout.write("\n".join(lines) + "\n")


def write_json_lines(table: RowTable) -> None:
    """Write each row to standard output as one line of JSON; bytes are in base64."""
    for row in table.to_pylist():
        sys.stdout.write(msgspec.json.encode(row).decode() + "\n")


def _text(value: Cell) -> str:
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, datetime):
        zone = " UTC" if value.utcoffset() == timedelta() else f"{value:%z}"
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}{zone}"
    return str(value).replace("\n", "\\n")


def _rounded(value: float) -> str:
    """Give a number to six places, or six digits where it is smaller; the whole of it is in the JSON lines."""
    return f"{value:.6g}" if abs(value) < 1 else str(round(value, 6))


def _line(cells: list[str], widths: list[int], numeric: list[bool]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    ]
    return "  ".join(padded).rstrip()
