"""Running a plain Hamilton module, without SQL, through the plan's dispatcher: in this process, or on its threads."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from plan_contracts import (
    Clock,
    ErrorPayload,
    EventSink,
    ExecutionMode,
    ExecutionPolicy,
    ExecutorChoice,
    ExecutorConfig,
    ExecutorKind,
    OutputRecord,
    Placement,
    ResultStatus,
    RetryPolicy,
    Task,
    TaskGraph,
    TaskKind,
    TaskMetrics,
    TaskOutcome,
    TaskRequest,
    TaskResult,
    ViewWork,
    WorkerLimits,
    decode_msgpack,
    digest,
    encode_msgpack,
)
from plan_exec.announcer import Announcer
from plan_exec.choice import usable_cores
from plan_exec.dispatcher import Dispatcher
from plan_exec.errors import NodeFailed
from plan_exec.executors.threads import ThreadExecutor
from plan_exec.inbox import QueueInbox
from plan_exec.interruptions import Interruptions
from plan_exec.lane import Lane
from plan_exec.limits import task_limits
from plan_exec.memory_budget import MemoryBudget
from plan_exec.progress import NoListener
from plan_exec.retention import Retention
from plan_exec.standalone import NoSink, WallClock
from plan_exec.task_state import ScanBlock, TaskState
from plan_exec.task_states import task_states
from plan_exec.urgency import schedule_by_urgency

if TYPE_CHECKING:
    from plan_exec.hamilton_seam import FunctionRun, LifecycleAdapter

COST_TAG = "cost_seconds"
"""Tag by which a function says how long it takes; without it, it counts as 1 s."""

Value = object
"""What a function of the user's takes or gives; nothing is known of it."""


def execute_module(
    modules: ModuleType | Sequence[ModuleType],
    wanted: Sequence[str],
    *,
    inputs: Mapping[str, Value] | None = None,
    overrides: Mapping[str, Value] | None = None,
    config: Mapping[str, Value] | None = None,
    adapters: "Sequence[LifecycleAdapter]" = (),
    mode: ExecutionMode = ExecutionMode.PLAN_PARALLEL,
    max_tasks: int | None = None,
    sink: EventSink | None = None,
) -> dict[str, Value]:
    """Compute what is wanted of a Hamilton module; functions that do not wait for each other run at once.

    The function with the most work below it starts first. The first exception stops new work and is raised, when what
    runs has ended. Values are forgotten when the last function that takes them has ended.

    Parameters
    ----------
    modules
        Modules of Hamilton functions.
    wanted
        Names of functions or inputs.
    inputs
        Values that no function computes.
    overrides
        Values in the place of what functions would give; neither these nor what they alone need is computed.
    config
        What decides between functions (`@config.when`).
    adapters
        Lifecycle adapters of Hamilton's.
    mode
        `plan_parallel` on threads, or `deterministic_serial` for one function after the other.
    max_tasks
        Functions that run at once; as many as there are cores when omitted.
    sink
        Takes the events of the run.

    Returns
    -------
    dict
        The wanted values, by name.

    Raises
    ------
    NodeNotSupported
        When a function is `Parallelizable` or takes a `Collect`.
    Exception
        Whatever a function raises.
    """
    from plan_exec.hamilton_seam import FunctionGraph

    slots = 1 if mode is ExecutionMode.DETERMINISTIC_SERIAL else max_tasks or usable_cores()
    choice = ExecutorChoice(
        mode=ExecutionMode.DETERMINISTIC_SERIAL if slots == 1 else ExecutionMode.PLAN_PARALLEL,
        config=ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=slots),
        reason="functions run in the process that holds their values",
    )
    graph = FunctionGraph([modules] if isinstance(modules, ModuleType) else modules, config or {}, adapters)

    def run(functions: "FunctionRun") -> Mapping[str, Value]:
        return _Execution(functions, choice, sink if sink is not None else NoSink(), WallClock()).run()

    return graph.execute(wanted, inputs or {}, overrides or {}, run)


class _Execution:
    """One execution of a module's functions."""

    def __init__(self, functions: "FunctionRun", choice: ExecutorChoice, sink: EventSink, clock: Clock) -> None:
        tasks = _task_graph(functions)
        costs = {name: float(tags.get(COST_TAG, "1")) for name, tags in functions.tags.items()}
        requests = {task.name: _request(task) for task in tasks.tasks}
        policy = ExecutionPolicy(retries=RetryPolicy(max_attempts=1))
        schedule = schedule_by_urgency(tasks, costs, run_id="module")
        self._states = task_states(schedule, requests, tasks, choice, policy)
        self._runtime = _FunctionRuntime(functions, self._states)
        slots = choice.config.max_tasks
        placement = next((state.route.executor for state in self._states.values()), Placement.INLINE)
        lane = Lane(placement, lambda: ThreadExecutor(self._runtime, slots, "", placement=placement))
        announcer = Announcer(sink, NoListener(), clock, lambda: self._runtime)
        inbox = QueueInbox()
        self._interruptions = Interruptions(inbox)
        self._dispatcher = Dispatcher(
            self._states,
            {placement: lane},
            publisher=_Unpublished(),
            retention=Retention(self._states, 0, {placement: slots}, lambda _: lane.executor, announcer),
            announcer=announcer,
            inbox=inbox,
            interruptions=self._interruptions,
            budget=MemoryBudget(None, 0),
            limits=lambda state: task_limits(state, policy, None, slots),
            retries=policy.retries,
            full=True,
            fail_fast=True,
        )

    def run(self) -> Mapping[str, Value]:
        """Run every function, and give the values that are still needed."""
        with self._interruptions.taken():
            self._dispatcher.reuse()
            self._dispatcher.run()
        if self._dispatcher.interrupted:
            raise KeyboardInterrupt
        for reason in self._runtime.raised.values():
            raise reason
        return self._runtime.values


