"""What planning a view alone has brought to light."""

import msgspec
import pyarrow as pa

from plan_contracts import PlanningFinding, SourceLocation
from plan_engine.datafusion_messages import PlanningMessage
from plan_engine.plan_predicates import ScanConditions


class PlannedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view that was planned against empty tables, or was found wanting."""

    name: str
    references: tuple[str, ...]
    """Datasets and views that it reads, sorted."""
    required: dict[str, dict[str, str | None]] | None = None
    """Per input the columns that it needs with their types; no type for a column that is missing. None: not known."""
    places: dict[str, dict[str, SourceLocation]] = {}
    """Where it names columns that are missing, by input and column."""
    schema: pa.Schema | None = None
    """Its output; none when that could not be found out."""
    definition: str | None = None
    """Identity of its logic; none when it did not plan as it stands."""
    volatile: bool = False
    """Whether it may give other rows in each run although nothing that is known of it has changed."""
    unoptimized: str | None = None
    """Text of its plan before optimisation; none when it did not plan as it stands."""
    volatile_calls: frozenset[str] = frozenset()
    """Functions that it calls whose value differs from run to run."""
    operators: int = 0
    """Operators of its optimised plan."""
    optimized: str = ""
    """Text of its optimised plan."""
    names_other_columns: bool = False
    """Whether its text may name columns that its plan does not read, as `exclude` does."""
    conditions: ScanConditions = {}
    """What each scan of an input asks of its rows; an input that is not there is scanned without a filter."""
    findings: tuple[PlanningFinding, ...] = ()
    """What is wrong with it, beyond missing columns that belong to one input."""
    forbidden: PlanningMessage | None = None
    """Why it is no query after all; it is refused as a whole."""
