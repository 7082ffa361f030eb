"""Whether a failed attempt is followed by another, and after which pause."""

from random import Random

from plan_contracts import ErrorPayload, RetryPolicy
from plan_exec.errors import TaskTimedOut

MEMORY_EXHAUSTED = "memory_exhausted"
"""Code by which a runtime says that a task needs more memory than it has; it is tried once more, with less appetite."""


def may_retry(policy: RetryPolicy, error: ErrorPayload, attempts: int, max_attempts: int) -> bool:
    """Say whether another attempt may help: after a worker's death or a failing disk, not after a failing query.

    Parameters
    ----------
    policy
        Whether attempts that took too long count among those.
    error
        Why the last attempt failed.
    attempts
        Attempts so far.
    max_attempts
        Attempts in all.
    """
    worth_it = policy.timeouts if error.code == TaskTimedOut.code else error.transient
    return worth_it and attempts < max_attempts


def retry_delay(policy: RetryPolicy, run_id: str, task: str, attempts: int) -> float:
    """Give the pause after an attempt in seconds: doubled each time, less what chance takes away.

    Chance is drawn from run, task and attempt, so that tasks that failed together do not come back together, and the
    same run pauses as long whenever it is replayed.

    Examples
    --------
    >>> policy = RetryPolicy(base_seconds=1.0, cap_seconds=5.0, jitter=0.0)
    >>> [retry_delay(policy, "run", "orders", attempts) for attempts in (1, 2, 3, 4)]
    [1.0, 2.0, 4.0, 5.0]
    """
    pause = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(attempts - 1, 64))
    return pause * (1.0 - policy.jitter * Random(f"{run_id}/{task}/{attempts}").random())
