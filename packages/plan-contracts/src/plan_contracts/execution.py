"""How a plan is executed: the wire protocol between dispatcher and worker, and what became of each task."""

from enum import StrEnum
from typing import ClassVar, Literal

from plan_contracts.base import Contract
from plan_contracts.checks import CheckResult, DataCheck
from plan_contracts.errors_payload import ErrorPayload
from plan_contracts.execution_policy import ExecutionPolicy
from plan_contracts.executors import ExecutionMode, ExecutorConfig, Placement
from plan_contracts.graph import PythonSource, TaskKind, ViewSource
from plan_contracts.references import DatasetRef
from plan_contracts.scalars import ByteCount, Count, Integer, Name, Positive, Rows, RunId, Seconds, Sha256, UnixMs
from plan_contracts.scans import ScanUnit
from plan_contracts.variables import VarValue

WIRE_PROTOCOL = 1
"""Version of `TaskRequest` and `TaskResult`; dispatcher and worker must agree on it."""


class TaskLimits(Contract, frozen=True, kw_only=True):
    """What one task may use."""

    target_partitions: Positive = 1
    """Partitions of its query."""
    memory_bytes: ByteCount | None = None
    """Size of its memory pool; none is unbounded."""
    timeout_seconds: Seconds | None = None
    """Longest duration; none is unbounded."""
    frugal: bool = False
    """Whether to use plans that need less memory and more time, after an attempt that ran out of it."""


class WorkerLimits(Contract, frozen=True, kw_only=True):
    """What one worker process may use."""

    worker: str
    """The worker's name; results in its memory are `mem://<worker>/<key>`."""
    slots: Positive = 1
    """Tasks that run in it at once."""
    retain_bytes: ByteCount = 0
    """Results that it may keep in memory for consumers; 0 hands everything on by file."""
    scratch_uri: str
    """A folder for spilled data."""


class ViewWork(Contract, frozen=True, kw_only=True, tag_field="kind", tag="view"):
    """Compute one or more SQL views."""

    views: tuple[ViewSource, ...]
    """Upstream first; all but the outputs are inlined."""


class PythonWork(Contract, frozen=True, kw_only=True, tag_field="kind", tag="python"):
    """Call a Python view."""

    view: PythonSource
    """The view; its module is imported from its file below `project_uri`."""


class ScanWork(Contract, frozen=True, kw_only=True, tag_field="kind", tag="scan"):
    """Read units of a dataset, in their order, into one table."""

    dataset: Name
    """The dataset; the request's one input says where it lies."""
    units: tuple[ScanUnit, ...]
    """What to read."""
    projection: tuple[str, ...]
    """Columns to read, in the dataset's order."""
    filters: tuple[str, ...] = ()
    """Predicates in SQL, over columns of the dataset, that the rows must pass."""


class CheckWork(Contract, frozen=True, kw_only=True, tag_field="kind", tag="check"):
    """Check a dataset, or the staged output of a view before it is published."""

    subject: Name
    """The dataset or view, which is the one input."""
    checks: tuple[DataCheck, ...]
    """What to check; all are run, also when one fails."""


TaskWork = ViewWork | PythonWork | ScanWork | CheckWork
"""What a task does; one variant per task kind."""


class TaskInput(Contract, frozen=True, kw_only=True):
    """One table that a task reads."""

    name: Name
    """Name by which the task's query reads it."""
    producer: Name | None = None
    """The task whose output it is; none for a dataset."""
    ref: DatasetRef | None = None
    """Where it lies; none until the producer is done."""
    content_id: Sha256 | None = None
    """Identity of its content; none until the producer is done."""


class TaskRequest(Contract, frozen=True, kw_only=True):
    """What a worker is asked to do. No closure, table or plan is ever part of it."""

    protocol: Integer = WIRE_PROTOCOL
    """Version of this document's meaning."""
    run_id: RunId
    """The run."""
    task: Name
    """The task."""
    unit: str | None = None
    """For one unit of a scan its key; none for whole tasks."""
    attempt: Positive = 1
    """From 1; counts retries."""
    definition: Sha256
    """Identity of the task's logic."""
    work: TaskWork
    """What to do."""
    inputs: tuple[TaskInput, ...]
    """What it reads, sorted by name."""
    outputs: tuple[Name, ...]
    """Views whose results are staged."""
    temp: tuple[Name, ...] = ()
    """Those of them that are read by later tasks and are no outputs of the project: quick to write before small."""
    stage_uri: str
    """Folder in which the worker stages each attempt under a name of its own."""
    project_uri: str
    """Folder of plan.toml."""
    limits: TaskLimits = TaskLimits()
    """What the task may use."""
    hand_on_in_memory: bool = False
    """Whether the worker should also keep the result in memory for consumers in the same process."""


