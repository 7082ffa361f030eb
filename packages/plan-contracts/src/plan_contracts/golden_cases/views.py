"""Golden cases of what is known of single views."""

from plan_contracts.evidence import Column
from plan_contracts.golden_cases import data, graphs
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.graph import LoweringChoice, Materialize
from plan_contracts.lineage import ColumnLineage, SourceColumn, ViewLineage
from plan_contracts.view_description import ViewDescription

LINEAGE = ViewLineage(
    view="daily_revenue",
    columns=(
        ColumnLineage(
            name="day",
            type="date32",
            sources=(SourceColumn(table="paid_orders", column="day"),),
            origins=(SourceColumn(table="orders", column="placed_at"),),
        ),
        ColumnLineage(name="orders", type="int64"),
    ),
    rows=(SourceColumn(table="paid_orders", column="day"), SourceColumn(table="paid_orders", column="status")),
)

DESCRIPTION = ViewDescription(
    node=graphs.GRAPH.nodes[0],
    source=graphs.PROJECT.sources["daily_revenue"],
    inputs=graphs.GRAPH.edges,
    readers=("report",),
    columns=(Column(name="day", type="date32"), Column(name="orders", type="int64", nullable=False)),
    statistics=data.STATISTICS.views.get("daily_revenue"),
    lowering=LoweringChoice(view="daily_revenue", materialize=Materialize.TABLE, reason="`table` is asked for"),
    lineage=LINEAGE,
)

VALID = (
    ValidCase("view_lineage", "through_a_view", LINEAGE),
    ValidCase("view_lineage", "python_view", ViewLineage(view="scores", traced=False)),
    ValidCase("view_description", "with_lineage", DESCRIPTION),
)

INVALID = (
    InvalidCase("view_lineage", "source_without_column", altered(LINEAGE, "rows.0", {"table": "paid_orders"})),
    InvalidCase("view_description", "without_source", without(DESCRIPTION, "source")),
)
