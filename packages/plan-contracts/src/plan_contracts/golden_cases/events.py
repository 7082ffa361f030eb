"""Golden cases of events, of the event row and of the run manifest."""

from plan_contracts.checks import CheckRecord, CheckResult
from plan_contracts.codec import encode_msgpack, payload_hash
from plan_contracts.events import (
    EventRow,
    ExecutionStarted,
    PlanDriftEnvelope,
    PlanScheduleEnvelope,
    PlanValidationEnvelope,
    ResultSpilled,
    RunFailed,
    RunFinished,
    RunManifestEnvelope,
    RunStarted,
    ScanUnitFinished,
    TaskFinished,
    TaskRetried,
    TaskRouting,
    TaskScheduling,
    TaskStarted,
)
from plan_contracts.execution import (
    TaskStatus,
)
from plan_contracts.executors import (
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    Placement,
)
from plan_contracts.golden_cases import data, execution, graphs, schedules, validation
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.identities import artifact_id
from plan_contracts.manifest import ArtifactIds, MachineInfo, RunList, RunManifestV2, RunStatus

PASSED = CheckRecord(subject="daily_revenue", build_key="f7" * 32)

MANIFEST = RunManifestV2(
    run_id=schedules.RUN_ID,
    status=RunStatus.SUCCEEDED,
    started_at_unix_ms=1767323045678,
    ended_at_unix_ms=1767323050000,
    project="shop",
    profile="",
    plan_signature=schedules.SIGNATURE,
    reduced_plan_signature=schedules.REDUCED_SIGNATURE,
    execution_mode=ExecutionMode.PLAN_PARALLEL,
    executor_config=ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=2),
    executor_reason="given in plan.toml",
    dataset_snapshots=(data.ORDERS_SNAPSHOT,),
    outputs=(execution.OUTPUT,),
    checks=(PASSED,),
    task_counts={TaskStatus.SUCCEEDED: 1, TaskStatus.REUSED: 3},
    versions={"plan": "0.1.0", "datafusion": "55.0.0"},
    machine=MachineInfo(cores=2, memory_bytes=8589934592, platform="linux-x86_64", python="3.11.9"),
    artifact_ids=ArtifactIds(plan_schedule="f6" * 32, plan_validation="07" * 32, plan_evidence="18" * 32),
)

REFUSED = RunManifestV2(
    run_id=schedules.RUN_ID,
    status=RunStatus.REFUSED,
    started_at_unix_ms=1767323045678,
    ended_at_unix_ms=1767323045900,
    project="shop",
    profile="prod",
    plan_signature="",
    reduced_plan_signature="",
    execution_mode=ExecutionMode.PLAN_PARALLEL,
    executor_config=None,
    executor_reason="nothing ran",
    dataset_snapshots=(),
    outputs=(),
    task_counts={},
    versions={"plan": "0.1.0"},
    machine=MachineInfo(cores=2, memory_bytes=8589934592, platform="linux-x86_64", python="3.11.9"),
    artifact_ids=ArtifactIds(),
)

STARTED = TaskStarted(task="daily_revenue", attempt=1, executor=Placement.THREADPOOL)
STARTED_PAYLOAD = encode_msgpack(STARTED)

ROW = EventRow(
    event_time_unix_ms=1767323046000,
    profile_name=None,
    run_id=schedules.RUN_ID,
    event_name="task_started_v1",
    plan_signature=schedules.SIGNATURE,
    reduced_plan_signature=schedules.REDUCED_SIGNATURE,
    event_payload_msgpack=STARTED_PAYLOAD,
    event_payload_hash=payload_hash(STARTED_PAYLOAD),
)

SCHEDULE = PlanScheduleEnvelope(artifact_id=artifact_id(schedules.DIAMOND), artifact=schedules.DIAMOND)
DRIFT = PlanDriftEnvelope(artifact_id=artifact_id(validation.DRIFT), artifact=validation.DRIFT)
VALIDATION = PlanValidationEnvelope(artifact_id=artifact_id(validation.MIXED), artifact=validation.MIXED)
MANIFEST_EVENT = RunManifestEnvelope(artifact_id=artifact_id(MANIFEST), artifact=MANIFEST)
ROUTING = TaskRouting(decision=execution.ROUTING)
SCHEDULING = TaskScheduling(decision=execution.SCHEDULING)
RUN_STARTED = RunStarted(project="shop", pid=4242, host="build-1")
RUN_FAILED = RunFailed(errors=(execution.DIVISION,))
RUN_FINISHED = RunFinished(status=RunStatus.SUCCEEDED, seconds=4.322)
RETRIED = TaskRetried(task="daily_revenue", attempt=1, delay_seconds=0.5, error=execution.DIVISION)
EXECUTION_STARTED = ExecutionStarted(
    mode=ExecutionMode.PLAN_PARALLEL,
    executor_config=ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=2),
    reason="given in plan.toml",
)
SPILLED = ResultSpilled(task="orders", view="orders", bytes=1048576, next_reader="report", next_rank=7)
UNIT_FINISHED = ScanUnitFinished(
    task="scan-orders",
    unit="0003",
    status=TaskStatus.SUCCEEDED,
    attempts=3,
    worker="process-2",
    metrics=execution.METRICS,
)
FINISHED = TaskFinished(
    task="daily_revenue",
    status=TaskStatus.SUCCEEDED,
    attempts=1,
    definition=graphs.REVENUE_DEFINITION,
    predicted_seconds=1.0,
    actual_seconds=1.25,
    worker="process-0",
    metrics=execution.METRICS,
    outputs=(execution.OUTPUT,),
    tags=("finance", "mart"),
)
SKIPPED = TaskFinished(
    task="report",
    status=TaskStatus.SKIPPED,
    attempts=0,
    definition="2e" * 32,
    predicted_seconds=0.25,
    cause="stock",
)

