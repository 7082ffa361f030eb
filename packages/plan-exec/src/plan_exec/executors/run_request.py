"""Running a request through a runtime, whatever the runtime does."""

from plan_contracts import ErrorPayload, WorkerRuntime
from plan_exec.errors import RuntimeRaised


def run_request(runtime: WorkerRuntime, task: str, request: bytes) -> tuple[bytes | None, ErrorPayload | None]:
    """Give the answer, or the error that became of what the runtime raised, `SystemExit` included."""
    try:
        return runtime.run(request), None
    except BaseException as reason:  # noqa: BLE001 - a thread that ended instead would leave the task without an end
        return None, raised(task, reason)


def raised(task: str, reason: BaseException) -> ErrorPayload:
    """Describe an exception of the runtime."""
    message = f"The runtime raised {type(reason).__name__} while it ran `{task}`: {reason}"
    return RuntimeRaised(message, subject=task).payload()
