"""The files of a dataset as one table of a session, whatever their format and wherever they lie."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
from datafusion import DataFrame, Expr, SessionContext, col, lit
from datafusion import functions as f

from plan_contracts import CsvOptions, DataFormat, DatasetRef
from plan_engine.arrow_schema import schema_of
from plan_engine.compression import Compression, compression_of
from plan_engine.csv_reading import PartitionFields, register_csv
from plan_engine.data_source import source_of
from plan_engine.hive_partitions import NULL_PARTITION
from plan_engine.plain_paths import linked_folder, plain_path
from plan_engine.source_files import SourceFile, size_in
from plan_engine.storage_settings import is_url
from plan_engine.table_catalog import quoted

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_]+")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.:-]+")


def register_dataset(context: SessionContext, name: str, ref: DatasetRef, stage: Path, links: ExitStack) -> None:
    """Make the files of a dataset readable under a name.

    Parameters
    ----------
    context
        The session that will read them.
    name
        The table.
    ref
        The files. Columns that a file lacks are null there, and columns of another type are cast.
    stage
        Where folders of links to files may be made.
    links
        Keeps such folders until the files have been read.
    """
    schema = schema_of(ref.columns)
    stored = pa.schema([field for field in schema if field.name not in ref.partition_columns])
    remote = is_url(ref.uri)
    if remote:
        source_of(name, ref.uri, ref.storage).attach(context)
    several = bool(ref.files or ref.partition_columns)
    mixed = len({compression_of(uri) for uri in files_of(ref)}) > 1
    if (remote and several) or mixed or (ref.format is DataFormat.ARROW and not ref.uniform):
        # Links do not lead into a bucket, tables have one compression, and DataFusion casts no columns of Arrow.
        _register_each(context, name, ref, stored, schema, links)
    elif several:
        _register_folder(context, name, ref, stored, schema, stage, links)
    else:
        _register(context, name, _place(ref.uri, links), ref, stored, (), compression_of(ref.uri))


def files_of(ref: DatasetRef) -> tuple[str, ...]:
    """Give the places of all files, in order."""
    return ref.files or (ref.uri,)


def source_files(ref: DatasetRef) -> tuple[SourceFile, ...]:
    """Give all files of a dataset, in order."""
    return tuple(
        SourceFile(uri=uri, bytes=size_in(version), version=version)
        for uri, version in zip(files_of(ref), ref.versions, strict=True)
    )


def _register(
    context: SessionContext,
    name: str,
    place: str | Path,
    ref: DatasetRef,
    stored: pa.Schema,
    partitions: PartitionFields,
    compression: Compression,
) -> None:
    columns: list[tuple[str, str | pa.DataType]] | None = [*partitions] or None
    table = quoted(name)
    match ref.format:
        case DataFormat.CSV:
            register_csv(context, name, place, ref.csv or CsvOptions(), stored, partitions, compression)
        case DataFormat.JSON:
            context.register_json(
                table,
                place,
                schema=stored,
                file_extension="",
                table_partition_cols=columns,
                file_compression_type=compression.value,
            )
        case DataFormat.ARROW:
            context.register_arrow(table, place, file_extension="", table_partition_cols=columns)
        case _:
            schema = None if ref.uniform else stored  # its own has layouts that it reads faster
            context.register_parquet(table, place, schema=schema, file_extension="", table_partition_cols=columns)


def _register_folder(
    context: SessionContext,
    name: str,
    ref: DatasetRef,
    stored: pa.Schema,
    schema: pa.Schema,
    stage: Path,
    links: ExitStack,
) -> None:
    """Gather the files in a folder, below folders that are named for the values of their partition columns.

    DataFusion leaves out folders whose names do not begin as a filter says, and compares them in an encoding of its
    own: where a value is null or holds unusual characters, columns of text stand between it and the filter.
    """
    keys, values = ref.partition_columns, ref.partition_values
    plain = all(_PLAIN_KEY.fullmatch(key) for key in keys) and all(
        value is not None and _PLAIN_VALUE.fullmatch(value) for row in values for value in row
    )
    names = keys if plain else [f"p{index}" for index in range(len(keys))]
    below = ["/".join(f"{key}={_folder_value(value)}" for key, value in zip(names, row, strict=True)) for row in values]
    folder = links.enter_context(linked_folder(files_of(ref), stage, below))
    compression = compression_of(files_of(ref)[0])
    if plain:
        _register(context, name, folder, ref, stored, [(key, schema.field(key).type) for key in keys], compression)
        return
    raw = f"{name} in folders"  # no name of a dataset or view holds a space
    _register(context, raw, folder, ref, stored, [(key, pa.string()) for key in names], compression)
    columns = [col(quoted(column)) for column in stored.names]
    columns += [
        f.nullif(col(quoted(text)), lit(NULL_PARTITION)).cast(schema.field(key).type).alias(key)
        for text, key in zip(names, keys, strict=True)
    ]
    context.register_view(quoted(name), context.table(quoted(raw)).select(*columns))


def _folder_value(value: str | None) -> str:
    return NULL_PARTITION if value is None else value.replace("%", "%25").replace("/", "%2F")


def _register_each(
    context: SessionContext, name: str, ref: DatasetRef, stored: pa.Schema, schema: pa.Schema, links: ExitStack
) -> None:
    """Read each file for itself, and put the columns of the dataset together from what it has."""
    frames: list[DataFrame] = []
    for index, path in enumerate(files_of(ref)):
        part = f"{name} part {index}"
        _register(context, part, _place(path, links), ref, stored, (), compression_of(path))
        frame = context.table(quoted(part))
        values = ref.partition_values[index] if ref.partition_values else ()
        frames.append(frame.select(*_conformed(frame.schema().names, schema, ref.partition_columns, values)))
    context.register_view(quoted(name), _union(frames))


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    """Put frames below each other, as a tree that is as flat as can be: DataFusion recurses over plans."""
    if len(frames) == 1:
        return frames[0]
    middle = len(frames) // 2
    return _union(frames[:middle]).union(_union(frames[middle:]))


def _place(uri: str, links: ExitStack) -> str:
    return uri if is_url(uri) else links.enter_context(plain_path(uri))


def _conformed(
    present: Sequence[str], schema: pa.Schema, keys: Sequence[str], values: Sequence[str | None]
) -> list[Expr]:
    constants = dict(zip(keys, values, strict=True))
    return [
        (
            lit(constants[field.name])
            if field.name in constants
            else col(quoted(field.name))
            if field.name in present
            else lit(None)
        )
        .cast(field.type)
        .alias(field.name)
        for field in schema
    ]