class TaskMetrics(Contract, frozen=True, kw_only=True):
    """What a task used; none where it could not be measured."""

    wall_seconds: Seconds
    """From the receipt of the request to the last byte staged."""
    cpu_seconds: Seconds | None = None
    """CPU time of the worker process, where no other task ran beside it."""
    rows_in: Rows | None = None
    """Rows of all inputs."""
    rows_out: Rows | None = None
    """Rows of all outputs."""
    bytes_read: ByteCount | None = None
    """Bytes of all inputs."""
    bytes_written: ByteCount | None = None
    """Bytes staged."""
    spill_bytes: ByteCount | None = None
    """Bytes spilled to disk."""
    peak_memory_bytes: ByteCount | None = None
    """High-water mark of the process."""
    partitions: Positive | None = None
    """Partitions that the query ran on."""
    tasks_beside: Count | None = None
    """Tasks that ran in the same process when this one started."""
    retained_bytes: ByteCount | None = None
    """Most that the results in the memory of the process have held together up to then."""


class StagedOutput(Contract, frozen=True, kw_only=True):
    """The result of one view, staged and not yet published."""

    view: Name
    """The view."""
    ref: DatasetRef
    """The staged file."""
    sha256: Sha256
    """Digest of the staged file's bytes."""
    rows: Rows
    """Rows that the query gave, counted apart from the file."""
    bytes: ByteCount
    """Size of the staged file."""
    memory: DatasetRef | None = None
    """The same rows in the worker's memory, where they were kept."""
    memory_bytes: ByteCount | None = None
    """What the rows take in memory, kept there or not; none where they were not counted."""


class ResultStatus(StrEnum):
    """How a worker's attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class TaskResult(Contract, frozen=True, kw_only=True):
    """What a worker answers."""

    protocol: Integer = WIRE_PROTOCOL
    """Version of this document's meaning."""
    run_id: RunId
    """The run."""
    task: Name
    """The task."""
    unit: str | None = None
    """The unit of a scan that was asked for; none for whole tasks."""
    attempt: Positive
    """The attempt that this answers."""
    status: ResultStatus
    """How it ended."""
    outputs: tuple[StagedOutput, ...] = ()
    """Staged results; empty on failure."""
    checks: tuple[CheckResult, ...] = ()
    """What each check has found; with an offending row the status is `failed`."""
    error: ErrorPayload | None = None
    """Why it failed."""
    metrics: TaskMetrics
    """What it used."""
    worker: str
    """The worker that ran it."""


class TaskStatus(StrEnum):
    """How a task of a run ended."""

    SUCCEEDED = "succeeded"
    REUSED = "reused"
    FAILED = "failed"
    SKIPPED = "skipped"
    HELD = "held"


class OutputStatus(StrEnum):
    """How a current output came about."""

    BUILT = "built"
    REUSED = "reused"
    KEPT = "kept"


class OutputRecord(Contract, frozen=True, kw_only=True):
    """A current output of the project."""

    run_specific: ClassVar[frozenset[str]] = frozenset({"rows", "bytes", "sha256", "build_key", "status"})

    name: Name
    """The view."""
    uri: str
    """Where it lies, relative to the outputs folder, or of a temporary result to the cache; the first of several."""
    rows: Rows
    """Its rows."""
    bytes: ByteCount
    """Its size."""
    sha256: Sha256
    """Digest of its bytes."""
    build_key: Sha256
    """Definition and inputs it was built from."""
    status: OutputStatus
    """`built` in this run, `reused` because nothing changed, or `kept` because this run did not replace it."""


