"""Which executors a run uses: the user's, or else the planner's choice for this machine."""

import os

from plan_contracts import ExecutionMode, ExecutorChoice, ExecutorConfig, ExecutorKind
from plan_exec.errors import ExecutorNotAvailable

_AVAILABLE = (ExecutorKind.THREADPOOL, ExecutorKind.MULTIPROCESSING)


def usable_cores() -> int:
    """Give the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_executor(mode: ExecutionMode, config: ExecutorConfig | None) -> ExecutorChoice:
    """Choose kind and slots.

    Parameters
    ----------
    mode
        How tasks are spread.
    config
        What the user asked for; taken as it is. None lets the planner choose.

    Raises
    ------
    ExecutorNotAvailable
        When the mode or kind cannot be used.
    """
    known = ", ".join(kind.value for kind in _AVAILABLE)
    if mode is ExecutionMode.PLAN_PARALLEL_REMOTE:
        message = f"The mode `{mode.value}` is not available yet"
        raise ExecutorNotAvailable(message, subject=mode.value, suggestion=f"Use `plan_parallel` with one of: {known}.")
    if mode is ExecutionMode.DETERMINISTIC_SERIAL:
        chosen = ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=1)
        return ExecutorChoice(mode=mode, config=chosen, reason="one task after the other, in the driver's process")
    if config is not None:
        if config.kind not in _AVAILABLE:
            message = f"The executor `{config.kind.value}` is not available yet"
            raise ExecutorNotAvailable(message, subject=config.kind.value, suggestion=f"Use one of: {known}.")
        return ExecutorChoice(mode=mode, config=config, reason="as configured")
    cores = usable_cores()
    chosen = ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=cores)
    reason = f"chosen by the planner: {cores} usable cores, and threads hand results on in memory"
    return ExecutorChoice(mode=mode, config=chosen, reason=reason)
