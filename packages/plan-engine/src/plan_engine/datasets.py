"""Datasets: what their files say about columns, rows, bytes and content, without reading the rows of Parquet."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import (
    CsvOptions,
    DataFormat,
    DatasetRef,
    DatasetSection,
    DatasetSnapshot,
    Evidence,
    EvidenceSource,
    Exactness,
    PlanError,
    SnapshotFile,
    digest,
)
from plan_engine.arrow_schema import columns_of
from plan_engine.csv_facts import csv_schema
from plan_engine.datafusion_messages import clean
from plan_engine.dataset_files import DatasetFiles, check_readable
from plan_engine.errors import DatasetSchemasDiffer, DatasetUnreadable

T = TypeVar("T")

_FOOTER_TAIL = 8
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ResolvedDataset:
    """A dataset that was found and understood."""

    ref: DatasetRef
    schema: pa.Schema
    evidence: Evidence
    snapshot: DatasetSnapshot


@dataclass(frozen=True, kw_only=True)
class _FileFacts:
    schema: pa.Schema
    rows: int
    bytes: int
    digest: str


def resolve_datasets(
    folder: Path, sections: Mapping[str, DatasetSection], found: Mapping[str, DatasetFiles]
) -> tuple[dict[str, ResolvedDataset], list[PlanError]]:
    """Look into the files of every dataset.

    Returns
    -------
    dict, list
        The datasets that were understood, by name, and the errors of the others.
    """
    resolved: dict[str, ResolvedDataset] = {}
    errors: list[PlanError] = []
    for name in sorted(found):
        try:
            resolved[name] = _resolve(folder, name, sections[name], found[name])
        except PlanError as error:
            errors.append(error)
    return resolved, errors


def _resolve(folder: Path, name: str, section: DatasetSection, files: DatasetFiles) -> ResolvedDataset:
    for path in files.paths:
        check_readable(name, path)
    csv = (section.csv or CsvOptions()) if files.format is DataFormat.CSV else None
    facts = _csv_facts(name, files.paths, csv) if csv is not None else _parquet_facts(name, files.paths)
    schema = facts[0].schema
    _check_equal_schemas(name, files.paths, facts)
    rows = sum(fact.rows for fact in facts)
    size = sum(fact.bytes for fact in facts)
    exactness = Exactness.ESTIMATED if csv is not None else Exactness.EXACT
    columns = columns_of(schema)
    several = len(files.paths) > 1
    ref = DatasetRef(
        uri=str(files.root if several else files.paths[0]),
        format=files.format,
        files=tuple(str(path) for path in files.paths) if several else (),
        columns=columns,
        rows=rows if exactness is Exactness.EXACT else None,
        bytes=size,
        csv=csv,
    )
    evidence = Evidence(
        name=name,
        source=EvidenceSource.FILES,
        columns=columns,
        metadata=_schema_metadata(schema),
        rows=rows,
        bytes=size,
        exactness=exactness,
        contract=section.contract,
    )
    snapshot = _snapshot(folder, name, files, facts, csv, rows if exactness is Exactness.EXACT else None)
    return ResolvedDataset(ref=ref, schema=schema, evidence=evidence, snapshot=snapshot)


def _snapshot(
    folder: Path,
    name: str,
    files: DatasetFiles,
    facts: Sequence[_FileFacts],
    csv: CsvOptions | None,
    rows: int | None,
) -> DatasetSnapshot:
    listed = sorted(
        (
            SnapshotFile(path=_relative(path, folder), bytes=fact.bytes, digest=fact.digest)
            for path, fact in zip(files.paths, facts, strict=True)
        ),
        key=lambda file: file.path,
    )
    parts = [part for file in listed for part in (file.path, str(file.bytes), file.digest)]
    return DatasetSnapshot(
        name=name,
        content_id=digest(files.format.value, repr(csv), *parts),
        format=files.format,
        files=tuple(listed),
        rows=rows,
        bytes=sum(fact.bytes for fact in facts),
    )


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _check_equal_schemas(name: str, paths: Sequence[Path], facts: Sequence[_FileFacts]) -> None:
    expected = [(column.name, column.type) for column in columns_of(facts[0].schema)]
    for path, fact in zip(paths, facts, strict=True):
        found = [(column.name, column.type) for column in columns_of(fact.schema)]
        if found != expected:
            different = sorted({f"{n} {t}" for n, t in set(found) ^ set(expected)})
            detail = ", ".join(different[:6]) or "the order of the columns"
            message = f"The files of the dataset `{name}` differ: `{path.name}` and `{paths[0].name}` in {detail}"
            raise DatasetSchemasDiffer(message, subject=name, related=(paths[0].name, path.name))


def _schema_metadata(schema: pa.Schema) -> dict[str, str]:
    stored = schema.metadata or {}
    decoded = {key.decode(errors="replace"): value.decode(errors="replace") for key, value in stored.items()}
    return {key: value for key, value in sorted(decoded.items()) if key not in ("ARROW:schema", "pandas")}


def _each(paths: Sequence[Path], look: Callable[[Path], T]) -> list[T]:
    if len(paths) == 1:
        return [look(paths[0])]
    with ThreadPoolExecutor(max_workers=min(16, len(paths))) as pool:
        return list(pool.map(look, paths))


def _parquet_facts(name: str, paths: Sequence[Path]) -> list[_FileFacts]:
    def look(path: Path) -> _FileFacts:
        try:
            with path.open("rb") as file:
                footer = _parquet_footer(file.fileno())
                parquet = pq.ParquetFile(file)
                schema, rows = parquet.schema_arrow, parquet.metadata.num_rows
        except (pa.ArrowException, OSError, ValueError) as reason:
            message = f"The file `{path}` of the dataset `{name}` is not readable Parquet: {clean(str(reason))}"
            mend = "Replace the file, or set the dataset's `format`."
            raise DatasetUnreadable(message, subject=name, suggestion=mend) from reason
        return _FileFacts(schema=schema, rows=rows, bytes=path.stat().st_size, digest=footer)

    return _each(paths, look)


def _parquet_footer(descriptor: int) -> str:
    """Give the digest of a Parquet footer: schema, row groups, offsets and column statistics."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _FOOTER_TAIL, max(0, size - _FOOTER_TAIL))
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or length + _FOOTER_TAIL > size:
        raise ValueError("it does not end like a Parquet file")
    return hashlib.sha256(os.pread(descriptor, length + _FOOTER_TAIL, size - length - _FOOTER_TAIL)).hexdigest()


def _csv_facts(name: str, paths: Sequence[Path], csv: CsvOptions) -> list[_FileFacts]:
    schema = csv_schema(name, paths, csv)

    def look(path: Path) -> _FileFacts:
        hasher = hashlib.sha256()
        lines, size, last = 0, 0, b"\n"
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                hasher.update(chunk)
                lines += chunk.count(b"\n")
                size += len(chunk)
                last = chunk[-1:]
        lines += last != b"\n"
        rows = max(0, lines - csv.header)
        return _FileFacts(schema=schema, rows=rows, bytes=size, digest=hasher.hexdigest())

    return _each(paths, look)
