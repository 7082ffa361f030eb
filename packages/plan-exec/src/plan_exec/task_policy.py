"""What a task asks of the run: the wishes of its views put together."""

from plan_contracts import ExecutionPolicy, Task, TaskPolicy


def policy_of(task: Task, policy: ExecutionPolicy) -> TaskPolicy:
    """Give what holds for a task, with the run's own values where its views ask for nothing.

    Of the views that one task computes the greatest wish counts, since together they need at least as much.
    """
    wishes = [policy.views[view] for view in task.views if view in policy.views]
    timeouts = [wish.timeout_seconds for wish in wishes if wish.timeout_seconds is not None]
    return TaskPolicy(
        timeout_seconds=max(timeouts, default=policy.timeout_seconds),
        memory_bytes=max((wish.memory_bytes for wish in wishes if wish.memory_bytes is not None), default=None),
        slots=max((wish.slots or 1 for wish in wishes), default=1),
        max_attempts=max(
            (wish.max_attempts for wish in wishes if wish.max_attempts is not None),
            default=policy.retries.max_attempts,
        ),
    )
