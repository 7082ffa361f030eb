"""The record of one run: what went in, what came out, and where the details are."""

from enum import StrEnum
from typing import ClassVar

from plan_contracts.base import Contract
from plan_contracts.checks import CheckRecord
from plan_contracts.execution import OutputRecord, TaskStatus
from plan_contracts.executors import ExecutionMode, ExecutorConfig
from plan_contracts.references import DatasetSnapshot
from plan_contracts.scalars import Count, Name, Positive, RunId, Sha256, Signature, UnixMs


class RunStatus(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"


class MachineInfo(Contract, frozen=True, kw_only=True):
    """The machine that a run or a forecast speaks of."""

    cores: Positive
    """Cores that the process may use."""
    memory_bytes: Count
    """Physical memory."""
    platform: str
    """Operating system and architecture."""
    python: str
    """Python version."""


class ArtifactIds(Contract, frozen=True, kw_only=True):
    """The artifacts of a run."""

    run_specific: ClassVar[frozenset[str]] = frozenset({"run_manifest", "plan_drift"})

    run_manifest: Sha256 | None = None
    """This manifest; none inside the stored identity form, which cannot hold its own digest."""
    plan_schedule: Sha256 | None = None
    """The schedule; none when the run ended before there was one."""
    plan_validation: Sha256 | None = None
    """The validation; none when the run ended before there was one."""
    plan_evidence: Sha256 | None = None
    """What was known of datasets and views; none when the run ended before anything was."""
    plan_drift: Sha256 | None = None
    """What had changed since the last successful run; none when nothing had, or there was no such run."""


class RunManifestV2(Contract, frozen=True, kw_only=True):
    """One run, whatever became of it."""

    run_specific: ClassVar[frozenset[str]] = frozenset(
        {
            "run_id",
            "status",
            "started_at_unix_ms",
            "ended_at_unix_ms",
            "execution_mode",
            "executor_config",
            "executor_reason",
            "task_counts",
            "retried_tasks",
            "machine",
        }
    )

    run_id: RunId
    """The run."""
    status: RunStatus
    """How it ended."""
    started_at_unix_ms: UnixMs
    """When it began."""
    ended_at_unix_ms: UnixMs
    """When it ended."""
    project: Name
    """The project's name."""
    profile: str
    """The profile, or the empty string."""
    plan_signature: Signature
    """Identity of the logical graph."""
    reduced_plan_signature: Signature
    """Identity of its transitive reduction."""
    execution_mode: ExecutionMode
    """How tasks were spread."""
    executor_config: ExecutorConfig | None
    """The executors that were used; none when nothing ran."""
    executor_reason: str
    """Who chose the executors, and why."""
    dataset_snapshots: tuple[DatasetSnapshot, ...]
    """What the run read, sorted by name."""
    outputs: tuple[OutputRecord, ...]
    """Every current output of the project after this run, sorted by name."""
    checks: tuple[CheckRecord, ...] = ()
    """What datasets and views have passed, in this run or before, sorted by subject."""
    task_counts: dict[TaskStatus, Count]
    """Tasks per status."""
    retried_tasks: dict[Name, Count] = {}
    """Attempts of each task that took more than one."""
    versions: dict[str, str]
    """Versions of our packages and of the libraries that results depend on."""
    machine: MachineInfo
    """Where it ran."""
    artifact_ids: ArtifactIds
    """The run's artifacts."""


class RunList(Contract, frozen=True, kw_only=True):
    """The runs of a store."""

    runs: tuple[RunManifestV2, ...]
    """The newest first."""
