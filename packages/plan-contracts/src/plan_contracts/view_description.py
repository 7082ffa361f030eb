"""What is known of one view, in one document."""

from plan_contracts.base import Contract
from plan_contracts.evidence import Column
from plan_contracts.graph import LogicalEdge, LogicalNode, LoweringChoice, PlanningFinding, Source
from plan_contracts.lineage import ViewLineage
from plan_contracts.scalars import Name
from plan_contracts.statistics import ViewStatistics


class ViewDescription(Contract, frozen=True, kw_only=True):
    """A view as the project, its files and the planner show it."""

    node: LogicalNode
    """Name, kind, file, definition, tags and what plan.toml says of it."""
    source: Source
    """What it is written in, with the variables that it reads."""
    inputs: tuple[LogicalEdge, ...] = ()
    """What it needs of each input, by input."""
    readers: tuple[Name, ...] = ()
    """Views that read it, sorted."""
    columns: tuple[Column, ...] | None = None
    """Its output, in order; none when it is not known."""
    statistics: ViewStatistics | None = None
    """What it reads and is expected to give; none when it does not plan."""
    lowering: LoweringChoice | None = None
    """What becomes of its result, and why; none when it is not admitted."""
    findings: tuple[PlanningFinding, ...] = ()
    """Why it does not plan."""
    lineage: ViewLineage | None = None
    """Where its columns come from; none when that was not asked for."""
