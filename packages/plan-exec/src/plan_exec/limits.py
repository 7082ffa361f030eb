"""What a task and a worker may use, so that tasks times partitions suit the cores."""

import os
from collections.abc import Iterable, Iterator, Mapping

from plan_contracts import ExecutionPolicy, ExecutorChoice, Placement, PlanError, TaskLimits, TaskPolicy, raise_all
from plan_exec.choice import slots_of, usable_cores
from plan_exec.errors import LimitsRefused
from plan_exec.task_state import TaskState

SMALL_TASK_SECONDS = 0.02
"""Tasks of less cost run on one partition: more would cost more than they bring."""

IN_THIS_PROCESS = frozenset({Placement.INLINE, Placement.THREADPOOL})
"""Executors whose tasks cannot be ended, since they run beside the dispatcher."""

RETAINED_SHARE = 0.25
"""Share of the physical memory that results may hold on their way to consumers, where the user says nothing."""


def memory_share(policy: ExecutionPolicy, slots: int) -> int:
    """Give the memory of a task that asks for nothing: an equal share of what the run has."""
    return (policy.memory_bytes or 0) // max(1, slots)


def check_limits(tasks: Iterable[TaskState], policy: ExecutionPolicy, slots: Mapping[Placement, int]) -> None:
    """Refuse tasks that ask for more memory or slots than there will ever be.

    Raises
    ------
    LimitsRefused
        When one does.
    PlanErrors
        When several do; all of them.
    """
    refused = (
        _refused(state.task.name, state.policy, policy, state.route.executor, slots[state.route.executor])
        for state in tasks
    )
    raise_all([error for errors in refused for error in errors])


def check_wishes(policy: ExecutionPolicy, choice: ExecutorChoice) -> None:
    """Refuse views that ask for more memory than the run has, or for more slots than any of its executors.

    Raises
    ------
    LimitsRefused
        When one does.
    PlanErrors
        When several do; all of them.
    """
    slots = slots_of(choice)
    widest = max(slots, key=lambda placement: slots[placement])
    refused = (_refused(view, wish, policy, widest, slots[widest]) for view, wish in policy.views.items())
    raise_all([error for errors in refused for error in errors])


def _refused(
    name: str, wish: TaskPolicy, policy: ExecutionPolicy, executor: Placement, there: int
) -> Iterator[PlanError]:
    memory, wanted = wish.memory_bytes, wish.slots or 1
    if memory is not None and policy.memory_bytes is not None and memory > policy.memory_bytes:
        message = f"The view `{name}` asks for {memory:,} bytes of memory, and the run has {policy.memory_bytes:,}"
        mend = "Raise `memory` under `[execution]` (or `--memory`), or lower that of the view."
        yield LimitsRefused(message, subject=name, suggestion=mend)
    if wanted > there and executor is not Placement.INLINE:
        message = f"The view `{name}` asks for {wanted} slots, and `{executor.value}` has {there}"
        mend = "Raise `max_tasks` (or `--max-tasks`), or lower `slots` of the view."
        yield LimitsRefused(message, subject=name, suggestion=mend)


def task_limits(
    state: TaskState, policy: ExecutionPolicy, memory_bytes: int | None, slots: int, cores: int | None = None
) -> TaskLimits:
    """Give the limits of a task's next attempt.

    Two partitions per core are shared out among the slots, since tasks are seldom parallel throughout.

    Parameters
    ----------
    state
        The task; reproducible ones get one partition, as do those that are to save memory.
    policy
        What holds for all tasks.
    memory_bytes
        Its share of the memory; none is unbounded.
    slots
        Tasks that may run at once, on all executors.
    cores
        Cores that it may keep busy where it runs, if that is not this machine.
    """
    return TaskLimits(
        target_partitions=_partitions(state, policy, slots, cores),
        memory_bytes=memory_bytes,
        timeout_seconds=state.policy.timeout_seconds,
        frugal=state.frugal,
    )


def _partitions(state: TaskState, policy: ExecutionPolicy, slots: int, cores: int | None) -> int:
    if state.task.reproducible or state.frugal or state.cost < SMALL_TASK_SECONDS:
        return 1
    return cores if cores is not None and policy.target_partitions is None else most_partitions(policy, slots)


def most_partitions(policy: ExecutionPolicy, slots: int) -> int:
    """Give the partitions of a task that is worth them."""
    if policy.target_partitions is not None:
        return policy.target_partitions
    return cores_per_task(usable_cores(), slots)


def cores_per_task(cores: int, tasks: int) -> int:
    """Give the cores that each of some tasks may keep busy on one machine.

    Examples
    --------
    >>> [cores_per_task(8, tasks) for tasks in (1, 2, 4, 8, 32)]
    [8, 8, 4, 2, 1]
    """
    return min(cores, max(1, 2 * cores // tasks))


def threads_at_stake(policy: ExecutionPolicy, choice: ExecutorChoice) -> int:
    """Give the threads of a runtime in this process that tasks may hold for good, after they took too long.

    None where no task has a timeout, or none runs in this process. Else a task in each slot may hold one per partition.
    """
    slots = slots_of(choice)
    here = sum(count for placement, count in slots.items() if placement in IN_THIS_PROCESS)
    timed = policy.timeout_seconds is not None or any(wish.timeout_seconds for wish in policy.views.values())
    return here * most_partitions(policy, sum(slots.values())) if timed else 0


def retained_bytes(policy: ExecutionPolicy) -> int:
    """Give what results may hold on their way to consumers in the same process."""
    if policy.retain_bytes is not None:
        return policy.retain_bytes
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * RETAINED_SHARE)
