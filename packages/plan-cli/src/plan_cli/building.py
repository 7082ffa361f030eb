"""One build, from plan.toml to the manifest. Whatever happens, the run is recorded."""

import os
import socket
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from plan_cli.adapters import import_adapters
from plan_cli.execution_policy import check_policy, policy_warnings
from plan_cli.interrupts import interrupts
from plan_cli.machine import describe_machine, machine_label, recorded_versions
from plan_cli.open_project import OpenProject
from plan_cli.planning import (
    Planned,
    Validated,
    admit_plan,
    compare_with_past,
    evidence_of,
    has_drifted,
    schedule_project,
    validate_project,
    views_lowered_to,
)
from plan_cli.selecting import Selection, choose_views
from plan_cli.setting_places import settings_located
from plan_contracts import (
    Admission,
    AdmissionPolicy,
    ArtifactIds,
    BuildRequest,
    CheckRecord,
    Clock,
    ExecutionReport,
    ExecutorChoice,
    ExecutorKind,
    Materialize,
    OutputRecord,
    PlanDriftArtifact,
    PlanError,
    PlanErrors,
    RunFailed,
    RunFinished,
    RunManifestV2,
    RunStarted,
    RunStatus,
    TaskHistory,
    TaskHistoryEntry,
    TaskOutcome,
    TaskStatus,
)
from plan_engine import build_requests, reserve_threads
from plan_exec import choose_executor, execute_plan, threads_at_stake
from plan_scheduler import expected_rows_in
from plan_store import OutputCommitter, PlanStore, RunWriter, SystemClock

RUNTIME = "plan_engine.own_process:EngineRuntime"
"""What workers import to run a task."""

SHARED_RUNTIME = "plan_engine.runtime:EngineRuntime"
"""What workers import that may run other people's tasks too."""

HISTORY_RUNS = 20
"""Past runs whose durations enter the costs."""


@dataclass(kw_only=True)
class BuildOutcome:
    """What a build came to; the parts that it did not reach are none."""

    run_id: str
    seconds_by_stage: dict[str, float] = field(default_factory=dict[str, float])
    validated: Validated | None = None
    drift: PlanDriftArtifact | None = None
    admission: Admission | None = None
    planned: Planned | None = None
    choice: ExecutorChoice | None = None
    warnings: tuple[str, ...] = ()
    report: ExecutionReport | None = None
    artifact_ids: ArtifactIds = ArtifactIds()
    manifest: RunManifestV2 | None = None


class BuildListener(Protocol):
    """Hears how a build proceeds, in the driver's thread."""

    def admitted(self, outcome: BuildOutcome) -> None:
        """The validation is recorded, and it is decided who may run; perhaps nobody."""
        ...

    def planned(self, outcome: BuildOutcome) -> None:
        """The schedule is made and recorded; the first task is about to start."""
        ...

    def task_started(self, task: str) -> None:
        """A task was handed to an executor."""
        ...

    def task_finished(self, outcome: TaskOutcome) -> None:
        """A task is final."""
        ...


def build_project(
    project: OpenProject,
    request: BuildRequest,
    listener: BuildListener,
    *,
    policy: AdmissionPolicy | None = None,
    wait: Callable[[str], None] | None = None,
) -> BuildOutcome:
    """Plan, validate, schedule, run and record.

    Parameters
    ----------
    project
        The project, with its profile applied.
    request
        What the user asked for.
    listener
        Is told what is wrong with the plan, when it stands, and when tasks start and end.
    policy
        Overrides the project's admission policy.
    wait
        Wait for another build of the project to end, and be told once who runs it.

    Returns
    -------
    BuildOutcome
        Also for a build that was refused, had failing tasks or was interrupted.

    Raises
    ------
    PlanError
        When the build could not get as far as running tasks. The run is on record all the same.
    """
    clock = SystemClock()
    with project.open_store() as store, store.project_lock(project.name, wait=wait):
        store.recover_interrupted(locked_project=project.name)
        build = _Build(project, request, listener, policy, store, clock)
        try:
            return build.run()
        finally:
            store.collect_cache(project.cache_bytes)


