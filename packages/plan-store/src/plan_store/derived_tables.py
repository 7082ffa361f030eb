"""Tables over all runs that are put together from manifests and events."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from plan_contracts import (
    DocumentRefused,
    Envelope,
    EventRow,
    PlanScheduleEnvelope,
    PlanValidationEnvelope,
    ResultSpilled,
    RunManifestV2,
    TaskFinished,
    TaskScheduling,
    decode_event,
)
from plan_store.errors import StoreDamaged
from plan_store.layout import Layout
from plan_store.manifests import manifests
from plan_store.reader import read_events
from plan_store.table_schemas import CHECKS, DECISIONS, OUTPUTS, RUNS, SCHEDULES, SPILLS, TASKS, VALIDATIONS

Cell = str | int | float | tuple[str, ...] | None

E = TypeVar("E", bound=Envelope)


@dataclass(frozen=True, kw_only=True)
class TableSource:
    """What a table is made from."""

    layout: Layout
    """The store."""
    runs: frozenset[str] | None = None
    """The runs that a query asks about; none for all."""
    skip_damaged: bool = False
    """Leave out what is damaged."""

    def manifests(self) -> Iterator[RunManifestV2]:
        """Give the manifests of the runs, the newest first."""
        found = manifests(self.layout, skip_damaged=self.skip_damaged)
        return found if self.runs is None else (each for each in found if each.run_id in self.runs)


def _runs(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            each.run_id,
            each.status.value,
            each.project,
            each.profile,
            each.started_at_unix_ms,
            each.ended_at_unix_ms,
            (each.ended_at_unix_ms - each.started_at_unix_ms) / 1000,
            each.execution_mode.value,
            each.executor_config.kind.value if each.executor_config is not None else None,
            each.plan_signature,
            each.reduced_plan_signature,
            each.artifact_ids.run_manifest,
            each.artifact_ids.plan_schedule,
            each.artifact_ids.plan_validation,
        )
        for each in source.manifests()
    ]


def _outputs(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            each.run_id,
            record.name,
            record.uri,
            record.rows,
            record.bytes,
            record.sha256,
            record.build_key,
            record.status.value,
        )
        for each in source.manifests()
        for record in each.outputs
    ]


def _events(source: TableSource, wanted: type[E]) -> Iterator[tuple[EventRow, E]]:
    """Give the events of one type with the rows that they were stored in."""
    rows = read_events(
        source.layout, runs=source.runs, event_name=wanted.event_name(), skip_damaged=source.skip_damaged
    )
    for row in rows:
        try:
            event = decode_event(row.event_payload_msgpack, event_name=row.event_name)
        except DocumentRefused as reason:
            if source.skip_damaged:
                continue
            message = f"An event `{row.event_name}` of the run {row.run_id} is damaged: {reason.message}"
            raise StoreDamaged(message) from reason
        if isinstance(event, wanted):
            yield row, event


def _tasks(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            row.run_id,
            event.task,
            event.status.value,
            event.attempts,
            row.event_time_unix_ms,
            event.predicted_seconds,
            event.actual_seconds,
            event.metrics.rows_out if event.metrics is not None else None,
            event.metrics.bytes_written if event.metrics is not None else None,
            event.definition,
            event.error.message if event.error is not None else None,
            event.cause,
            event.tags,
        )
        for row, event in _events(source, TaskFinished)
    ]


def _checks(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            row.run_id,
            event.task,
            _subject(event),
            check.name,
            "passed" if check.passed else "failed",
            check.offending_rows,
            check.examples,
            row.event_time_unix_ms,
        )
        for row, event in _events(source, TaskFinished)
        for check in event.checks
    ]


def _subject(event: TaskFinished) -> str | None:
    """Give the dataset or view that a task checked."""
    if event.passed is not None:
        return event.passed.subject
    return event.error.subject if event.error is not None else None


def _decisions(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            row.run_id,
            made.task,
            made.unit,
            made.rank,
            made.bottom_level_cost,
            made.slack,
            made.executor.value,
            made.ready_at_unix_ms,
            made.started_at_unix_ms,
            made.waited_for,
            made.ready_beside,
            ", ".join(made.in_memory) or None,
        )
        for row, event in _events(source, TaskScheduling)
        for made in [event.decision]
    ]


def _spills(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            row.run_id,
            row.event_time_unix_ms,
            event.task,
            event.view,
            event.bytes,
            event.next_reader,
            event.next_rank,
        )
        for row, event in _events(source, ResultSpilled)
    ]


def _schedules(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            row.run_id,
            event.artifact_id,
            made.plan_signature,
            made.task_count,
            " -> ".join(made.critical_path_tasks),
            made.critical_path_length_weighted,
            made.cost_table_id,
        )
        for row, event in _events(source, PlanScheduleEnvelope)
        for made in [event.artifact]
    ]


def _validations(source: TableSource) -> list[tuple[Cell, ...]]:
    return [
        (
            row.run_id,
            event.artifact_id,
            judged.plan_signature,
            judged.total_tasks,
            judged.valid_tasks,
            judged.invalid_tasks,
            judged.total_edges,
            judged.valid_edges,
            judged.invalid_edges,
        )
        for row, event in _events(source, PlanValidationEnvelope)
        for judged in [event.artifact]
    ]


_BUILDERS: Mapping[str, tuple[pa.Schema, Callable[[TableSource], list[tuple[Cell, ...]]]]] = {
    "runs": (RUNS, _runs),
    "tasks": (TASKS, _tasks),
    "checks": (CHECKS, _checks),
    "outputs": (OUTPUTS, _outputs),
    "schedules": (SCHEDULES, _schedules),
    "validations": (VALIDATIONS, _validations),
    "decisions": (DECISIONS, _decisions),
    "spills": (SPILLS, _spills),
}

DERIVED_TABLES = tuple(_BUILDERS)
"""Names of the tables."""


def derived_table(source: TableSource, name: str) -> pa.RecordBatch:
    """Build one of `DERIVED_TABLES`.

    Raises
    ------
    StoreDamaged
        When a manifest or segment that it is made from is damaged, and those are not to be left out.
    """
    schema, build = _BUILDERS[name]
    rows = build(source)
    columns = [[row[index] for row in rows] for index in range(len(schema))]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
