"""Datasets: what their files say about columns, rows, bytes and content, without reading the rows of Parquet."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pyarrow as pa
from msgspec.structs import replace

from plan_contracts import (
    AbsentColumns,
    CsvOptions,
    DataFormat,
    DatasetRef,
    DatasetSection,
    DatasetSnapshot,
    DeltaOptions,
    Evidence,
    EvidenceSource,
    Exactness,
    JsonOptions,
    PlanError,
    SnapshotFile,
    digest,
)
from plan_engine.arrow_facts import arrow_facts
from plan_engine.arrow_schema import columns_of
from plan_engine.compression import Compression, compression_of, undeclared_compression
from plan_engine.csv_facts import csv_facts
from plan_engine.data_source import DataSource, source_of
from plan_engine.dataset_files import DatasetFiles, relative_place
from plan_engine.errors import DatasetFormatUnknown, DatasetUnreadable
from plan_engine.file_facts import FileFacts, look_into, unreadable
from plan_engine.footer_nulls import null_counts
from plan_engine.hive_partitions import Partitions, hive_partitions
from plan_engine.json_facts import json_facts
from plan_engine.parquet_facts import parquet_facts
from plan_engine.schema_union import unified_schema
from plan_engine.source_files import SourceFile
from plan_engine.storage_settings import bucket_and_key, is_url, storage_settings
from plan_engine.toml_locations import TomlLocations


@dataclass(frozen=True, kw_only=True)
class ResolvedDataset:
    """A dataset that was found and understood."""

    ref: DatasetRef
    schema: pa.Schema
    evidence: Evidence
    snapshot: DatasetSnapshot
    files: tuple[SourceFile, ...]
    """Its files, in order."""
    facts: tuple[FileFacts, ...]
    """What each file says, in the order of the files."""
    described: tuple[SnapshotFile, ...]
    """What identifies each file, in the order of the files; the snapshot has them by path."""


def resolve_datasets(
    folder: Path, sections: Mapping[str, DatasetSection], found: Mapping[str, DatasetFiles]
) -> tuple[dict[str, ResolvedDataset], list[PlanError]]:
    """Look into the files of every dataset.

    Returns
    -------
    dict, list
        The datasets that were understood, by name, and the errors of the others.
    """
    locations = TomlLocations(folder)
    resolved: dict[str, ResolvedDataset] = {}
    errors: list[PlanError] = []
    for name in sorted(found):
        try:
            resolved[name] = _resolve(folder, name, sections[name], found[name])
        except PlanError as error:
            error.location = error.location or locations.of("datasets", name)
            errors.append(error)
    return resolved, errors


def _resolve(folder: Path, name: str, section: DatasetSection, found: DatasetFiles) -> ResolvedDataset:
    source = source_of(name, found.root, section.storage_options)
    if found.format is not DataFormat.PARQUET:  # whose footers are read in any case
        look_into(found.files, lambda file: _check_readable(name, file, found.format, source))
    if found.format is DataFormat.DELTA:
        found, facts, stored, partitions = _delta(name, section, found, source)
    else:
        facts = _facts(name, section, found, source)
        stored = unified_schema(name, found.files, [fact.schema for fact in facts], _absent_columns(section, found))
        partitions = Partitions()
        if section.hive:
            partitions = hive_partitions(name, found.root, found.files, section.partitions)
    schema = _with_partitions(name, stored, partitions)
    rows = _sum([fact.rows for fact in facts])
    exactness = _exactness(rows, found.format)
    # The log of a Delta table says what is read, and not what each file holds: it may be older than a column.
    uniform = found.format is not DataFormat.DELTA and all(fact.schema.equals(stored) for fact in facts)
    ref = replace(
        _reference(section, found, partitions, schema),
        rows=rows if exactness is Exactness.EXACT else None,
        uniform=uniform,
    )
    evidence = Evidence(
        name=name,
        source=EvidenceSource.FILES,
        columns=ref.columns,
        metadata=_schema_metadata(schema),
        rows=rows,
        bytes=ref.bytes,
        exactness=exactness,
        null_counts=_null_counts(section, facts, partitions),
        contract=section.contract,
    )
    described = tuple(
        SnapshotFile(path=relative_place(file.uri, folder), bytes=file.bytes, digest=fact.digest)
        for file, fact in zip(found.files, facts, strict=True)
    )
    return ResolvedDataset(
        ref=ref,
        schema=schema,
        evidence=evidence,
        snapshot=_snapshot(name, ref, described),
        files=found.files,
        facts=tuple(facts),
        described=described,
    )


def _delta(
    name: str, section: DatasetSection, found: DatasetFiles, source: DataSource
) -> tuple[DatasetFiles, list[FileFacts], pa.Schema, Partitions]:
    """Take the data files in the place of those of the log."""
    try:
        from plan_engine.delta_log import delta_state
    except ImportError as reason:
        message = f"The dataset `{name}` is a Delta table, and the library for those is not installed"
        raise DatasetFormatUnknown(
            message, subject=name, suggestion="Install the extra: `plan-engine[delta]`."
        ) from reason
    storage = None
    if is_url(found.root):
        bucket, _ = bucket_and_key(name, found.root)
        storage = storage_settings(name, bucket, section.storage_options).for_deltalake()
    table = delta_state(name, found.root, section.delta or DeltaOptions(), source, storage)
    replaced = DatasetFiles(root=found.root, files=table.files, format=found.format)
    return replaced, list(table.facts), table.stored, table.partitions


def _check_readable(name: str, file: SourceFile, kind: DataFormat, source: DataSource) -> None:
    if source.remote:
        return
    is_text = kind in (DataFormat.CSV, DataFormat.JSON)
    try:
        with source.open(file) as opened:
            found = undeclared_compression(opened.read(8)) if is_text else Compression.NONE
    except OSError as reason:
        raise unreadable(name, file, reason) from reason
    told = compression_of(file.uri)
    if not is_text or found is told or not file.bytes:
        return
    what = f"no {told.value}, as its ending says" if told else f"compressed with {found.value}, and its ending hides it"
    message = f"The file `{file.uri}` of the dataset `{name}` is {what}"
    raise DatasetUnreadable(message, subject=name, suggestion="Rename the file, or write it again.")


def _facts(name: str, section: DatasetSection, found: DatasetFiles, source: DataSource) -> list[FileFacts]:
    match found.format:
        case DataFormat.CSV:
            return csv_facts(name, found.files, source, section.csv or CsvOptions())
        case DataFormat.JSON:
            return json_facts(name, found.files, source, section.json or JsonOptions())
        case DataFormat.ARROW:
            return arrow_facts(name, found.files, source)
        case _:
            return parquet_facts(name, found.files, source)


def _absent_columns(section: DatasetSection, found: DatasetFiles) -> AbsentColumns:
    """Fields of JSON may always be left out."""
    return AbsentColumns.NULL if found.format is DataFormat.JSON else section.absent_columns


def _with_partitions(name: str, stored: pa.Schema, partitions: Partitions) -> pa.Schema:
    twice = sorted(set(stored.names) & set(partitions.columns))
    if twice:
        message = f"The dataset `{name}` has a column `{twice[0]}` in its files and in the names of its folders"
        mend = "Rename the folders, or set `hive = false`."
        raise DatasetUnreadable(message, subject=name, suggestion=mend)
    columns = zip(*partitions.values, strict=True)
    fields = [
        pa.field(column, kind, nullable=None in values)
        for (column, kind), values in zip(partitions.fields, columns, strict=True)
    ]
    return reduce(pa.Schema.append, fields, stored)


def _null_counts(section: DatasetSection, facts: Sequence[FileFacts], partitions: Partitions) -> dict[str, int]:
    """Count the nulls of the columns that must have none."""
    if section.contract is None:
        return {}
    wanted = section.contract.not_null
    counted = null_counts(facts, [column for column in wanted if column not in partitions.columns])
    for place, column in enumerate(partitions.columns):
        nulls = _sum(
            [fact.rows for fact, values in zip(facts, partitions.values, strict=True) if values[place] is None]
        )
        if column in wanted and nulls is not None:
            counted[column] = nulls
    return counted


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _exactness(rows: int | None, kind: DataFormat) -> Exactness:
    """Say how far the rows can be trusted: lines of text may be blank, or belong to one row together."""
    if rows is None:
        return Exactness.UNKNOWN
    return Exactness.ESTIMATED if kind in (DataFormat.CSV, DataFormat.JSON) else Exactness.EXACT


def _reference(section: DatasetSection, found: DatasetFiles, partitions: Partitions, schema: pa.Schema) -> DatasetRef:
    several = len(found.files) > 1
    return DatasetRef(
        uri=found.root if several else found.files[0].uri,
        format=found.format,
        files=tuple(file.uri for file in found.files) if several else (),
        columns=columns_of(schema),
        bytes=sum(file.bytes for file in found.files),
        csv=(section.csv or CsvOptions()) if found.format is DataFormat.CSV else None,
        partition_columns=partitions.columns,
        partition_values=partitions.values,
        versions=tuple(file.version for file in found.files),
        storage=section.storage_options,
    )


def _snapshot(name: str, ref: DatasetRef, described: Iterable[SnapshotFile]) -> DatasetSnapshot:
    listed = tuple(sorted(described, key=lambda file: file.path))
    return DatasetSnapshot(
        name=name,
        content_id=content_id_of(ref, listed),
        format=ref.format,
        files=listed,
        rows=ref.rows,
        bytes=sum(file.bytes for file in listed),
    )


def content_id_of(ref: DatasetRef, described: Iterable[SnapshotFile], *more: str) -> str:
    """Identify the content of files of a dataset, and how they are read."""
    parts = [part for file in described for part in (file.path, str(file.bytes), file.digest)]
    return digest(ref.format.value, repr(ref.csv), *ref.partition_columns, *parts, *more)


def _schema_metadata(schema: pa.Schema) -> dict[str, str]:
    stored = schema.metadata or {}
    decoded = {key.decode(errors="replace"): value.decode(errors="replace") for key, value in stored.items()}
    return {key: value for key, value in sorted(decoded.items()) if key not in ("ARROW:schema", "pandas")}
