"""Executing a schedule: from artifacts and requests to outcomes."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from plan_contracts import (
    Clock,
    Committer,
    EventSink,
    ExecutionMode,
    ExecutionPolicy,
    ExecutionReport,
    ExecutionStarted,
    ExecutorConfig,
    ExecutorKind,
    PlanScheduleArtifact,
    ScanWork,
    TaskGraph,
    TaskLimits,
    TaskRequest,
)
from plan_exec.announcer import Announcer
from plan_exec.choice import choose_executor, slots_of
from plan_exec.dispatcher import Dispatcher
from plan_exec.executors.making import ExecutorFactory, make_lanes
from plan_exec.hamilton_import import without_extensions
from plan_exec.inbox import QueueInbox
from plan_exec.interruptions import Interruptions
from plan_exec.limits import check_limits, memory_share, retained_bytes, task_limits
from plan_exec.memory_budget import MemoryBudget
from plan_exec.progress import NoListener, ProgressListener
from plan_exec.publishing import Publisher
from plan_exec.requested_tasks import requested_tasks
from plan_exec.retention import Retention
from plan_exec.routing import check_executors
from plan_exec.scan_units import unit_keys
from plan_exec.tags import node_tags
from plan_exec.task_state import TaskState
from plan_exec.task_states import task_states

if TYPE_CHECKING:
    from plan_exec.hamilton_seam import HamiltonRun, LifecycleAdapter


def execute_plan(
    schedule: PlanScheduleArtifact,
    requests: Mapping[str, TaskRequest],
    runtime: str,
    sink: EventSink,
    committer: Committer,
    clock: Clock,
    mode: ExecutionMode = ExecutionMode.PLAN_PARALLEL,
    executor_config: ExecutorConfig | None = None,
    *,
    tasks: TaskGraph | None = None,
    policy: ExecutionPolicy = ExecutionPolicy(),
    full: bool = False,
    fail_fast: bool = False,
    adapters: "Sequence[LifecycleAdapter]" = (),
    progress: ProgressListener | None = None,
    executors: Mapping[ExecutorKind, ExecutorFactory] = MappingProxyType({}),
) -> ExecutionReport:
    """Run every scheduled task, in schedule order as far as slots and inputs allow.

    A failing task holds up what depends on it and nothing else. A task whose key is that of its current outputs is not
    run.

    Parameters
    ----------
    schedule
        Order, costs and slack.
    requests
        What each scheduled task is to do, by name.
    runtime
        `module:attribute` of a `WorkerRuntime`, imported wherever tasks run.
    sink
        Takes the events, from the calling thread only.
    committer
        Verifies and publishes results, in the calling thread.
    clock
        The time in events.
    mode
        How tasks are spread.
    executor_config
        The executors; none lets the planner choose for this machine.
    tasks
        The tasks with their edges and tags; none takes from the requests what these say of it.
    policy
        Where tasks go beyond what the mode says, how often they are tried, and what each may use.
    full
        Run everything, also what could be reused.
    fail_fast
        Start nothing more after the first failure.
    adapters
        Lifecycle adapters of Hamilton's; called in this process, around each task that runs.
    progress
        Is told when tasks start and end.
    executors
        What makes the executors of some kinds, in place of this package's own.

    Returns
    -------
    ExecutionReport
        An outcome for each scheduled task, in schedule order; also when tasks failed or the user interrupted.

    Raises
    ------
    ExecutorNotAvailable
        When mode or executor cannot be used.
    RoutingRefused
        When the rules contradict each other, or name an executor that the run does not have.
    LimitsRefused
        When a view asks for more memory or slots than the run has.
    RequestMissing
        When a scheduled task has no request.
    PlanError
        When no task can be run at all, or sink or committer cannot go on.
    """
    began = clock.monotonic()
    choice = choose_executor(mode, executor_config)
    check_executors(policy.routing, choice)
    tasks = tasks if tasks is not None else requested_tasks(requests)
    states = task_states(schedule, requests, tasks, choice, policy)
    inbox = QueueInbox()
    interruptions = Interruptions(inbox)
    retain_bytes = retained_bytes(policy)
    lanes = make_lanes(choice, runtime, committer.stage_uri(), executors, retain_bytes)
    slots = slots_of(choice)
    check_limits(states.values(), policy, slots)
    total_slots = sum(slots.values())
    budget = MemoryBudget(policy.memory_bytes, memory_share(policy, total_slots))

    @cache
    def hamilton() -> "HamiltonRun":
        with without_extensions():
            from plan_exec.hamilton_seam import HamiltonRun

        producers = {name: state.producers for name, state in states.items()}
        routes = {name: state.route for name, state in states.items()}
        units = {name: unit_keys(work) for name in states if isinstance(work := requests[name].work, ScanWork)}
        return HamiltonRun(producers, node_tags(schedule, tasks), routes, adapters, units)

    def limits(state: TaskState) -> TaskLimits:
        cores = lanes[state.route.executor].executor.capabilities().cores_per_task
        return task_limits(state, policy, budget.need(state), total_slots, cores)

    announcer = Announcer(sink, progress if progress is not None else NoListener(), clock, hamilton)
    dispatcher = Dispatcher(
        states,
        lanes,
        publisher=Publisher(committer, states),
        retention=Retention(states, retain_bytes, slots, lambda placement: lanes[placement].executor, announcer),
        announcer=announcer,
        inbox=inbox,
        interruptions=interruptions,
        budget=budget,
        limits=limits,
        retries=policy.retries,
        full=full,
        fail_fast=fail_fast,
    )
    sink.emit(ExecutionStarted(mode=choice.mode, executor_config=choice.config, reason=choice.reason, policy=policy))
    with interruptions.taken():
        nothing_to_run = dispatcher.reuse()
        # Hamilton, whose import takes a second, is left alone when there is nothing for it to see.
        outcomes = dispatcher.outcomes if nothing_to_run and not adapters else hamilton().execute(dispatcher.run)
    return ExecutionReport(
        outcomes=tuple(outcomes[name] for name in schedule.ordered_tasks),
        seconds=clock.monotonic() - began,
        interrupted=dispatcher.interrupted,
    )
