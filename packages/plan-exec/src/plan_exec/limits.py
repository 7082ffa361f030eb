"""What a task and a worker may use, so that tasks times partitions suit the cores."""

import os

from plan_contracts import ExecutionPolicy, Task, TaskLimits, TaskPolicy, WorkerLimits
from plan_exec.choice import usable_cores

SMALL_TASK_SECONDS = 0.02
"""Tasks of less cost run on one partition: more would cost more than they bring."""

RETAINED_SHARE = 0.25
"""Share of the physical memory that results may hold on their way to consumers."""


def task_limits(task: Task, cost_seconds: float, wish: TaskPolicy, policy: ExecutionPolicy, slots: int) -> TaskLimits:
    """Give the limits of a task.

    Two partitions per core are shared out among the slots, since tasks are seldom parallel throughout.

    Parameters
    ----------
    task
        Reproducible ones get one partition.
    cost_seconds
        Its expected duration.
    wish
        What its views ask for.
    policy
        What holds for all tasks.
    slots
        Tasks that may run at once, on all executors.
    """
    return TaskLimits(
        target_partitions=_partitions(task, cost_seconds, policy, slots),
        timeout_seconds=wish.timeout_seconds,
    )


def _partitions(task: Task, cost_seconds: float, policy: ExecutionPolicy, slots: int) -> int:
    if task.reproducible or cost_seconds < SMALL_TASK_SECONDS:
        return 1
    if policy.target_partitions is not None:
        return policy.target_partitions
    cores = usable_cores()
    return min(cores, max(1, 2 * cores // slots))


def worker_limits(worker: str, *, slots: int, shares_memory: bool, scratch_uri: str) -> WorkerLimits:
    """Give the limits of a worker; results are retained only where consumers run in the same process."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    retained = int(memory * RETAINED_SHARE) if shares_memory else 0
    return WorkerLimits(worker=worker, slots=slots, retain_bytes=retained, scratch_uri=scratch_uri)
