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
    """A worker process did not start, or runs other software than the dispatcher."""

    code = "worker_start_failed"
    subject_kind = SubjectKind.WORKER


class ClusterUnreachable(ExecutionError, ConnectionError):
    """No cluster answers at the address, or it does not let this side in."""

    code = "cluster_unreachable"
    subject_kind = SubjectKind.EXECUTOR


class ClusterNotSecure(ExecutionError, ValueError):
    """A cluster on another machine would be used without authentication: give certificates or a token."""

    code = "cluster_not_secure"
    subject_kind = SubjectKind.SETTING


class ScratchUnreachable(ExecutionError, OSError):
    """A worker cannot read and write the folder in which results are staged: put it where all workers reach it."""

    code = "scratch_unreachable"
    subject_kind = SubjectKind.WORKER


class WorkerDied(ExecutionError, RuntimeError):
    """A worker process ended in the middle of a task: by a signal, for want of memory, or by the task itself."""

    code = "worker_died"
    subject_kind = SubjectKind.TASK
    exit_code = 1
    transient = True


class ExecutorGone(ExecutionError, RuntimeError):
    """An executor can run nothing more: its cluster went away, no worker starts, or every slot is closed."""

    code = "executor_gone"
    subject_kind = SubjectKind.EXECUTOR
    exit_code = 1


class TaskTimedOut(ExecutionError, TimeoutError):
    """An attempt took longer than it may: give it more time, or make it faster."""

    code = "task_timed_out"
    subject_kind = SubjectKind.TASK
    exit_code = 1


class RoutingRefused(ExecutionError, ValueError):
    """A routing rule names what is not there, or rules contradict each other: look at `[execution.routing]`."""

    code = "routing_refused"
    subject_kind = SubjectKind.SETTING


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


class LimitsRefused(ExecutionError, ValueError):
    """A view asks for more memory or slots than the run has."""

    code = "limits_refused"
    subject_kind = SubjectKind.VIEW


class ResultMisplaced(ExecutionError, ValueError):
    """A task left its result outside the folder in which it was to stage it."""

    code = "result_misplaced"
    subject_kind = SubjectKind.TASK
    exit_code = 1


class AdapterFailed(ExecutionError, RuntimeError):
    """A lifecycle adapter of Hamilton's raised; what had ended before is kept, and nothing more is started."""

    code = "adapter_failed"
    subject_kind = SubjectKind.SETTING


class NodeNotSupported(ExecutionError, NotImplementedError):
    """A function of a Hamilton module can only be run by Hamilton's own driver."""

    code = "node_not_supported"
    subject_kind = SubjectKind.NODE


class NodeFailed(ExecutionError, RuntimeError):
    """A function of a Hamilton module raised; the exception itself ends the call that ran the module."""

    code = "node_failed"
    subject_kind = SubjectKind.NODE
    exit_code = 1
