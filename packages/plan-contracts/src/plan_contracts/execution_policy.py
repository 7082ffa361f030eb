"""What a run does with its tasks: where they go, how often they are tried, and what each may use."""

from plan_contracts.base import Contract, HandWritten
from plan_contracts.executors import ExecutorKind
from plan_contracts.graph import TaskKind
from plan_contracts.scalars import ByteCount, Fraction, Name, Positive, Seconds


class RoutingRules(HandWritten, frozen=True, kw_only=True):
    """`[execution.routing]`: the executor of a task; views win over tags, and tags over kinds."""

    views: dict[Name, ExecutorKind] = {}
    """By view: the task that computes it goes there."""
    tags: dict[str, ExecutorKind] = {}
    """By tag: every task that carries it goes there."""
    kinds: dict[TaskKind, ExecutorKind] = {}
    """By kind of task."""


class RetryPolicy(HandWritten, frozen=True, kw_only=True):
    """`[execution.retries]`: how often a task is tried, and how long it pauses in between.

    The pause before attempt n + 1 is `base_seconds` doubled n - 1 times, at most `cap_seconds`, of which a share of up
    to `jitter`, drawn by run and task, is taken away.
    """

    max_attempts: Positive = 4
    """Attempts of one task in all; 1 never tries again."""
    base_seconds: Seconds = 1.0
    """Pause after the first attempt."""
    cap_seconds: Seconds = 30.0
    """Longest pause."""
    jitter: Fraction = 0.5
    """Share of the pause that chance may take away."""
    timeouts: bool = False
    """Whether an attempt that took too long is tried again."""


class TaskPolicy(Contract, frozen=True, kw_only=True):
    """What a view asks of the run for the task that computes it; none leaves it to the run."""

    timeout_seconds: Seconds | None = None
    """Longest duration of one attempt."""
    memory_bytes: ByteCount | None = None
    """Memory for its query, set aside while it runs."""
    slots: Positive | None = None
    """Slots that it takes on its executor."""
    max_attempts: Positive | None = None
    """Attempts in all."""


class ExecutionPolicy(Contract, frozen=True, kw_only=True):
    """How a run treats its tasks."""

    routing: RoutingRules = RoutingRules()
    """Where tasks go, beyond what mode and cost decide."""
    retries: RetryPolicy = RetryPolicy()
    """How often they are tried."""
    timeout_seconds: Seconds | None = None
    """Longest duration of one attempt of any task; none is unbounded."""
    memory_bytes: ByteCount | None = None
    """Memory for the queries of all running tasks of this machine together; none is unbounded."""
    target_partitions: Positive | None = None
    """Partitions of each query; none divides the cores among the slots."""
    retain_bytes: ByteCount | None = None
    """Memory for results on their way to consumers in the same process; none is a quarter of the physical memory."""
    views: dict[Name, TaskPolicy] = {}
    """What single views ask for."""
