"""Run a schedule through Apache Hamilton, on threads, processes, Dask or Ray, in the order of the plan."""

from plan_exec.choice import choose_executor
from plan_exec.errors import (
    AdapterFailed,
    AnswerUnreadable,
    ClusterNotSecure,
    ClusterUnreachable,
    ExecutionError,
    ExecutorGone,
    ExecutorNotAvailable,
    LimitsRefused,
    NodeFailed,
    NodeNotSupported,
    RequestMissing,
    ResultMisplaced,
    RoutingRefused,
    RuntimeNotImportable,
    RuntimeRaised,
    ScratchUnreachable,
    TaskTimedOut,
    WorkerDied,
    WorkerStartFailed,
)
from plan_exec.execution import execute_plan
from plan_exec.executors.executor import Attempt, Completion, Completions, Executor, ExecutorLost
from plan_exec.executors.making import ExecutorFactory
from plan_exec.limits import check_wishes, threads_at_stake
from plan_exec.modules import execute_module
from plan_exec.progress import ProgressListener
from plan_exec.routing import check_rules

__all__ = [
    # execute
    "execute_plan",
    "execute_module",
    "check_rules",
    "check_wishes",
    "choose_executor",
    "threads_at_stake",
    "ProgressListener",
    # executors
    "Attempt",
    "Completion",
    "Completions",
    "Executor",
    "ExecutorFactory",
    "ExecutorLost",
    # errors
    "AdapterFailed",
    "AnswerUnreadable",
    "ClusterNotSecure",
    "ClusterUnreachable",
    "ExecutionError",
    "ExecutorGone",
    "ExecutorNotAvailable",
    "LimitsRefused",
    "NodeFailed",
    "NodeNotSupported",
    "RequestMissing",
    "ResultMisplaced",
    "RoutingRefused",
    "RuntimeNotImportable",
    "RuntimeRaised",
    "ScratchUnreachable",
    "TaskTimedOut",
    "WorkerDied",
    "WorkerStartFailed",
]
