"""Folders called `key=value`: columns whose values stand in the paths of the files."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa

from plan_contracts import ColumnType
from plan_engine.arrow_schema import arrow_type
from plan_engine.errors import DatasetSchemasDiffer, DatasetUnreadable
from plan_engine.source_files import SourceFile

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The value that stands for null in the name of a folder."""

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """The columns that folders give."""

    fields: tuple[tuple[str, pa.DataType], ...] = ()
    """Names and types, outermost folder first."""
    values: tuple[tuple[str | None, ...], ...] = ()
    """For each file the values, as canonical text of their types; empty when there are no columns."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names."""
        return tuple(name for name, _ in self.fields)


def hive_partitions(
    name: str, root: str, files: Sequence[SourceFile], declared: Mapping[str, ColumnType]
) -> Partitions:
    """Read the columns that the folders between the root and the files give.

    Columns of whole numbers are int64 and columns of dates date32, as long as every value is one; all others are
    strings. Declared types win.

    Parameters
    ----------
    name
        The dataset.
    root
        The folder from which the files were looked for; folders above it are no partitions.
    files
        The files.
    declared
        Types by column.

    Raises
    ------
    DatasetSchemasDiffer
        When two files lie below folders with different keys.
    DatasetUnreadable
        When a type is declared for a key that no folder has, or a value is none of its type.
    """
    found = [_keys_and_values(file.uri, root) for file in files]
    keys = [tuple(key for key, _ in pairs) for pairs in found]
    for file, others in zip(files, keys, strict=True):
        if others != keys[0]:
            shown = f"`{_below(files[0].uri, root)}` and `{_below(file.uri, root)}`"
            message = f"The files of the dataset `{name}` lie below folders with different keys: {shown}"
            mend = "Mend the folders, or set `hive = false` and take the folders for plain ones."
            related = (files[0].name, file.name)
            raise DatasetSchemasDiffer(message, subject=name, related=related, suggestion=mend)
    unknown = sorted(set(declared) - set(keys[0]))
    if unknown:
        message = f"The dataset `{name}` declares the partitions {', '.join(unknown)}, and no folder `{unknown[0]}=…`"
        raise DatasetUnreadable(message, subject=name, suggestion=f"Folders are read below {root}.")
    if not keys[0]:
        return Partitions()
    texts = [[pairs[index][1] for pairs in found] for index in range(len(keys[0]))]
    kinds = [
        arrow_type(declared[key]) if key in declared else _inferred(values)
        for key, values in zip(keys[0], texts, strict=True)
    ]
    columns = [_canonical(name, key, values, kind) for key, values, kind in zip(keys[0], texts, kinds, strict=True)]
    return Partitions(fields=tuple(zip(keys[0], kinds, strict=True)), values=tuple(zip(*columns, strict=True)))


def _below(uri: str, root: str) -> str:
    return uri.removeprefix(root).lstrip("/")


def _keys_and_values(uri: str, root: str) -> list[tuple[str, str | None]]:
    pairs: list[tuple[str, str | None]] = []
    for part in _below(uri, root).split("/")[:-1]:
        key, equals, value = part.partition("=")
        if equals and key:
            pairs.append((unquote(key), None if value == NULL_PARTITION else unquote(value)))
    return pairs


def _inferred(values: Sequence[str | None]) -> pa.DataType:
    known = [value for value in values if value is not None]
    if known and all(_INTEGER.fullmatch(value) for value in known):
        return pa.int64()
    if known and all(_DATE.fullmatch(value) and _is_date(value) for value in known):
        return pa.date32()
    return pa.string()


def _is_date(value: str) -> bool:
    try:
        pa.scalar(value).cast(pa.date32())
    except pa.ArrowInvalid:
        return False
    return True


def _canonical(name: str, key: str, values: Sequence[str | None], kind: pa.DataType) -> list[str | None]:
    """Give the values as the text into which Arrow turns them: `08` is the number `8`."""
    try:
        return pa.array(values, pa.string()).cast(kind).cast(pa.string()).to_pylist()
    except pa.ArrowException as reason:
        message = f"A folder of the dataset `{name}` has a `{key}` that is no {kind}: {reason}"
        mend = f'Declare another type: `partitions = {{ {key} = "string" }}`.'
        raise DatasetUnreadable(message, subject=name, suggestion=mend) from reason
