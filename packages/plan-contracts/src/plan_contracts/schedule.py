"""The schedule: what runs in which order, why, and how long it should take."""

from typing import ClassVar

from plan_contracts.base import Contract
from plan_contracts.canonical_rules import settle_maps
from plan_contracts.costs import CostSource
from plan_contracts.graph import LoweringChoice
from plan_contracts.scalars import Count, Fraction, Name, Positive, RunId, Seconds, Sha256, Signature


class PlanSignatures(Contract, frozen=True, kw_only=True):
    """Identity of a logical graph, and of its transitive reduction."""

    plan_signature: Signature
    """Digest over names, kinds, definitions and edges with requirements."""
    reduced_plan_signature: Signature
    """The same over the reduced edges; equal to `plan_signature` where the reduction was skipped."""
    reduction_skipped: str | None = None
    """Why the reduction was skipped; none when it was made."""


class MakespanForecast(Contract, frozen=True, kw_only=True):
    """How long the schedule takes on a number of workers, by simulation."""

    workers: Positive
    """Slots that each run one task at a time."""
    makespan_seconds: Seconds
    """End of the last task."""
    lower_bound_seconds: Seconds
    """No schedule is shorter: max(critical path, total cost / workers)."""
    utilisation: Fraction
    """Busy share of all slots until the end."""


class PlanScheduleArtifact(Contract, frozen=True, kw_only=True):
    """The schedule of one run."""

    run_specific: ClassVar[frozenset[str]] = frozenset({"run_id"})

    def __post_init__(self) -> None:
        """Settle the maps, which hold every task several times and are encoded more than once."""
        settle_maps(self)

    run_id: RunId
    """The run it was made for."""
    plan_signature: Signature
    """Identity of the logical graph."""
    reduced_plan_signature: Signature
    """Identity of its transitive reduction."""
    reduction_skipped: str | None = None
    """Why the reduction was skipped; none when it was made."""
    task_count: Count
    """Tasks that are scheduled."""
    ordered_tasks: tuple[Name, ...]
    """A topological order: by bottom level descending, then slack, then name among the ready tasks."""
    generations: tuple[tuple[Name, ...], ...]
    """Tasks of equal topological depth, each in schedule order; for reading the plan, not a barrier."""
    critical_path_tasks: tuple[Name, ...]
    """One longest path by cost, from its first to its last task; ties by name."""
    critical_path_length_weighted: Seconds
    """Sum of the costs on the critical path, its first task included."""
    task_costs: dict[Name, Seconds]
    """Expected duration of each task."""
    cost_sources: dict[Name, CostSource]
    """Where each cost was taken from."""
    cost_table_id: Sha256
    """Artifact id of the cost table."""
    bottom_level_costs: dict[Name, Seconds]
    """A task's cost plus the dearest path below it."""
    earliest_start: dict[Name, Seconds]
    """Start with unlimited workers, from the beginning of the run."""
    slack_by_task: dict[Name, Seconds]
    """Latest start minus earliest start; 0 exactly on tasks of some longest path."""
    views_by_task: dict[Name, tuple[Name, ...]]
    """The views that each task computes."""
    left_out: dict[Name, str] = {}
    """Tasks that are not scheduled, with the reason."""
    lowering: tuple[LoweringChoice, ...] = ()
    """How views became tasks."""
    bridge_edges: tuple[tuple[Name, Name], ...] = ()
    """Edges whose removal disconnects their component, sorted."""
    articulation_tasks: tuple[Name, ...] = ()
    """Tasks whose removal disconnects their component, sorted."""
    task_centrality: dict[Name, float] | None = None
    """Betweenness of each task; none where it was not asked for or the graph is too large."""
    task_dominators: dict[Name, Name] | None = None
    """Immediate dominator of each task that has one; none where it was not asked for."""
    forecasts: tuple[MakespanForecast, ...] = ()
    """For 1, 2, 4, 8 and 16 workers."""