class _Build:
    """The steps of one build; each leaves its result in `outcome`."""

    def __init__(
        self,
        project: OpenProject,
        request: BuildRequest,
        listener: BuildListener,
        policy: AdmissionPolicy | None,
        store: PlanStore,
        clock: Clock,
    ) -> None:
        self.project = project
        self.request = request
        self.listener = listener
        self.policy = policy
        self.store = store
        self.clock = clock
        self.machine = describe_machine()
        self.outcome = BuildOutcome(run_id=store.new_run_id())
        self.started_at = clock.unix_ms()
        self.began = clock.monotonic()

    def run(self) -> BuildOutcome:
        draft = self._manifest((), RunStatus.INTERRUPTED, self.started_at)
        with interrupts.recorded(), self.store.begin_run(draft) as writer:
            writer.emit(RunStarted(project=self.project.name, pid=os.getpid(), host=socket.gethostname()))
            committer = self.store.committer(draft, self.project.outputs_root, cache_bytes=self.project.cache_bytes)
            try:
                with interrupts.raised():
                    committer.prepare()
                with settings_located(self.project):
                    self._reserve_threads()
                    self._validate(writer)
                    self._compare(writer)
                    self._admit(committer)
                    self._schedule(writer, committer)
                    self._execute(writer, committer)
                status = self._status()
            except PlanError as error:
                errors = error.errors if isinstance(error, PlanErrors) else (error,)
                writer.emit(RunFailed(errors=tuple(each.payload() for each in errors)))
                self._record(writer, committer, RunStatus.FAILED)
                raise
            except BaseException:
                self._record(writer, committer, RunStatus.INTERRUPTED)
                raise
            self._record(writer, committer, status)
        return self.outcome

    def _reserve_threads(self) -> None:
        """See to it that queries which cannot be ended leave threads to the others; compiling starts the engine."""
        choice = choose_executor(self.request.mode, self.request.executor_config)
        at_stake = threads_at_stake(self.request.policy, choice)
        if at_stake:
            reserve_threads(at_stake)

    def _validate(self, writer: RunWriter) -> None:
        with self._timed("compile and validate"), interrupts.raised():
            validated = validate_project(self.project, self.outcome.run_id)
        self.outcome.validated = validated
        writer.set_signatures(validated.signatures)
        artifact_id = writer.put_validation(validated.artifact)
        self.outcome.artifact_ids = replace(self.outcome.artifact_ids, plan_validation=artifact_id)

    def _compare(self, writer: RunWriter) -> None:
        """Keep what is known for later runs, and record what has changed since the last successful one."""
        evidence = evidence_of(self._validated())
        drift = compare_with_past(evidence, self.store, self.project, self.outcome.run_id)
        self.outcome.drift = drift
        self.outcome.artifact_ids = replace(
            self.outcome.artifact_ids,
            plan_evidence=writer.put_evidence(evidence),
            plan_drift=writer.put_drift(drift) if has_drifted(drift) else None,
        )

    def _admit(self, committer: OutputCommitter) -> None:
        validated = self._validated()
        self.outcome.admission = admit_plan(self.project, validated, self.policy)
        committer.expect_views(validated.compiled.sources)
        committer.expect_checks(validated.compiled.checks)
        self.listener.admitted(self.outcome)

    def _schedule(self, writer: RunWriter, committer: OutputCommitter) -> None:
        admission = self._admission()
        if admission.refused:
            return
        selection = Selection(select=self.request.select, exclude=self.request.exclude)
        with self._timed("schedule"), interrupts.raised():
            planned = schedule_project(
                self._validated(),
                choose_views(self.project, self._validated().compiled, admission, selection),
                costs=self.request.costs,
                history=self.store.past_entries(HISTORY_RUNS, machine=machine_label(self.machine)),
                run_id=self.outcome.run_id,
            )
        self.outcome.planned = planned
        no_outputs = views_lowered_to(planned.schedule, Materialize.TEMP, Materialize.EPHEMERAL)
        committer.expect_views(self._validated().compiled.sources.keys() - set(no_outputs))
        writer.put_cost_table(planned.costs)
        artifact_id = writer.put_schedule(planned.schedule)
        self.outcome.artifact_ids = replace(self.outcome.artifact_ids, plan_schedule=artifact_id)

    def _execute(self, writer: RunWriter, committer: OutputCommitter) -> None:
        planned = self.outcome.planned
        if planned is None:
            return
        requests = build_requests(
            self._validated().compiled,
            planned.tasks,
            run_id=self.outcome.run_id,
            project_uri=str(self.project.folder),
            stage_uri=committer.stage_uri(),
        )
        choice = choose_executor(self.request.mode, self.request.executor_config)
        self.outcome.choice = choice
        check_policy(self.request.policy, choice, self._validated().compiled.graph)
        self.outcome.warnings = policy_warnings(self.request.policy, choice)
        self.listener.planned(self.outcome)
        with self._timed("execute"):
            self.outcome.report = execute_plan(
                planned.schedule,
                requests,
                _runtime(choice),
                writer,
                committer,
                self.clock,
                choice.mode,
                self.request.executor_config,
                tasks=planned.tasks,
                policy=self.request.policy,
                adapters=import_adapters(self.request.adapters, self.project.folder),
                full=self.request.full,
                fail_fast=self.request.fail_fast,
                progress=self.listener,
            )

    def _status(self) -> RunStatus:
        report = self.outcome.report
        if report is None:
            return RunStatus.REFUSED
        if report.interrupted:
            return RunStatus.INTERRUPTED
        failed = any(outcome.status is TaskStatus.FAILED for outcome in report.outcomes)
        return RunStatus.FAILED if failed else RunStatus.SUCCEEDED

    def _record(self, writer: RunWriter, committer: OutputCommitter, status: RunStatus) -> None:
        """Sync the outputs, then write history, manifest and the last event, in this order."""
        with self._timed("record"):
            committer.sync()
            ended_at = self.clock.unix_ms()
            if self.outcome.report is not None:
                writer.put_history(self._history(self.outcome.report, ended_at))
            manifest = self._manifest(committer.current(), status, ended_at, committer.passed())
            manifest_id = writer.put_manifest(manifest)
            self.outcome.artifact_ids = replace(manifest.artifact_ids, run_manifest=manifest_id)
            self.outcome.manifest = replace(manifest, artifact_ids=self.outcome.artifact_ids)
            writer.emit(RunFinished(status=status, seconds=self.clock.monotonic() - self.began))
            writer.flush()

    def _manifest(
        self,
        outputs: tuple[OutputRecord, ...],
        status: RunStatus,
        ended_at: int,
        checks: tuple[CheckRecord, ...] = (),
    ) -> RunManifestV2:
        validated, choice, report = self.outcome.validated, self.outcome.choice, self.outcome.report
        counts = Counter(outcome.status for outcome in (report.outcomes if report is not None else ()))
        if self.outcome.admission is not None and self.outcome.admission.held:
            counts[TaskStatus.HELD] = len(self.outcome.admission.held)
        snapshots = validated.compiled.snapshots if validated is not None else {}
        return RunManifestV2(
            run_id=self.outcome.run_id,
            status=status,
            started_at_unix_ms=self.started_at,
            ended_at_unix_ms=ended_at,
            project=self.project.name,
            profile=self.project.profile or "",
            plan_signature=validated.signatures.plan_signature if validated is not None else "",
            reduced_plan_signature=validated.signatures.reduced_plan_signature if validated is not None else "",
            execution_mode=choice.mode if choice is not None else self.request.mode,
            executor_config=choice.config if choice is not None else None,
            executor_reason=choice.reason if choice is not None else "nothing ran",
            dataset_snapshots=tuple(snapshots[name] for name in sorted(snapshots)),
            outputs=outputs,
            checks=checks,
            task_counts=dict(counts),
            retried_tasks={
                outcome.task: outcome.attempts
                for outcome in (report.outcomes if report is not None else ())
                if outcome.attempts > 1
            },
            versions=recorded_versions(),
            machine=self.machine,
            artifact_ids=self.outcome.artifact_ids,
        )

    def _history(self, report: ExecutionReport, ended_at: int) -> TaskHistory:
        planned = self.outcome.planned
        tasks = {task.name: task for task in planned.tasks.tasks} if planned is not None else {}
        statistics = self._validated().compiled.statistics
        entries = [
            TaskHistoryEntry(
                task=outcome.task,
                definition=tasks[outcome.task].definition,
                seconds=outcome.metrics.wall_seconds,
                cpu_seconds=outcome.metrics.cpu_seconds,
                rows_in=outcome.metrics.rows_in,
                expected_rows_in=expected_rows_in(tasks[outcome.task], statistics),
                bytes_read=outcome.metrics.bytes_read,
                rows_out=outcome.metrics.rows_out,
            )
            for outcome in report.outcomes
            if outcome.status is TaskStatus.SUCCEEDED and outcome.metrics is not None
        ]
        entries.sort(key=lambda entry: entry.task)
        return TaskHistory(
            run_id=self.outcome.run_id,
            ended_at_unix_ms=ended_at,
            machine=machine_label(self.machine),
            entries=tuple(entries),
        )

    def _validated(self) -> Validated:
        if self.outcome.validated is None:
            raise AssertionError("a plan is validated before it is admitted or scheduled")
        return self.outcome.validated

    def _admission(self) -> Admission:
        if self.outcome.admission is None:
            raise AssertionError("a plan is admitted before it is scheduled")
        return self.outcome.admission

    @contextmanager
    def _timed(self, stage: str) -> Generator[None]:
        began = self.clock.monotonic()
        try:
            yield
        finally:
            self.outcome.seconds_by_stage[stage] = self.clock.monotonic() - began


def _runtime(choice: ExecutorChoice) -> str:
    """Give the runtime; the workers of a Dask cluster that outlives the build are not this build's own."""
    config = choice.config
    shared = ExecutorKind.DASK in (config.kind, config.remote_kind) and config.dask.address is not None
    return SHARED_RUNTIME if shared else RUNTIME
