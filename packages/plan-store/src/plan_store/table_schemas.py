"""Columns of the tables that are put together from manifests and events."""

import pyarrow as pa

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
        ("tags", pa.list_(_TEXT)),
    ]
)
CHECKS = pa.schema(
    [
        ("run_id", _TEXT),
        ("task", _TEXT),
        ("subject", _TEXT),
        ("name", _TEXT),
        ("verdict", _TEXT),
        ("offending_rows", _INT),
        ("examples", pa.list_(_TEXT)),
        ("ended_at", _TIME),
    ]
)
DECISIONS = pa.schema(
    [
        ("run_id", _TEXT),
        ("task", _TEXT),
        ("unit", _TEXT),
        ("rank", _INT),
        ("bottom_level_cost", _FLOAT),
        ("slack", _FLOAT),
        ("executor", _TEXT),
        ("ready_at", _TIME),
        ("started_at", _TIME),
        ("waited_for", _TEXT),
        ("ready_beside", _INT),
        ("in_memory", _TEXT),
    ]
)
SPILLS = pa.schema(
    [
        ("run_id", _TEXT),
        ("spilled_at", _TIME),
        ("task", _TEXT),
        ("name", _TEXT),
        ("bytes", _INT),
        ("next_reader", _TEXT),
        ("next_rank", _INT),
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
