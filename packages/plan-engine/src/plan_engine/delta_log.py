"""What the log of a Delta table says: version, files, columns, statistics. The only module that imports deltalake."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from plan_contracts import DeltaOptions, digest
from plan_engine.data_source import DataSource
from plan_engine.errors import DatasetFormatUnknown, DatasetUnreadable
from plan_engine.file_facts import FileFacts
from plan_engine.hive_partitions import Partitions
from plan_engine.predicates import Bounds
from plan_engine.source_files import SourceFile

_UNREAD_FEATURES = {"deletionVectors": "deletion vectors", "columnMapping": "column mapping"}


@dataclass(frozen=True, kw_only=True)
class DeltaState:
    """A Delta table at one version."""

    version: int
    files: tuple[SourceFile, ...]
    """Its data files, sorted by place."""
    facts: tuple[FileFacts, ...]
    """What the log says of each."""
    stored: pa.Schema
    """Columns that the files hold."""
    partitions: Partitions
    """Columns that the log holds."""


def delta_state(
    name: str, root: str, options: DeltaOptions, source: DataSource, storage: dict[str, str] | None
) -> DeltaState:
    """Read the log of a Delta table; no data file is opened.

    Parameters
    ----------
    name
        The dataset.
    root
        Path or URL of the table.
    options
        Which version is wanted.
    source
        Where the data files lie.
    storage
        How deltalake reaches the object store of a URL.

    Raises
    ------
    DatasetUnreadable
        When there is no such version, the log is broken, or a file that it lists is gone.
    DatasetFormatUnknown
        When the table uses what is not read: deletion vectors or column mapping.
    """
    try:
        table = DeltaTable(root, version=options.version, storage_options=storage)
        _check_features(name, table)
        # pyarrow takes what another Arrow library exports, and its stubs do not say so.
        schema = pa.schema(table.schema().to_arrow())  # pyright: ignore[reportArgumentType]  # pyrefly: ignore
        added = pa.table(table.get_add_actions(flatten=True)).sort_by("path")
    except (DeltaError, OSError, pa.ArrowException) as reason:
        asked = f" at version {options.version}" if options.version is not None else ""
        said = str(reason).splitlines()[0]
        message = f"The Delta table `{root}` of the dataset `{name}` cannot be read{asked}: {said}"
        mend = "Look at `path`, and at `delta = { version = ... }`."
        raise DatasetUnreadable(message, subject=name, suggestion=mend) from None
    keys: list[str] = table.metadata().partition_columns
    stored = pa.schema([field for field in schema if field.name not in keys])
    files = _files(name, root, added, source)
    return DeltaState(
        version=table.version(),
        files=files,
        facts=tuple(_facts(added, index, stored, table.version()) for index in range(added.num_rows)),
        stored=stored,
        partitions=Partitions(
            fields=tuple((key, schema.field(key).type) for key in keys), values=_partition_values(added, keys)
        ),
    )


def _check_features(name: str, table: DeltaTable) -> None:
    used = {*(table.protocol().reader_features or ())}
    if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        used.add("columnMapping")
    unread = sorted(_UNREAD_FEATURES[feature] for feature in used if feature in _UNREAD_FEATURES)
    if unread:
        message = f"The Delta table of the dataset `{name}` uses {' and '.join(unread)}, which is not read"
        mend = "Write a copy of the table without it."
        raise DatasetFormatUnknown(message, subject=name, suggestion=mend)


def _files(name: str, root: str, added: pa.Table, source: DataSource) -> tuple[SourceFile, ...]:
    paths, sizes = (added.column(column).to_pylist() for column in ("path", "size_bytes"))
    places = tuple(f"{root.rstrip('/')}/{unquote(str(path))}" for path in paths)
    versions = source.versions(places) if places else {}
    for place in places:
        if place not in versions:
            message = f"The file `{place}` of the dataset `{name}` is gone, although the log of the table lists it"
            raise DatasetUnreadable(message, subject=name, suggestion="Read a newer version, or restore the file.")
    return tuple(
        SourceFile(uri=place, bytes=int(size or 0), version=versions[place])
        for place, size in zip(places, sizes, strict=True)
    )


def _facts(added: pa.Table, index: int, stored: pa.Schema, version: int) -> FileFacts:
    row = added.slice(index, 1).to_pylist()[0]
    rows = row.get("num_records")
    bounds = {
        column: Bounds(
            least=row.get(f"min.{column}"),
            most=row.get(f"max.{column}"),
            nulls=row.get(f"null_count.{column}"),
            rows=rows,
        )
        for column in stored.names
    }
    identity = digest("delta", str(version), row["path"], str(row["size_bytes"]))
    return FileFacts(schema=stored, rows=rows, digest=identity, bounds=bounds)


def _partition_values(added: pa.Table, keys: list[str]) -> tuple[tuple[str | None, ...], ...]:
    columns = [added.column(f"partition.{key}").cast(pa.string()).to_pylist() for key in keys]
    return tuple(zip(*columns, strict=True))
