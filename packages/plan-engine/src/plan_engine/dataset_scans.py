"""How the views of a project scan each dataset: columns, predicates, units, and whether the scan is a task."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from plan_contracts import (
    DataFormat,
    DatasetScan,
    DatasetSection,
    Exactness,
    ScanPolicy,
    ScanUnit,
    ViewStatistics,
    byte_size,
    digest,
)
from plan_engine.dataset_parts import DatasetPart, parts_of
from plan_engine.datasets import ResolvedDataset, content_id_of
from plan_engine.fingerprint import engine_version
from plan_engine.planned_view import PlannedView
from plan_engine.predicates import AllOf, AnyOf, Predicate, may_hold, sql_of

UNIT_BYTES = 64 << 20
"""Bytes on storage from which a unit is full: enough to outweigh the start of a task, and few enough to spread."""

SHARED_DECODING_BYTES = 1 << 20
"""Bytes of text from which decoding them once for several views pays for writing and reading them once more."""


@dataclass(frozen=True, kw_only=True)
class _Reads:
    """What the views read of one dataset, taken together."""

    readers: tuple[str, ...]
    columns: frozenset[str] | None
    """None for all columns, because some view does not say."""
    predicates: tuple[Predicate, ...]
    """What holds for every row that some view needs."""


def dataset_scans(
    datasets: Mapping[str, ResolvedDataset], sections: Mapping[str, DatasetSection], views: Iterable[PlannedView]
) -> dict[str, DatasetScan]:
    """Say how each dataset is scanned that a view reads.

    Parameters
    ----------
    datasets
        The datasets, by name.
    sections
        What plan.toml says of each.
    views
        The views, planned.
    """
    readers: dict[str, list[PlannedView]] = {}
    for view in sorted(views, key=lambda each: each.name):
        for name in view.references:
            if name in datasets:
                readers.setdefault(name, []).append(view)
    return {name: _scan(name, datasets[name], sections[name], readers[name]) for name in sorted(readers)}


def _scan(name: str, dataset: ResolvedDataset, section: DatasetSection, views: Sequence[PlannedView]) -> DatasetScan:
    reads = _reads(name, views)
    columns = [column.name for column in dataset.ref.columns]
    wanted = [column for column in columns if reads.columns is None or column in reads.columns]
    projection = tuple(wanted or columns[:1])  # rows are counted by some column
    filters = tuple(sql_of(predicate) for predicate in reads.predicates)
    files = parts_of(dataset)
    condition = AllOf(reads.predicates)
    left = [[part for part in parts if may_hold(condition, part.bounds)] for parts in files]
    candidates = sum(1 for parts, rest in zip(files, left, strict=True) if rest or not parts)
    is_task, reason = _decide(section.scan, dataset, reads.readers)
    grouped = dataset.ref.format in (DataFormat.PARQUET, DataFormat.DELTA) and all(
        fact.footer is not None for fact in dataset.facts
    )
    groups, groups_left = sum(map(len, files)), sum(map(len, left))
    units = _units(left, files, byte_size(section.scan_unit) if section.scan_unit is not None else UNIT_BYTES)
    return DatasetScan(
        dataset=name,
        definition=_definition(name, dataset, projection, filters),
        projection=projection,
        filters=filters,
        units=_identified(units, dataset),
        files_total=len(files),
        files_candidate=candidates,
        files_pruned=len(files) - candidates,
        row_groups_total=groups if grouped else None,
        row_groups_candidate=groups_left if grouped else None,
        row_groups_pruned=groups - groups_left if grouped else None,
        is_task=is_task,
        reason=reason,
    )


def _reads(name: str, views: Sequence[PlannedView]) -> _Reads:
    readers = tuple(view.name for view in views)
    needed = [view.required for view in views]
    known = [required[name] for required in needed if required is not None and name in required]
    if any(view.names_other_columns for view in views):
        known = []
    columns = frozenset(column for required in known for column in required) if len(known) == len(views) else None
    scans = [scan for view in views for scan in view.conditions.get(name, ((),))]
    return _Reads(readers=readers, columns=columns, predicates=_any_of(scans))


def _any_of(scans: Sequence[tuple[Predicate, ...]]) -> tuple[Predicate, ...]:
    """Give what holds for each row that some scan needs: what all of them ask for, and one of what they differ in."""
    shared = [predicate for predicate in scans[0] if all(predicate in scan for scan in scans)]
    rest = [tuple(predicate for predicate in scan if predicate not in shared) for scan in scans]
    if all(rest):
        shared.append(AnyOf(tuple(dict.fromkeys(AllOf(each) for each in rest))))
    return tuple(shared)


def _decide(policy: ScanPolicy, dataset: ResolvedDataset, readers: Sequence[str]) -> tuple[bool, str]:
    if policy is not ScanPolicy.AUTO:
        return policy is ScanPolicy.ALWAYS, f"`{policy.value}` is asked for"
    if "://" in dataset.ref.uri:
        return True, "`auto`: it lies in an object store, and is fetched once"
    if dataset.ref.format not in (DataFormat.CSV, DataFormat.JSON):
        return False, "`auto`: its readers skip the columns and parts that they do not need, and nothing is decoded"
    if len(readers) == 1:
        return False, f"`auto`: only `{readers[0]}` reads it, and decodes it on the way"
    size = dataset.ref.bytes or 0
    if size < SHARED_DECODING_BYTES:
        return False, f"`auto`: decoding {size:,} bytes of text for each of {len(readers)} readers is cheap"
    return True, f"`auto`: {size:,} bytes of text are decoded once for {len(readers)} readers"


def _definition(name: str, dataset: ResolvedDataset, projection: Sequence[str], filters: Sequence[str]) -> str:
    types = {column.name: column.type for column in dataset.ref.columns}
    columns = [f"{column}: {types[column]}" for column in projection]
    return digest("scan", engine_version(), name, digest(*columns), digest(*filters))


def _units(
    left: Sequence[Sequence[DatasetPart]], files: Sequence[Sequence[DatasetPart]], full: int
) -> tuple[ScanUnit, ...]:
    """Gather neighbouring parts until a unit is full."""
    units: list[list[DatasetPart]] = []
    size = full
    for part in (part for parts in left for part in parts):
        if size >= full:
            units.append([])
            size = 0
        units[-1].append(part)
        size += part.bytes
    groups = {part.file.uri: len(parts) for parts in files for part in parts}
    width = max(4, len(str(len(units))))
    return tuple(_unit(f"{index:0{width}}", parts, groups) for index, parts in enumerate(units))


def _unit(key: str, parts: Sequence[DatasetPart], groups: Mapping[str, int]) -> ScanUnit:
    """Make one range of row groups that follow each other; a unit of whole files names no row groups."""
    ranges: list[tuple[str, int, int]] = []
    for part in parts:
        uri, first, count = ranges[-1] if ranges else ("", 0, 0)
        group = part.row_group or 0
        if part.file.uri == uri and first + count == group:
            ranges[-1] = (uri, first, count + 1)
        else:
            ranges.append((part.file.uri, group, 1))
    whole = all(count == groups[uri] for uri, _, count in ranges)
    rows = [part.rows for part in parts if part.rows is not None]
    return ScanUnit(
        key=key,
        files=tuple(uri for uri, _, _ in ranges),
        row_groups=() if whole else tuple((first, count) for _, first, count in ranges),
        rows=sum(rows) if len(rows) == len(parts) else None,
        bytes=sum(part.bytes for part in parts),
    )


def _identified(units: Iterable[ScanUnit], dataset: ResolvedDataset) -> tuple[ScanUnit, ...]:
    """Say of each unit what identifies its content: its own files, and the columns that they are read into."""
    described = {file.uri: each for file, each in zip(dataset.files, dataset.described, strict=True)}
    columns = digest(*(f"{column.name}: {column.type}" for column in dataset.ref.columns))
    return tuple(
        replace(
            unit,
            content_id=content_id_of(
                dataset.ref, [described[uri] for uri in unit.files], columns, repr(unit.row_groups)
            ),
        )
        for unit in units
    )


def scan_statistics(scan: DatasetScan) -> ViewStatistics:
    """Give what a scan reads; what it gives is not known where rows are filtered."""
    rows = [unit.rows for unit in scan.units if unit.rows is not None]
    sizes = [unit.bytes for unit in scan.units if unit.bytes is not None]
    known = sum(rows) if len(rows) == len(scan.units) else None
    return ViewStatistics(
        view=scan.dataset,
        rows_in=known,
        bytes_in=sum(sizes) if len(sizes) == len(scan.units) else None,
        rows_out=None if scan.filters else known,
        operators=1 + len(scan.filters),
        exactness=Exactness.ESTIMATED if known is not None else Exactness.UNKNOWN,
    )
