"""Tables over all runs that are put together from manifests and events."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Callable, Mapping

import pyarrow as pa

from plan_contracts import (
    PlanScheduleEnvelope,
    PlanValidationEnvelope,
    TaskFinished,
    TaskScheduling,
    UnknownEvent,
    decode_event,
)
from plan_store.layout import Layout
from plan_store.manifests import manifests
from plan_store.reader import read_events

Cell = str | int | float | None

_TEXT, _INT, _FLOAT = pa.string(), pa.int64(), pa.float64()
_TIME = pa.timestamp("ms", tz="UTC")

RUNS = pa.schema(
    [
        ("run_id", _TEXT),
        ("status", _TEXT),
        ("project", _TEXT),
        ("profile", _TEXT),
        ("started_at", _TIME),
        ("ended_at", _TIME),
        ("seconds", _FLOAT),
        ("execution_mode", _TEXT),
        ("executor", _TEXT),
        ("plan_signature", _TEXT),
        ("reduced_plan_signature", _TEXT),
        ("run_manifest_id", _TEXT),
        ("plan_schedule_id", _TEXT),
        ("plan_validation_id", _TEXT),
    ]
)
OUTPUTS = pa.schema(
    [
        ("run_id", _TEXT),
        ("name", _TEXT),
        ("uri", _TEXT),
        ("rows", _INT),
        ("bytes", _INT),
        ("sha256", _TEXT),
        ("build_key", _TEXT),
        ("status", _TEXT),
    ]
)
TASKS = pa.schema(
    [
        ("run_id", _TEXT),
        ("task", _TEXT),
        ("status", _TEXT),
        ("attempts", _INT),
        ("ended_at", _TIME),
        ("predicted_seconds", _FLOAT),
        ("actual_seconds", _FLOAT),
        ("rows_out", _INT),
        ("bytes_written", _INT),
        ("definition", _TEXT),
        ("error", _TEXT),
        ("cause", _TEXT),
    ]
)
DECISIONS = pa.schema(
    [
        ("run_id", _TEXT),
        ("task", _TEXT),
        ("rank", _INT),
        ("bottom_level_cost", _FLOAT),
        ("slack", _FLOAT),
        ("executor", _TEXT),
        ("ready_at", _TIME),
        ("started_at", _TIME),
        ("waited_for", _TEXT),
        ("ready_beside", _INT),
    ]
)
SCHEDULES = pa.schema(
    [
        ("run_id", _TEXT),
        ("artifact_id", _TEXT),
        ("plan_signature", _TEXT),
        ("task_count", _INT),
        ("critical_path", _TEXT),
        ("critical_path_seconds", _FLOAT),
        ("cost_table_id", _TEXT),
    ]
)
VALIDATIONS = pa.schema(
    [
        ("run_id", _TEXT),
        ("artifact_id", _TEXT),
        ("plan_signature", _TEXT),
        ("total_tasks", _INT),
        ("valid_tasks", _INT),
        ("invalid_tasks", _INT),
        ("total_edges", _INT),
        ("valid_edges", _INT),
        ("invalid_edges", _INT),
    ]
)


def _runs(layout: Layout) -> list[tuple[Cell, ...]]:
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
        for each in manifests(layout)
    ]


def _outputs(layout: Layout) -> list[tuple[Cell, ...]]:
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
        for each in manifests(layout)
        for record in each.outputs
    ]


def _tasks(layout: Layout) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for row in read_events(layout):
        if row.event_name != TaskFinished.event_name():
            continue
        event = decode_event(row.event_payload_msgpack, event_name=row.event_name)
        if isinstance(event, TaskFinished):
            rows.append(
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
                )
            )
    return rows


def _decisions(layout: Layout) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for row in read_events(layout):
        if row.event_name != TaskScheduling.event_name():
            continue
        event = decode_event(row.event_payload_msgpack, event_name=row.event_name)
        if isinstance(event, TaskScheduling):
            made = event.decision
            rows.append(
                (
                    row.run_id,
                    made.task,
                    made.rank,
                    made.bottom_level_cost,
                    made.slack,
                    made.executor.value,
                    made.ready_at_unix_ms,
                    made.started_at_unix_ms,
                    made.waited_for,
                    made.ready_beside,
                )
            )
    return rows


def _artifacts(layout: Layout, wanted: type[PlanScheduleEnvelope | PlanValidationEnvelope]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for row in read_events(layout):
        if row.event_name != wanted.event_name():
            continue
        event = decode_event(row.event_payload_msgpack, event_name=row.event_name)
        if isinstance(event, UnknownEvent):
            continue
        if isinstance(event, PlanScheduleEnvelope):
            made = event.artifact
            path = " -> ".join(made.critical_path_tasks)
            length = made.critical_path_length_weighted
            cells: tuple[Cell, ...] = (made.plan_signature, made.task_count, path, length, made.cost_table_id)
            rows.append((row.run_id, event.artifact_id, *cells))
        elif isinstance(event, PlanValidationEnvelope):
            judged = event.artifact
            tasks = (judged.total_tasks, judged.valid_tasks, judged.invalid_tasks)
            edges = (judged.total_edges, judged.valid_edges, judged.invalid_edges)
            rows.append((row.run_id, event.artifact_id, judged.plan_signature, *tasks, *edges))
    return rows


def _schedules(layout: Layout) -> list[tuple[Cell, ...]]:
    return _artifacts(layout, PlanScheduleEnvelope)


def _validations(layout: Layout) -> list[tuple[Cell, ...]]:
    return _artifacts(layout, PlanValidationEnvelope)


_BUILDERS: Mapping[str, tuple[pa.Schema, Callable[[Layout], list[tuple[Cell, ...]]]]] = {
    "runs": (RUNS, _runs),
    "tasks": (TASKS, _tasks),
    "outputs": (OUTPUTS, _outputs),
    "schedules": (SCHEDULES, _schedules),
    "validations": (VALIDATIONS, _validations),
    "decisions": (DECISIONS, _decisions),
}

DERIVED_TABLES = tuple(_BUILDERS)
"""Names of the tables."""


def derived_table(layout: Layout, name: str) -> pa.RecordBatch:
    """Build one of `DERIVED_TABLES`."""
    schema, build = _BUILDERS[name]
    rows = build(layout)
    columns = [[row[index] for row in rows] for index in range(len(schema))]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
