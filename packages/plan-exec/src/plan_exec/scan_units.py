"""Scans in units: a request for each unit, and what the units gave joined in the order of their rows."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace as with_fields

from plan_contracts import (
    DatasetRef,
    PublishedOutput,
    ScanUnit,
    ScanWork,
    TaskInput,
    TaskMetrics,
    TaskRequest,
    build_key,
    digest,
)
from plan_exec.task_state import ScanBlock, TaskState, unit_of

NO_UNIT = "none"
"""Key of the one request of a scan that no row can pass; it gives a table without rows."""


def unit_keys(work: ScanWork) -> tuple[str, ...]:
    """Give the keys of the units of a scan, in the order of their rows."""
    return tuple(unit.key for unit in work.units) or (NO_UNIT,)


def expand(whole: TaskState, work: ScanWork) -> ScanBlock:
    """Make a state of each unit of a scan: the place in the schedule and the policy are those of the scan.

    Parameters
    ----------
    whole
        The scan, ready to run.
    work
        What its request asks for.

    Returns
    -------
    ScanBlock
        At least one unit; scan and units refer to it from now on.
    """
    (given,) = whole.request.inputs
    places = given.ref.places() if given.ref is not None else {}
    block = ScanBlock(whole=whole)
    for part, (key, unit) in enumerate(zip(unit_keys(work), work.units or (None,), strict=True)):
        request = with_fields(
            whole.request,
            unit=key,
            work=with_fields(work, units=(unit,) if unit is not None else ()),
            inputs=(_narrowed(given, unit, places),),
        )
        block.units[key] = unit_of(whole, block, key=key, part=part, request=request, build_key=_key(request, unit))
    block.open = len(block.units)
    whole.block = block
    return block


def _narrowed(given: TaskInput, unit: ScanUnit | None, places: dict[str, int]) -> TaskInput:
    """Name the files of the unit alone, so that a request does not grow with the dataset."""
    if unit is None or given.ref is None:
        return given
    ref = given.ref.limited_to(unit.files, places)
    return with_fields(given, ref=with_fields(ref, rows=unit.rows, bytes=unit.bytes))


def _key(request: TaskRequest, unit: ScanUnit | None) -> str:
    """Give the build key of a unit: of what the scan does, and of the content of its part.

    Where nobody says what the content of the part is, it is that of the whole, and which part of it this is.
    """
    (given,) = request.inputs
    if unit is not None and unit.content_id is not None:
        return build_key(request.definition, {given.name: unit.content_id})
    parts = {given.name: given.content_id or ""}
    place = (unit.rows, unit.bytes, len(unit.files), unit.row_groups) if unit is not None else ()
    return build_key(request.definition, {**parts, "unit of the scan": digest(request.unit or "", repr(place))})


def joined_output(parts: Sequence[PublishedOutput], build_key: str) -> PublishedOutput:
    """Give what the units have published as one output; a single unit's is taken as it is.

    Parameters
    ----------
    parts
        At least one, in the order of the units.
    build_key
        Key of the whole scan.
    """
    first = parts[0]
    if len(parts) == 1:
        return PublishedOutput(record=with_fields(first.record, build_key=build_key), ref=first.ref)
    rows, size = sum(part.record.rows for part in parts), sum(part.record.bytes for part in parts)
    content = digest(*(part.record.sha256 for part in parts))
    return PublishedOutput(
        record=with_fields(first.record, rows=rows, bytes=size, sha256=content, build_key=build_key),
        ref=with_fields(first.ref, files=tuple(part.ref.uri for part in parts), rows=rows, bytes=size),
    )


def joined_memory(units: Iterable[TaskState], view: str) -> DatasetRef | None:
    """Refer to what the units keep in memory; none where a unit with rows does not."""
    with_rows = [unit for unit in units if unit.published[view].record.rows]
    kept = [unit.in_memory[view] for unit in with_rows if view in unit.in_memory]
    if not kept or len(kept) < len(with_rows):
        return None
    if len(kept) == 1:
        return kept[0]
    rows, size = sum(ref.rows or 0 for ref in kept), sum(ref.bytes or 0 for ref in kept)
    return with_fields(kept[0], files=tuple(ref.uri for ref in kept), rows=rows, bytes=size)


def joined_metrics(metrics: Sequence[TaskMetrics]) -> TaskMetrics | None:
    """Add up what the units have used; the memory is the most of any, and what some unit does not know is not known."""
    if not metrics:
        return None
    return TaskMetrics(
        wall_seconds=sum(each.wall_seconds for each in metrics),
        cpu_seconds=_total([each.cpu_seconds for each in metrics]),
        rows_in=_whole(_total([each.rows_in for each in metrics])),
        rows_out=_whole(_total([each.rows_out for each in metrics])),
        bytes_read=_whole(_total([each.bytes_read for each in metrics])),
        bytes_written=_whole(_total([each.bytes_written for each in metrics])),
        spill_bytes=_whole(_total([each.spill_bytes for each in metrics])),
        peak_memory_bytes=max((each.peak_memory_bytes or 0 for each in metrics), default=0) or None,
        partitions=metrics[0].partitions,
        tasks_beside=max((each.tasks_beside or 0 for each in metrics), default=0),
    )


def _total(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if len(known) == len(figures) else None


def _whole(figure: float | None) -> int | None:
    return None if figure is None else int(figure)