class _FunctionRuntime:
    """Calls functions, and holds what they give; also tells the adapters, which see the values themselves."""

    def __init__(self, functions: "FunctionRun", states: Mapping[str, TaskState]) -> None:
        self._functions = functions
        self._states = states
        self._takers = {name: len(state.consumers) for name, state in states.items()}
        self.values: dict[str, Value] = dict(functions.given)
        self.raised: dict[str, Exception] = {}

    def start(self, limits: WorkerLimits) -> None:
        """Do nothing: the functions are here already."""

    def run(self, request: bytes) -> bytes:
        """Call the function of a request."""
        asked = decode_msgpack(request, TaskRequest)
        began = WallClock().monotonic()
        error = None
        try:
            self.values[asked.task] = self._functions.hooks.compute(asked.task, self._inputs(asked.task))
        except Exception as reason:  # noqa: BLE001 - it is raised where the module was started
            self.raised[asked.task] = reason
            message = f"The function `{asked.task}` raised {type(reason).__name__}: {reason}"
            error = NodeFailed(message, subject=asked.task).payload()
        return encode_msgpack(
            TaskResult(
                run_id=asked.run_id,
                task=asked.task,
                attempt=asked.attempt,
                status=ResultStatus.SUCCEEDED if error is None else ResultStatus.FAILED,
                error=error,
                metrics=TaskMetrics(wall_seconds=WallClock().monotonic() - began),
                worker="module",
            )
        )

    def spill(self, uri: str) -> None:
        """Do nothing: values have no file."""

    def release(self, uri: str) -> None:
        """Do nothing: values are forgotten by their takers' ends."""

    def probe(self) -> None:
        """Do nothing: functions share no more than the interpreter."""

    def stop(self) -> None:
        """Do nothing: the caller wants the values."""

    def before(self, task: str) -> None:
        """Tell the adapters that a function is about to be called."""
        self._functions.hooks.before(task, self._inputs(task))

    def after(self, outcome: TaskOutcome) -> None:
        """Tell the adapters that a function has ended, and forget what it was the last to take."""
        self._functions.hooks.after(outcome.task, self.values.get(outcome.task), self.raised.get(outcome.task))
        for producer in self._states[outcome.task].producers:
            self._takers[producer] -= 1
            if self._takers[producer] == 0 and producer not in self._functions.wanted:
                self.values.pop(producer, None)

    def before_unit(self, task: str, unit: str) -> None:
        """Do nothing: functions have no units."""

    def after_unit(self, task: str, unit: str, error: ErrorPayload | None) -> None:
        """Do nothing: functions have no units."""

    def _inputs(self, task: str) -> dict[str, Value]:
        """Give what a function takes; optional inputs that nobody gave are left to its defaults."""
        return {name: self.values[name] for name in self._functions.takes[task] if name in self.values}


class _Unpublished:
    """Values stay in the process: nothing is reused, staged or published."""

    def reuse(self, state: TaskState) -> bool:
        """Reuse nothing."""
        return False

    def accept(self, state: TaskState, result: TaskResult) -> None:
        """Take the result as it is."""

    def discard(self, result: TaskResult) -> None:
        """Do nothing: values have no file."""

    def release(self, state: TaskState) -> None:
        """Do nothing: values are forgotten by their takers' ends."""

    def collect(self, block: ScanBlock) -> None:
        """Do nothing: functions have no units."""

    def records(self, state: TaskState) -> tuple[tuple[OutputRecord, ...], tuple[OutputRecord, ...]]:
        """Give no records."""
        return (), ()


def _task_graph(functions: "FunctionRun") -> TaskGraph:
    names = sorted(functions.takes)
    edges = sorted((taken, name) for name in names for taken in functions.takes[name] if taken in functions.takes)
    tasks = [
        Task(name=name, kind=TaskKind.PYTHON, views=(name,), outputs=(), definition=digest("function", name))
        for name in names
    ]
    return TaskGraph(tasks=tuple(tasks), edges=tuple(edges))


def _request(task: Task) -> TaskRequest:
    return TaskRequest(
        run_id="module",
        task=task.name,
        definition=task.definition,
        work=ViewWork(views=()),
        inputs=(),
        outputs=(),
        stage_uri="",
        project_uri="",
    )
