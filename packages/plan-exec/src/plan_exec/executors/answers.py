"""Running a request through a runtime, whatever the runtime does."""

from plan_contracts import ErrorPayload, WorkerRuntime
from plan_exec.errors import RuntimeRaised
from plan_exec.executors.executor import Completion


def answer(runtime: WorkerRuntime, task: str, request: bytes) -> Completion:
    """Run a task; whatever the runtime raises, `SystemExit` included, becomes the completion's error."""
    try:
        return Completion(task=task, answer=runtime.run(request))
    except BaseException as reason:  # noqa: BLE001 - a thread that ended instead would leave the task without an end
        return Completion(task=task, error=raised(task, reason))


def raised(task: str, reason: BaseException) -> ErrorPayload:
    """Describe an exception of the runtime."""
    message = f"The runtime raised {type(reason).__name__} while it ran `{task}`: {reason}"
    return RuntimeRaised(message, subject=task).payload()
