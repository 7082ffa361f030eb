"""Why a plan cannot be executed, or a task was not."""

from plan_contracts import PlanError, SubjectKind


class ExecutionError(PlanError):
    """The root of the executor's errors."""

    code = "execution_error"
    stage = "execution"


class ExecutorNotAvailable(ExecutionError, ValueError):
    """The mode or executor cannot be used here; the message names those that can."""

    code = "executor_not_available"
    subject_kind = SubjectKind.EXECUTOR


class RequestMissing(ExecutionError, LookupError):
    """A scheduled task has no request: build the requests from the same task graph as the schedule."""

    code = "request_missing"
    subject_kind = SubjectKind.TASK


class RuntimeNotImportable(ExecutionError, ImportError):
    """The runtime named `module:attribute` cannot be imported where tasks are to run."""

    code = "runtime_not_importable"
    subject_kind = SubjectKind.RUNTIME


class WorkerStartFailed(ExecutionError, RuntimeError):
    """A worker process did not start, or does not speak the dispatcher's protocol."""

    code = "worker_start_failed"
    subject_kind = SubjectKind.WORKER


class WorkerDied(ExecutionError, RuntimeError):
    """A worker process ended in the middle of a task: by a signal, for want of memory, or by the task itself."""

    code = "worker_died"
    subject_kind = SubjectKind.TASK
    exit_code = 1


class AnswerUnreadable(ExecutionError, ValueError):
    """A runtime answered with something that is no result of the task it was asked to run."""

    code = "answer_unreadable"
    subject_kind = SubjectKind.TASK
    exit_code = 1


class RuntimeRaised(ExecutionError, RuntimeError):
    """A runtime raised an exception, although a failing task is to be a result."""

    code = "runtime_raised"
    subject_kind = SubjectKind.TASK
    exit_code = 1
