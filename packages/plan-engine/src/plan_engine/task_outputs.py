"""What a task gives: results that are staged, and the rows and bytes that it read."""

from dataclasses import dataclass

from plan_contracts import DataFormat, DatasetRef, StagedOutput, TaskRequest
from plan_engine.arrow_schema import columns_of
from plan_engine.staged_file import StagedFile


@dataclass(frozen=True, kw_only=True)
class ViewRun:
    """What running a task gave."""

    outputs: tuple[StagedOutput, ...]
    rows_in: int | None
    bytes_in: int | None


def view_run(request: TaskRequest, outputs: tuple[StagedOutput, ...]) -> ViewRun:
    """Put outputs together with what was read for them."""
    refs = [each.ref for each in request.inputs if each.ref is not None]
    return ViewRun(
        outputs=outputs,
        rows_in=_sum([ref.rows for ref in refs]),
        bytes_in=_sum([ref.bytes for ref in refs]),
    )


def staged_output(view: str, staged: StagedFile) -> StagedOutput:
    """Describe a staged result; its rows are kept in memory where they were collected and fitted."""
    ref = DatasetRef(
        uri=str(staged.path),
        format=DataFormat.PARQUET,
        columns=columns_of(staged.schema),
        rows=staged.rows,
        bytes=staged.bytes,
    )
    collected = staged.collected
    return StagedOutput(
        view=view,
        ref=ref,
        sha256=staged.sha256,
        rows=staged.rows,
        bytes=staged.bytes,
        memory=collected.keep(staged.schema, staged.rows) if collected is not None else None,
        memory_bytes=collected.seen_bytes if collected is not None else None,
    )


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
