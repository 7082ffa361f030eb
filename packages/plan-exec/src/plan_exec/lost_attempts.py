"""What is said of attempts that never came to an end of their own."""

from msgspec.structs import replace

from plan_contracts import ErrorPayload, Placement
from plan_exec.errors import ExecutorGone, TaskTimedOut
from plan_exec.task_state import TaskState


def timed_out(state: TaskState, *, killed: bool) -> ErrorPayload:
    """Describe an attempt that took too long, and what became of it."""
    name, seconds = state.name, state.policy.timeout_seconds or 0.0
    what = "and was ended" if killed else "and cannot be ended on a thread; its slot is closed until it comes back"
    message = f"The task `{name}` took longer than its {seconds:g} s, {what}"
    mend = "Give it more time (`timeout` of its view in plan.toml), or make it faster."
    return TaskTimedOut(message, subject=name, suggestion=mend).payload()


def every_slot_closed(executor: Placement) -> ErrorPayload:
    """Describe an executor all of whose slots are held by attempts that were given up."""
    message = f"Every slot of `{executor.value}` is held by a task that took too long"
    mend = "Run tasks with a timeout in worker processes (`--executor multiprocessing`)."
    return ExecutorGone(message, subject=executor.value, suggestion=mend).payload()


def of_task(error: ErrorPayload, task: str) -> ErrorPayload:
    """Give an executor's error as that of a task which it ran or was to run."""
    return replace(error, message=f"The task `{task}` has no executor any more: {error.message}")