class PublishedOutput(Contract, frozen=True, kw_only=True):
    """A published output, and where consumers of the same run read it."""

    record: OutputRecord
    """What the manifest will say."""
    ref: DatasetRef
    """Where to read it."""


class TaskOutcome(Contract, frozen=True, kw_only=True):
    """How one task of a run went."""

    task: Name
    """The task."""
    status: TaskStatus
    """How it ended."""
    started_at_unix_ms: UnixMs | None = None
    """When it was handed to an executor; none when it never was."""
    ended_at_unix_ms: UnixMs | None = None
    """When its end was known."""
    seconds: Seconds | None = None
    """Wall time in the worker."""
    attempts: Count = 0
    """Attempts that were made; 0 for a task that never started."""
    metrics: TaskMetrics | None = None
    """What the last attempt used."""
    outputs: tuple[OutputRecord, ...] = ()
    """What it published or reused; the output of a checked view is published by its check."""
    temp: tuple[OutputRecord, ...] = ()
    """Temporary results that it kept in the cache or took from there."""
    checks: tuple[CheckResult, ...] = ()
    """What each check has found; empty where they were not run again."""
    error: ErrorPayload | None = None
    """Why it failed."""
    cause: Name | None = None
    """The failed or held task because of which it was skipped."""


class ExecutionReport(Contract, frozen=True, kw_only=True):
    """How the tasks of a run went."""

    outcomes: tuple[TaskOutcome, ...]
    """One per scheduled task, in schedule order."""
    seconds: Seconds
    """Wall time of the execution."""
    interrupted: bool = False
    """Whether the user stopped it."""


class CostChoice(Contract, frozen=True, kw_only=True):
    """Which costs the schedule uses."""

    source: Literal["auto", "statistics", "file"] = "auto"
    """`auto`: declared, history, statistics, default; `statistics`: without history; `file`: the given table."""
    path: str | None = None
    """The cost table, for `file`."""


class BuildRequest(Contract, frozen=True, kw_only=True):
    """What the user asked for."""

    project_path: str
    """Folder of plan.toml."""
    profile: Name | None = None
    """The profile whose overrides apply."""
    mode: ExecutionMode = ExecutionMode.PLAN_PARALLEL
    """How tasks are spread."""
    executor_config: ExecutorConfig | None = None
    """The executors; none lets the planner choose for this machine."""
    costs: CostChoice = CostChoice()
    """Which costs the schedule uses."""
    select: str = ""
    """Selection expression of the views that are wanted, built with everything that they need; empty wants all."""
    exclude: str = ""
    """Selection expression of views that are not wanted."""
    full: bool = False
    """Whether everything is built, also what has not changed."""
    fail_fast: bool = False
    """Whether the first failure stops new work."""
    policy: ExecutionPolicy = ExecutionPolicy()
    """Where tasks go, how often they are tried, and what each may use."""
    adapters: tuple[str, ...] = ()
    """Lifecycle adapters of Hamilton's, each as `module:attribute`."""
    vars: dict[str, VarValue] = {}
    """Variables in place of those of plan.toml."""


class RoutingDecision(Contract, frozen=True, kw_only=True):
    """Which executor a task goes to, and why."""

    task: Name
    """The task."""
    task_kind: TaskKind
    """Its kind."""
    task_cost: Seconds
    """Its cost."""
    executor: Placement
    """Where it runs."""
    reason: str
    """The rule that decided."""


class SchedulingDecision(Contract, frozen=True, kw_only=True):
    """Why a task started when it did."""

    task: Name
    """The task."""
    unit: str | None = None
    """The unit, of a scan; none for whole tasks."""
    rank: Count
    """Its place in the schedule, from 0."""
    bottom_level_cost: Seconds
    """Its bottom level."""
    slack: Seconds
    """Its slack."""
    executor: Placement
    """Where it runs."""
    ready_at_unix_ms: UnixMs
    """When its last input was there."""
    started_at_unix_ms: UnixMs
    """When it was handed to the executor."""
    waited_for: Name | None = None
    """The input that came last; none when it waited for a slot alone or not at all."""
    ready_beside: Count = 0
    """Other tasks that were ready for the same executor at that moment."""
    in_memory: tuple[Name, ...] = ()
    """Inputs that were handed on in memory; results of other tasks were handed on by file."""
