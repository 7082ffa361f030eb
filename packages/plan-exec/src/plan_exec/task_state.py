"""What the dispatcher knows of each task."""

from dataclasses import dataclass, field

from plan_contracts import (
    DatasetRef,
    ErrorPayload,
    PublishedOutput,
    RoutingDecision,
    StagedOutput,
    Task,
    TaskKind,
    TaskPolicy,
    TaskRequest,
)


@dataclass(kw_only=True)
class TaskState:
    """One task, from waiting to final."""

    task: Task
    request: TaskRequest
    route: RoutingDecision
    """Where it runs, and why."""
    policy: TaskPolicy
    """What it asks of the run."""
    index: int
    """Place in the schedule; what is ready is started in this order."""
    cost: float
    bottom_level: float
    slack: float
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    waiting_for: int
    """Producers that are not done."""
    waiting_consumers: int
    """Consumers that are not final; the result in memory is forgotten at 0."""
    final: bool = False
    attempts: int = 0
    """Attempts that were started."""
    last_error: ErrorPayload | None = None
    """Why the last attempt failed, while another is to follow."""
    passed_over: int = 0
    """How often a less urgent task was started because it needs less."""
    frugal: bool = False
    """Whether the next attempt is to do with less memory, and more time."""
    ready_at: int = 0
    started_at: int = 0
    """When the first attempt started."""
    waited_for: str | None = None
    """The producer that was done last."""
    build_key: str = ""
    published: dict[str, PublishedOutput] = field(default_factory=dict[str, PublishedOutput])
    """What it published or reused, by view."""
    staged: dict[str, StagedOutput] = field(default_factory=dict[str, StagedOutput])
    """What it staged and a check holds back, by view."""
    in_memory: dict[str, DatasetRef] = field(default_factory=dict[str, DatasetRef])
    """Results kept in memory, by view."""

    @property
    def checked(self) -> str | None:
        """The dataset or view that it checks; none when it is no check."""
        if self.task.kind is not TaskKind.CHECK:
            return None
        return (*self.task.views, *self.task.datasets)[0]
