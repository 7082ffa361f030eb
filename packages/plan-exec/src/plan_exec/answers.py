"""Reading what a worker answered, whatever it is."""

import posixpath

from plan_contracts import DocumentRefused, ErrorPayload, ResultStatus, TaskResult, decode_msgpack
from plan_exec.errors import AnswerUnreadable, ResultMisplaced
from plan_exec.executors.executor import Completion
from plan_exec.task_state import TaskState


def read_answer(state: TaskState, completion: Completion) -> tuple[TaskResult | None, ErrorPayload | None]:
    """Decode an answer; give the result, and the error where there is one.

    An answer about another task, attempt or output than was asked for is an error, as is a failure without a reason.
    """
    if completion.answer is None:
        return None, completion.error
    name = state.name
    try:
        result = decode_msgpack(completion.answer, TaskResult)
    except DocumentRefused as reason:
        return None, _unreadable(name, f"The runtime's answer to `{name}` is not a result: {reason.message}")
    asked, given = set(state.task.outputs), {output.view for output in result.outputs}
    if (result.task, result.unit) != (state.task.name, state.unit) or (
        result.status is ResultStatus.SUCCEEDED and asked != given
    ):
        message = f"The runtime's answer to `{name}` is about `{result.task}` with the outputs {sorted(given)}"
        return None, _unreadable(name, message)
    if result.attempt != completion.attempt.number:
        message = f"The runtime's answer to attempt {completion.attempt.number} of `{name}` is about {result.attempt}"
        return None, _unreadable(name, message)
    if result.status is ResultStatus.FAILED and result.error is None:
        return result, _unreadable(name, f"The runtime says that `{name}` failed, and not why")
    for output in result.outputs:
        if not _lies_in(output.ref.uri, state.request.stage_uri):
            message = f"The task `{name}` left its result at {output.ref.uri}, outside {state.request.stage_uri}"
            return result, ResultMisplaced(message, subject=state.task.name).payload()
    return result, result.error


def _lies_in(uri: str, folder: str) -> bool:
    """Say whether a path or URL lies below a folder, whatever `..` it holds."""
    root = posixpath.normpath(folder)
    return posixpath.normpath(uri).startswith(f"{root}/")


def _unreadable(task: str, message: str) -> ErrorPayload:
    return AnswerUnreadable(message, subject=task).payload()
