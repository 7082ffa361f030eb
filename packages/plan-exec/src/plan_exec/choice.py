"""Which executors a run uses: the user's, or else the planner's choice for this machine."""

import os
from importlib.util import find_spec

from plan_contracts import ExecutionMode, ExecutorChoice, ExecutorConfig, ExecutorKind, Placement
from plan_exec.errors import ExecutorNotAvailable

_LIBRARIES = {ExecutorKind.DASK: "distributed", ExecutorKind.RAY: "ray"}
"""Modules of the executors that need an extra of this package."""


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
        When the mode or a kind cannot be used.
    """
    if mode is ExecutionMode.DETERMINISTIC_SERIAL:
        chosen = ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=1)
        return ExecutorChoice(mode=mode, config=chosen, reason="one task after the other, in the driver's process")
    if config is not None:
        _check_kind(config.kind)
    if mode is ExecutionMode.PLAN_PARALLEL_REMOTE:
        return ExecutorChoice(mode=mode, config=_checked_remote(config), reason="as configured")
    if config is not None:
        return ExecutorChoice(mode=mode, config=config, reason="as configured")
    cores = usable_cores()
    chosen = ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=cores)
    reason = f"chosen by the planner: {cores} usable cores, and threads hand results on in memory"
    return ExecutorChoice(mode=mode, config=chosen, reason=reason)


def slots_of(choice: ExecutorChoice) -> dict[Placement, int]:
    """Give the executors that a run uses, with their slots."""
    if choice.mode is ExecutionMode.DETERMINISTIC_SERIAL:
        return {Placement.INLINE: 1}
    config = choice.config
    slots = {Placement(config.kind.value): config.max_tasks}
    if choice.mode is ExecutionMode.PLAN_PARALLEL_REMOTE and config.remote_kind is not None:
        slots[Placement(config.remote_kind.value)] = config.remote_max_tasks
    return slots


def _check_kind(kind: ExecutorKind) -> None:
    """Refuse an executor whose library is not installed; nothing is imported."""
    library = _LIBRARIES.get(kind)
    if library is not None and find_spec(library) is None:
        message = f"The executor `{kind.value}` needs the library `{library}`, which is not installed"
        mend = f"Install the extra `{kind.value}` of plan-exec: `plan-exec[{kind.value}]`."
        raise ExecutorNotAvailable(message, subject=kind.value, suggestion=mend)


def _checked_remote(config: ExecutorConfig | None) -> ExecutorConfig:
    """Give the configuration of a mode with two executors, once it has two different ones."""
    remote = config.remote_kind if config is not None else None
    if config is None or remote is None:
        message = "The mode `plan_parallel_remote` needs a second executor, and none is named"
        mend = 'Set `remote_kind` under `[execution.executor]`, for example to "multiprocessing".'
        raise ExecutorNotAvailable(message, subject="remote_kind", suggestion=mend)
    _check_kind(remote)
    if remote is config.kind:
        message = f"`kind` and `remote_kind` are both `{remote.value}`; `plan_parallel_remote` spreads tasks over two"
        mend = "Name two different executors, or use `plan_parallel` with more `max_tasks`."
        raise ExecutorNotAvailable(message, subject="remote_kind", suggestion=mend)
    return config
