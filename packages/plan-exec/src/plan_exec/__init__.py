"""Run a schedule through Apache Hamilton, on threads or processes, in the order of the plan."""

from plan_exec.choice import choose_executor
from plan_exec.errors import (
    AnswerUnreadable,
    ExecutionError,
    ExecutorNotAvailable,
    RequestMissing,
    RuntimeNotImportable,
    RuntimeRaised,
    WorkerDied,
    WorkerStartFailed,
)
from plan_exec.execution import execute_plan
from plan_exec.executors.executor import Completion, Completions, Executor
from plan_exec.progress import ProgressListener

__all__ = [
    # execute
    "execute_plan",
    "choose_executor",
    "ProgressListener",
    # executors
    "Completion",
    "Completions",
    "Executor",
    # errors
    "AnswerUnreadable",
    "ExecutionError",
    "ExecutorNotAvailable",
    "RequestMissing",
    "RuntimeNotImportable",
    "RuntimeRaised",
    "WorkerDied",
    "WorkerStartFailed",
]
