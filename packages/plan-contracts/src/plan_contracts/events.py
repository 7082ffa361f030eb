"""What happened during a run. Events are an open set: an unknown kind decodes to `UnknownEvent`."""

from typing import ClassVar

from plan_contracts.base import Contract
from plan_contracts.checks import CheckRecord, CheckResult
from plan_contracts.drift import PlanDriftArtifact
from plan_contracts.errors_payload import ErrorPayload
from plan_contracts.execution import (
    OutputRecord,
    RoutingDecision,
    SchedulingDecision,
    TaskMetrics,
    TaskStatus,
)
from plan_contracts.execution_policy import ExecutionPolicy
from plan_contracts.executors import ExecutionMode, ExecutorConfig, Placement
from plan_contracts.manifest import RunManifestV2, RunStatus
from plan_contracts.scalars import ByteCount, Count, Name, Positive, RunId, Seconds, Sha256, Signature, UnixMs
from plan_contracts.schedule import PlanScheduleArtifact
from plan_contracts.validation import PlanValidationArtifact


class Envelope(Contract, frozen=True, kw_only=True, tag_field="kind"):
    """The root of what an event row carries; `kind` says which event it is."""

    major: ClassVar[int] = 1
    """Major version of the contract; event names end with it."""

    @classmethod
    def kind(cls) -> str:
        """Give the tag that distinguishes this envelope."""
        tag = cls.__struct_config__.tag
        return tag if isinstance(tag, str) else ""

    @classmethod
    def event_name(cls) -> str:
        """Give the name in the event table, for example `plan_schedule_v1`."""
        return f"{cls.kind()}_v{cls.major}"


class PlanScheduleEnvelope(Envelope, frozen=True, kw_only=True, tag="plan_schedule"):
    """A schedule was made."""

    artifact_id: Sha256
    """Identity of the artifact."""
    artifact: PlanScheduleArtifact
    """The schedule, whole."""


class PlanValidationEnvelope(Envelope, frozen=True, kw_only=True, tag="plan_validation"):
    """A plan was validated."""

    artifact_id: Sha256
    """Identity of the artifact."""
    artifact: PlanValidationArtifact
    """The validation, whole."""


class PlanDriftEnvelope(Envelope, frozen=True, kw_only=True, tag="plan_drift"):
    """A plan was compared with that of the last successful run."""

    artifact_id: Sha256
    """Identity of the artifact."""
    artifact: PlanDriftArtifact
    """The differences, whole."""


class RunManifestEnvelope(Envelope, frozen=True, kw_only=True, tag="run_manifest"):
    """A run ended."""

    major: ClassVar[int] = 2

    artifact_id: Sha256
    """Identity of the artifact."""
    artifact: RunManifestV2
    """The manifest, whole."""


class RunStarted(Envelope, frozen=True, kw_only=True, tag="run_started"):
    """A run began."""

    project: Name
    """The project."""
    pid: Positive
    """Process that drives the run."""
    host: str
    """Host of that process."""


class ExecutionStarted(Envelope, frozen=True, kw_only=True, tag="execution_started"):
    """The first task may start."""

    mode: ExecutionMode
    """How tasks are spread."""
    executor_config: ExecutorConfig
    """The executors."""
    reason: str
    """Who chose them, and why."""
    policy: ExecutionPolicy = ExecutionPolicy()
    """How tasks are treated."""


class RunFailed(Envelope, frozen=True, kw_only=True, tag="run_failed"):
    """A run ended before its tasks could run."""

    errors: tuple[ErrorPayload, ...]
    """Every reason."""


class TaskRouting(Envelope, frozen=True, kw_only=True, tag="task_routing"):
    """A task was given to an executor."""

    decision: RoutingDecision
    """Which, and why."""


class TaskScheduling(Envelope, frozen=True, kw_only=True, tag="task_scheduling"):
    """A task was chosen to start."""

    decision: SchedulingDecision
    """Why it, and why now."""


class TaskStarted(Envelope, frozen=True, kw_only=True, tag="task_started"):
    """An attempt was handed to a worker."""

    task: Name
    """The task."""
    unit: str | None = None
    """The unit, of a scan; none for whole tasks."""
    attempt: Positive
    """From 1."""
    executor: Placement
    """The executor."""


