"""Golden cases of the wire protocol between dispatcher and worker, of outputs, decisions and reports."""

from plan_contracts.checks import CheckResult
from plan_contracts.errors_payload import ErrorPayload
from plan_contracts.execution import (
    CheckWork,
    ExecutionReport,
    OutputRecord,
    OutputStatus,
    PythonWork,
    ResultStatus,
    RoutingDecision,
    ScanWork,
    SchedulingDecision,
    StagedOutput,
    TaskInput,
    TaskLimits,
    TaskMetrics,
    TaskOutcome,
    TaskRequest,
    TaskResult,
    TaskStatus,
    TaskWork,
    ViewWork,
)
from plan_contracts.executors import (
    Placement,
)
from plan_contracts.golden_cases import data, graphs, schedules
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.graph import TaskKind, ViewSource
from plan_contracts.source_location import SourceLocation
from plan_contracts.variables import Variable


def _request(work: TaskWork) -> TaskRequest:
    return TaskRequest(
        run_id=schedules.RUN_ID,
        task="daily_revenue",
        definition=graphs.REVENUE_DEFINITION,
        work=work,
        inputs=(TaskInput(name="orders", ref=data.PARQUET_REF, content_id="5b" * 32),),
        outputs=("daily_revenue",),
        stage_uri="/data/shop/.plan/staging",
        project_uri="/data/shop",
        limits=TaskLimits(target_partitions=2, memory_bytes=268435456, timeout_seconds=600.0),
    )


VIEW_SOURCE = ViewSource(name="daily_revenue", path="views/daily_revenue.sql", sql=graphs.REVENUE_SQL)
VIEW_WITH_VARIABLES = ViewSource(
    name="daily_revenue",
    path="views/daily_revenue.sql",
    sql=f"{graphs.REVENUE_SQL} having sum(amount) > $least",
    parameters={"least": Variable(type="decimal(12, 2)", value="99.90")},
)
VIEW_REQUEST = _request(ViewWork(views=(VIEW_SOURCE,)))

METRICS = TaskMetrics(
    wall_seconds=1.25,
    cpu_seconds=1.0,
    rows_in=1500,
    rows_out=365,
    bytes_read=40960,
    bytes_written=5120,
    partitions=2,
    tasks_beside=0,
)

STAGED = StagedOutput(view="daily_revenue", ref=data.PARQUET_REF, sha256="d4" * 32, rows=365, bytes=5120)

SUCCEEDED = TaskResult(
    run_id=schedules.RUN_ID,
    task="daily_revenue",
    attempt=1,
    status=ResultStatus.SUCCEEDED,
    outputs=(STAGED,),
    metrics=METRICS,
    worker="worker-1",
)

DIVISION = ErrorPayload(
    code="query_failed",
    stage="engine",
    message="The view `daily_revenue` divides by zero",
    subject="daily_revenue",
    location=SourceLocation(file="views/daily_revenue.sql"),
    suggestion="Guard the divisor with nullif(x, 0).",
)

FAILED = TaskResult(
    run_id=schedules.RUN_ID,
    task="daily_revenue",
    attempt=2,
    status=ResultStatus.FAILED,
    error=DIVISION,
    metrics=TaskMetrics(wall_seconds=0.5),
    worker="worker-2",
)

CHECK_FAILED = TaskResult(
    run_id=schedules.RUN_ID,
    task="check-daily_revenue",
    attempt=1,
    status=ResultStatus.FAILED,
    checks=(
        CheckResult(name="not_null(day)", offending_rows=2, examples=("day = null, revenue = 12.50",)),
        CheckResult(name="unique(day)", offending_rows=0),
    ),
    error=ErrorPayload(
        code="check_failed",
        stage="engine",
        message="`daily_revenue` breaks its contract: not_null(day) finds 2 rows, such as day = null, revenue = 12.50",
        subject="daily_revenue",
    ),
    metrics=TaskMetrics(wall_seconds=0.5),
    worker="worker-1",
)

OUTPUT = OutputRecord(
    name="daily_revenue",
    uri="daily_revenue.parquet",
    rows=365,
    bytes=5120,
    sha256="d4" * 32,
    build_key="e5" * 32,
    status=OutputStatus.BUILT,
)

REPORT = ExecutionReport(
    outcomes=(
        TaskOutcome(
            task="daily_revenue",
            status=TaskStatus.SUCCEEDED,
            started_at_unix_ms=1767323046000,
            ended_at_unix_ms=1767323047250,
            seconds=1.25,
            metrics=METRICS,
            outputs=(OUTPUT,),
        ),
        TaskOutcome(task="stock", status=TaskStatus.FAILED, error=DIVISION),
        TaskOutcome(task="report", status=TaskStatus.SKIPPED, cause="stock"),
    ),
    seconds=1.5,
)

ROUTING = RoutingDecision(
    task="daily_revenue",
    task_kind=TaskKind.VIEW,
    task_cost=31.0,
    executor=Placement.RAY,
    reason="its cost of 31 s reaches the threshold of 30 s",
)

SCHEDULING = SchedulingDecision(
    task="dear",
    rank=1,
    bottom_level_cost=4.0,
    slack=0.0,
    executor=Placement.THREADPOOL,
    ready_at_unix_ms=1767323046000,
    started_at_unix_ms=1767323046002,
    waited_for="extract",
    ready_beside=1,
    in_memory=("extract",),
)

SCAN = ScanWork(
    dataset="orders",
    units=data.ORDERS_SCAN.units,
    projection=data.ORDERS_SCAN.projection,
    filters=data.ORDERS_SCAN.filters,
)

VALID = (
    ValidCase("task_request", "view", VIEW_REQUEST),
    ValidCase("task_request", "python", _request(PythonWork(view=graphs.SCORES))),
    ValidCase("task_request", "view_with_variables", _request(ViewWork(views=(VIEW_WITH_VARIABLES,)))),
    ValidCase("task_request", "scan", _request(SCAN)),
    ValidCase(
        "task_request",
        "check",
        _request(CheckWork(subject="daily_revenue", checks=(graphs.DAY_NOT_NULL,))),
    ),
    ValidCase("task_result", "succeeded", SUCCEEDED),
    ValidCase("task_result", "failed", FAILED),
    ValidCase("task_result", "check_failed", CHECK_FAILED),
    ValidCase("output_record", "built", OUTPUT),
    ValidCase("execution_report", "succeeded_failed_and_skipped", REPORT),
    ValidCase("routing_decision", "over_cost_threshold", ROUTING),
    ValidCase("scheduling_decision", "waited_for_input", SCHEDULING),
)

INVALID = (
    InvalidCase("task_request", "unknown_work", altered(VIEW_REQUEST, "work", {"kind": "pickle", "data": "gASVCg=="})),
    InvalidCase("task_request", "output_leaves_folder", altered(VIEW_REQUEST, "outputs", ["../../etc/passwd"])),
    InvalidCase("task_result", "attempt_zero", altered(SUCCEEDED, "attempt", 0)),
    InvalidCase("task_result", "staged_without_digest", altered(SUCCEEDED, "outputs.0.sha256", "")),
    InvalidCase("output_record", "unknown_status", altered(OUTPUT, "status", "stale")),
    InvalidCase("execution_report", "without_outcomes", without(REPORT, "outcomes")),
    InvalidCase("routing_decision", "unknown_executor", altered(ROUTING, "executor", "slurm")),
    InvalidCase("scheduling_decision", "negative_slack", altered(SCHEDULING, "slack", -0.5)),
)
