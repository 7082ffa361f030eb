"""Lines of text files, read apart from the engine: headers, and which line is at fault after something failed.

Libraries name no file, and a line that is one too low.
"""

import csv as csv_module
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TypedDict, cast

from plan_contracts import CsvOptions
from plan_engine.compressed_text import DAMAGED, text_of
from plan_engine.data_source import DataSource
from plan_engine.datafusion_messages import CsvFault, JsonFault
from plan_engine.source_files import SourceFile

NOT_UTF8 = "it is not UTF-8"
"""What is wrong with a line in another encoding."""

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True)
class BrokenLine:
    """A line that is not what it should be."""

    line: int
    """From 1."""
    text: str
    """What is wrong with it."""


def broken_json_line(source: DataSource, file: SourceFile, fault: JsonFault) -> BrokenLine | None:
    """Find the line of which a message of the JSON reader speaks.

    Parameters
    ----------
    source, file
        Where to look.
    fault
        What the reader said.

    Returns
    -------
    BrokenLine or None
        None when this file holds no such line.
    """
    number = 0
    try:
        with text_of(source, file) as opened:
            for number, line in enumerate(opened, start=1):
                what = _json_fault_of(line, fault) if line.strip() else None
                if what is not None:
                    return BrokenLine(line=number, text=what)
    except DAMAGED as reason:
        return _cut_off(number + 1, reason)
    return None


def _json_fault_of(line: bytes, fault: JsonFault) -> str | None:
    try:
        value: object = json.loads(line)
    except UnicodeDecodeError:
        return NOT_UTF8
    except ValueError as reason:
        return str(reason).split(":", maxsplit=1)[0]
    if not isinstance(value, dict):
        return f"`{_shown(line.decode(errors='replace').strip())}` is no object"
    inner: object = _as_table(value)  # pyright: ignore[reportUnknownArgumentType]  # decoded data
    for key in fault.path:
        inner = _as_table(inner).get(key)
    if fault.path and json.dumps(inner, ensure_ascii=False) == fault.value:
        return f"`{'.'.join(fault.path)}` is {_shown(fault.value)}, which is no {fault.kind}"
    return None


def _as_table(value: object) -> dict[str, object]:
    """Give a decoded JSON object, whose keys are texts; an empty one for everything else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def broken_csv_line(
    source: DataSource, file: SourceFile, csv: CsvOptions, kinds: Sequence[str], fault: CsvFault
) -> BrokenLine | None:
    """Find the line of which a message of the CSV reader speaks.

    Parameters
    ----------
    source, file
        Where to look.
    csv
        How the file is written.
    kinds
        Canonical types of the columns that each line should have.
    fault
        What the reader said.

    Returns
    -------
    BrokenLine or None
        None when this file holds no such line.
    """
    begin, in_header = 1, csv.header
    try:
        with text_of(source, file) as held, TextIOWrapper(held, "utf-8-sig", errors="replace", newline="") as text:
            rows = csv_module.reader(text, **csv_dialect(csv))
            for row in rows:
                if row and not _is_comment(row, csv):
                    what = _fault_of(row, kinds, fault) if not in_header else None
                    if what is not None:
                        return BrokenLine(line=begin, text=what)
                    in_header = False
                begin = rows.line_num + 1
    except DAMAGED as reason:
        return _cut_off(begin, reason)
    return None


def end_of_damaged(source: DataSource, file: SourceFile) -> BrokenLine | None:
    """Find the line after which a compressed file cannot be read; none when it is whole."""
    number = 0
    try:
        with text_of(source, file) as held:
            for _ in held:
                number += 1
    except DAMAGED as reason:
        return _cut_off(number + 1, reason)
    return None


def _cut_off(line: int, reason: Exception) -> BrokenLine:
    return BrokenLine(line=line, text=f"what follows cannot be read: {reason}")


def csv_header(source: DataSource, file: SourceFile, csv: CsvOptions) -> list[str]:
    """Give the names in the header line of a file; none when it has no line."""
    with text_of(source, file) as held, TextIOWrapper(held, "utf-8-sig", errors="replace", newline="") as text:
        rows = csv_module.reader(text, **csv_dialect(csv))
        return next((row for row in rows if row and not _is_comment(row, csv)), list[str]())


class CsvDialect(TypedDict):
    """How Python's reader is to read a file."""

    delimiter: str
    quotechar: str
    escapechar: str | None
    doublequote: bool


def csv_dialect(csv: CsvOptions) -> CsvDialect:
    """Give the arguments of Python's reader."""
    return CsvDialect(
        delimiter=csv.delimiter, quotechar=csv.quote, escapechar=csv.escape, doublequote=csv.escape is None
    )


def _is_comment(row: list[str], csv: CsvOptions) -> bool:
    return csv.comment is not None and row[0].startswith(csv.comment)


def _fault_of(row: list[str], kinds: Sequence[str], fault: CsvFault) -> str | None:
    if fault.value is None:
        return f"it has {len(row)} fields, and {len(kinds)} are expected" if len(row) != len(kinds) else None
    for index, (field, kind) in enumerate(zip(row, kinds, strict=False)):
        here = index == fault.column if fault.column is not None else kind != "string"
        if here and field == fault.value:
            return f"`{_shown(field)}` in field {index + 1} is no {kind}"
    return None


def _shown(value: str) -> str:
    return value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}…"
