"""Running a request through a runtime, whatever the runtime does."""

from plan_contracts import ErrorPayload, WorkerRuntime
from plan_exec.errors import RuntimeRaised
from plan_exec.executors.executor import Attempt, Completion


def run_request(runtime: WorkerRuntime, attempt: Attempt, request: bytes) -> Completion:
    """Run an attempt; whatever the runtime raises, `SystemExit` included, becomes the completion's error."""
    try:
        return Completion(attempt=attempt, answer=runtime.run(request))
    except BaseException as reason:  # noqa: BLE001 - a thread that ended instead would leave the task without an end
        return Completion(attempt=attempt, error=raised(attempt.task, reason))


def raised(task: str, reason: BaseException) -> ErrorPayload:
    """Describe an exception of the runtime."""
    message = f"The runtime raised {type(reason).__name__} while it ran `{task}`: {reason}"
    return RuntimeRaised(message, subject=task).payload()