CHECKED = TaskFinished(
    task="check-daily_revenue",
    status=TaskStatus.SUCCEEDED,
    attempts=1,
    definition="4a" * 32,
    predicted_seconds=0.01,
    actual_seconds=0.02,
    outputs=(execution.OUTPUT,),
    checks=(CheckResult(name="not_null(day)", offending_rows=0),),
    passed=PASSED,
)

RUNS = RunList(runs=(MANIFEST,))

VALID = (
    ValidCase("run_list", "one_run", RUNS),
    ValidCase("run_manifest_artifact", "succeeded", MANIFEST),
    ValidCase("run_manifest_artifact", "refused", REFUSED),
    ValidCase("event_row", "task_started", ROW),
    ValidCase("plan_schedule", "diamond", SCHEDULE),
    ValidCase("plan_validation", "valid_invalid_and_blocked", VALIDATION),
    ValidCase("plan_drift", "type_changed", DRIFT),
    ValidCase("run_manifest", "succeeded", MANIFEST_EVENT),
    ValidCase("run_started", "on_a_host", RUN_STARTED),
    ValidCase("execution_started", "threads", EXECUTION_STARTED),
    ValidCase("run_failed", "one_error", RUN_FAILED),
    ValidCase("run_finished", "succeeded", RUN_FINISHED),
    ValidCase("task_routing", "over_cost_threshold", ROUTING),
    ValidCase("result_spilled", "read_late", SPILLED),
    ValidCase("scan_unit_finished", "third_attempt", UNIT_FINISHED),
    ValidCase("task_scheduling", "waited_for_input", SCHEDULING),
    ValidCase("task_started", "first_attempt", STARTED),
    ValidCase("task_retried", "after_failure", RETRIED),
    ValidCase("task_finished", "succeeded", FINISHED),
    ValidCase("task_finished", "skipped", SKIPPED),
    ValidCase("task_finished", "check_passed", CHECKED),
)

INVALID = (
    InvalidCase("run_list", "without_runs", without(RUNS, "runs")),
    InvalidCase("run_manifest_artifact", "unknown_task_status", altered(MANIFEST, "task_counts", {"lost": 1})),
    InvalidCase("run_manifest_artifact", "without_outputs", without(MANIFEST, "outputs")),
    InvalidCase("event_row", "payload_not_base64", altered(ROW, "event_payload_msgpack", "%%"), in_schema=False),
    InvalidCase("plan_schedule", "other_kind", altered(SCHEDULE, "kind", "plan_validation")),
    InvalidCase("plan_validation", "without_artifact", without(VALIDATION, "artifact")),
    InvalidCase("plan_drift", "without_artifact", without(DRIFT, "artifact")),
    InvalidCase("run_manifest", "id_not_a_digest", altered(MANIFEST_EVENT, "artifact_id", "latest")),
    InvalidCase("run_started", "process_zero", altered(RUN_STARTED, "pid", 0)),
    InvalidCase("execution_started", "no_slots", altered(EXECUTION_STARTED, "executor_config.max_tasks", 0)),
    InvalidCase("run_failed", "errors_as_text", altered(RUN_FAILED, "errors", "division by zero")),
    InvalidCase("run_finished", "negative_duration", altered(RUN_FINISHED, "seconds", -1.0)),
    InvalidCase("task_routing", "without_decision", without(ROUTING, "decision")),
    InvalidCase("result_spilled", "negative_rank", altered(SPILLED, "next_rank", -1)),
    InvalidCase("scan_unit_finished", "without_unit", altered(UNIT_FINISHED, "unit", None)),
    InvalidCase("task_scheduling", "negative_rank", altered(SCHEDULING, "decision.rank", -1)),
    InvalidCase("task_started", "attempt_zero", altered(STARTED, "attempt", 0)),
    InvalidCase("task_retried", "negative_delay", altered(RETRIED, "delay_seconds", -0.5)),
    InvalidCase("task_finished", "unknown_status", altered(FINISHED, "status", "done")),
)
