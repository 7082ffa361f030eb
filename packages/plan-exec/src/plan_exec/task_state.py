"""What the dispatcher knows of each task."""

from dataclasses import dataclass, field, replace

from plan_contracts import (
    DatasetRef,
    ErrorPayload,
    PublishedOutput,
    RoutingDecision,
    StagedOutput,
    Task,
    TaskKind,
    TaskMetrics,
    TaskPolicy,
    TaskRequest,
)

UNIT_MARK = "/"
"""Stands between the name of a task and the key of one of its units."""


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
    """Consumers that are not final."""
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
    unit: str | None = None
    """Key of the unit, where this is one unit of a scan."""
    part: int = 0
    """Place of the unit in its scan."""
    block: "ScanBlock | None" = field(default=None, compare=False, repr=False)
    """The units, of a scan that is expanded, and of each of its units."""

    @property
    def name(self) -> str:
        """What attempts are called by: the task, and the unit where it is one; no task has a slash in its name."""
        return self.task.name if self.unit is None else f"{self.task.name}{UNIT_MARK}{self.unit}"

    @property
    def whole(self) -> "TaskState":
        """The scan that this is a unit of; else itself."""
        return self.block.whole if self.block is not None else self

    @property
    def interrupted_by(self) -> ErrorPayload | None:
        """Why it or a unit of it has failed so far, where it is not final: it paused, or other units still ran."""
        if self.block is None:
            return self.last_error
        pausing = (unit.last_error for unit in self.block.units.values() if not unit.final)
        return self.block.error or next((error for error in pausing if error is not None), None)

    @property
    def checked(self) -> str | None:
        """The dataset or view that it checks; none when it is no check."""
        if self.task.kind is not TaskKind.CHECK:
            return None
        return (*self.task.views, *self.task.datasets)[0]


@dataclass(kw_only=True, eq=False)
class ScanBlock:
    """The units of one scan, from the moment that it can run to the end of the last of them."""

    whole: TaskState
    units: dict[str, TaskState] = field(default_factory=dict[str, TaskState])
    """By key, in the order of their rows."""
    open: int = 0
    """Units that are not final."""
    error: ErrorPayload | None = None
    """Why the first unit that failed did so; the scan fails with it once nothing of it runs."""
    cause: str | None = None
    """The task because of which units were skipped."""
    built: int = 0
    """Units whose results were made in this run."""
    metrics: list[TaskMetrics] = field(default_factory=list[TaskMetrics])
    """What each of these has used."""


def unit_of(
    whole: TaskState, block: ScanBlock, *, key: str, part: int, request: TaskRequest, build_key: str
) -> TaskState:
    """Make the state of one unit, which nobody but its scan waits for."""
    return replace(
        whole,
        request=request,
        unit=key,
        part=part,
        block=block,
        build_key=build_key,
        producers=(),
        published={},
        staged={},
        in_memory={},
    )
