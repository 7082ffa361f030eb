"""One schema for all files of a dataset, as long as no value is lost by it."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeArgument=false, reportUnknownParameterType=false

from collections.abc import Sequence

import pyarrow as pa

from plan_contracts import AbsentColumns, parse_type, widens_safely
from plan_engine.arrow_schema import arrow_type, canonical_text
from plan_engine.errors import DatasetSchemasDiffer
from plan_engine.source_files import SourceFile, told_apart

_WIDER = ("int16", "int32", "int64", "float64", "timestamp(us)")
_INTEGER_DIGITS = {"int8": 3, "int16": 5, "int32": 10, "int64": 19, "uint8": 3, "uint16": 5, "uint32": 10, "uint64": 20}
_MOST_DIGITS = 38


def unified_schema(
    name: str, files: Sequence[SourceFile], schemas: Sequence[pa.Schema], absent: AbsentColumns
) -> pa.Schema:
    """Give the schema into which every file of a dataset can be read by the names of its columns.

    A column that the files store in different types gets the narrowest type to which all of them widen safely. Columns
    stand in the order in which they first appear.

    Parameters
    ----------
    name
        The dataset.
    files
        Its files.
    schemas
        The columns of each file.
    absent
        What becomes of a column that some files lack.

    Raises
    ------
    DatasetSchemasDiffer
        When two types have no common one, or a file lacks a column; the message names the column and two files.
    """
    first = schemas[0]
    others = [index for index, schema in enumerate(schemas) if not schema.equals(first)]
    if not others:
        return first
    kept = [0, *others]
    found = [{field.name: field for field in schemas[index]} for index in kept]
    columns = list(dict.fromkeys(column for fields in found for column in fields))
    united: list[pa.Field] = []
    for column in columns:
        holders = [place for place, fields in enumerate(found) if column in fields]
        if len(holders) < len(found) and absent is AbsentColumns.REFUSE:
            lacking = next(place for place in range(len(found)) if place not in holders)
            raise _lacks(name, column, files[kept[holders[0]]], files[kept[lacking]])
        fields = [found[place][column] for place in holders]
        kind = common_type([field.type for field in fields])
        if kind is None:
            raise _differs(name, column, [files[kept[place]] for place in holders], fields)
        nullable = len(holders) < len(found) or any(field.nullable for field in fields)
        united.append(fields[0].with_type(kind).with_nullable(nullable))
    return pa.schema(united).with_metadata(first.metadata)


def common_type(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    """Give the narrowest type to which all of these widen without losing a value; none when there is none.

    Examples
    --------
    >>> common_type([pa.int32(), pa.int64(), pa.null()])
    DataType(int64)
    >>> common_type([pa.int32(), pa.string()]) is None
    True
    """
    by_name = {canonical_text(kind): kind for kind in reversed(kinds)}
    if len(by_name) == 1:
        return kinds[0]
    candidates = [*by_name, *_WIDER, *_wider_decimal(list(by_name))]
    fitting = [wide for wide in candidates if all(widens_safely(narrow, wide) for narrow in by_name)]
    narrowest = next((wide for wide in fitting if all(widens_safely(wide, other) for other in fitting)), None)
    if narrowest is None:
        return None
    return by_name[narrowest] if narrowest in by_name else arrow_type(narrowest)


def _wider_decimal(types: Sequence[str]) -> list[str]:
    """Give the decimal that holds the digits of all decimals and integers, where there are decimals."""
    parsed = [parse_type(text) for text in types]
    decimals = [each for each in parsed if each.name == "decimal"]
    if not decimals:
        return []
    scale = max(int(each.arguments[1]) for each in decimals)
    whole = [int(each.arguments[0]) - int(each.arguments[1]) for each in decimals]
    whole += [_INTEGER_DIGITS[each.name] for each in parsed if each.name in _INTEGER_DIGITS]
    digits = max(whole) + scale
    return [f"decimal({digits}, {scale})"] if digits <= _MOST_DIGITS else []


def _lacks(name: str, column: str, holder: SourceFile, lacking: SourceFile) -> DatasetSchemasDiffer:
    one, other = told_apart(holder, lacking)
    shown = f"`{one}` has a column `{column}`, and `{other}` has none"
    message = f"The files of the dataset `{name}` differ: {shown}"
    mend = 'Rewrite one, make two datasets of them, or set `absent_columns = "null"`.'
    return DatasetSchemasDiffer(message, subject=name, related=(one, other), suggestion=mend)


def _differs(name: str, column: str, files: Sequence[SourceFile], fields: Sequence[pa.Field]) -> DatasetSchemasDiffer:
    one = canonical_text(fields[0].type)
    place = next(
        (place for place, field in enumerate(fields) if common_type([fields[0].type, field.type]) is None),
        len(fields) - 1,
    )
    other = canonical_text(fields[place].type)
    holder, differing = told_apart(files[0], files[place])
    shown = f"the column `{column}` is {one} in `{holder}` and {other} in `{differing}`"
    message = f"The files of the dataset `{name}` differ: {shown}"
    mend = "Rewrite one, or make two datasets of them: neither type holds every value of the other."
    return DatasetSchemasDiffer(message, subject=name, related=(holder, differing), suggestion=mend)