class TaskRetried(Envelope, frozen=True, kw_only=True, tag="task_retried"):
    """An attempt failed and another follows."""

    task: Name
    """The task."""
    unit: str | None = None
    """The unit, of a scan; none for whole tasks."""
    attempt: Positive
    """The attempt that failed."""
    delay_seconds: Seconds
    """Pause before the next one."""
    error: ErrorPayload
    """Why it failed."""
    worker: str | None = None
    """The worker that ran it; none when it gave no answer."""


class ResultSpilled(Envelope, frozen=True, kw_only=True, tag="result_spilled"):
    """A result left the memory to make room; who reads it from now on reads its file."""

    task: Name
    """The task that gave it."""
    view: Name
    """The view, or the dataset of a scan, whose result it is."""
    bytes: ByteCount
    """Memory that became free."""
    next_reader: Name
    """The task that is to read it next; no other result in memory had its next reader later in the schedule."""
    next_rank: Count
    """Place of that task in the schedule, from 0."""


class ScanUnitFinished(Envelope, frozen=True, kw_only=True, tag="scan_unit_finished"):
    """A unit of a scan is final; its task is when all are."""

    task: Name
    """The task."""
    unit: str
    """Key of the unit."""
    status: TaskStatus
    """How it ended; `skipped` when another unit of the task had failed before."""
    attempts: Count
    """Attempts that were made; 0 for a unit that never started."""
    worker: str | None = None
    """The worker that ran the last attempt; none when it gave no answer."""
    metrics: TaskMetrics | None = None
    """What the last attempt used."""
    temp: tuple[OutputRecord, ...] = ()
    """What it kept in the cache or took from there."""
    error: ErrorPayload | None = None
    """Why it failed."""


class TaskFinished(Envelope, frozen=True, kw_only=True, tag="task_finished"):
    """A task is final."""

    task: Name
    """The task."""
    status: TaskStatus
    """How it ended."""
    attempts: Count
    """Attempts that were made; 0 for a task that never started."""
    definition: Sha256
    """What it computes."""
    predicted_seconds: Seconds
    """Its cost in the schedule."""
    actual_seconds: Seconds | None = None
    """Wall time of the last attempt in the worker."""
    worker: str | None = None
    """The worker that ran the last attempt; none when it gave no answer, and for a scan, whose units have one each."""
    metrics: TaskMetrics | None = None
    """What the last attempt used."""
    outputs: tuple[OutputRecord, ...] = ()
    """What it published or reused; the output of a checked view is published by its check."""
    temp: tuple[OutputRecord, ...] = ()
    """Temporary results that it kept in the cache or took from there."""
    checks: tuple[CheckResult, ...] = ()
    """What each check has found; empty where they were not run again."""
    passed: CheckRecord | None = None
    """For a check that passed or was reused: what is now known of its subject."""
    error: ErrorPayload | None = None
    """Why it failed."""
    cause: Name | None = None
    """The task because of which it was skipped."""
    tags: tuple[str, ...] = ()
    """Tags of its views, sorted."""


class RunFinished(Envelope, frozen=True, kw_only=True, tag="run_finished"):
    """The last event of a run."""

    status: RunStatus
    """How it ended."""
    seconds: Seconds
    """Wall time from the start."""


KnownEvent = (
    PlanScheduleEnvelope
    | PlanValidationEnvelope
    | PlanDriftEnvelope
    | RunManifestEnvelope
    | RunStarted
    | ExecutionStarted
    | RunFailed
    | TaskRouting
    | TaskScheduling
    | TaskStarted
    | TaskRetried
    | ResultSpilled
    | ScanUnitFinished
    | TaskFinished
    | RunFinished
)
"""Every event that this version writes."""


class UnknownEvent(Contract, frozen=True, kw_only=True):
    """An event of a newer writer."""

    kind: str
    """Its tag."""
    raw: bytes
    """Its payload, as stored."""


class EventRow(Contract, frozen=True, kw_only=True):
    """One row of `datafusion_hamilton_events_v2`."""

    event_time_unix_ms: UnixMs
    """When it happened."""
    profile_name: str | None
    """The run's profile; null when none was given."""
    run_id: RunId
    """The run."""
    event_name: str
    """The event's kind with its contract's major version."""
    plan_signature: Signature
    """Identity of the logical graph; empty until it is known."""
    reduced_plan_signature: Signature
    """Identity of its transitive reduction; empty until it is known."""
    event_payload_msgpack: bytes
    """Canonical MessagePack of the envelope."""
    event_payload_hash: Sha256
    """Digest of `event_payload_msgpack`."""
