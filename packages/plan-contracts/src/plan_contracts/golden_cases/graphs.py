"""Golden cases of the logical graph, the task graph and the compiled project."""

from plan_contracts.checks import DataCheck, ViolationKind
from plan_contracts.evidence import Column, EvidenceCatalog
from plan_contracts.golden_cases import data
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.graph import (
    CompiledEntry,
    CompiledProject,
    FindingKind,
    FrameKind,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    LoweringChoice,
    Materialize,
    NodeKind,
    PlanningFinding,
    PythonInput,
    PythonSource,
    Task,
    TaskGraph,
    TaskKind,
    ViewSource,
)
from plan_contracts.source_location import SourceLocation
from plan_contracts.statistics import Statistics
from plan_contracts.variables import Variable

REVENUE_DEFINITION = "1d" * 32

GRAPH = LogicalGraph(
    nodes=(
        LogicalNode(
            name="daily_revenue",
            kind=NodeKind.SQL_VIEW,
            path="views/daily_revenue.sql",
            definition=REVENUE_DEFINITION,
            materialize=Materialize.TABLE,
            tags=("mart",),
            declared_cost=3.5,
        ),
        LogicalNode(name="orders", kind=NodeKind.DATASET),
    ),
    edges=(LogicalEdge(producer="orders", consumer="daily_revenue", requirement=data.REQUIREMENT),),
)

FINDING = PlanningFinding(
    view="daily_revenue",
    kind=FindingKind.MISSING_COLUMN,
    message="Neither `orders` nor `items` has a column `amont`",
    subject="amont",
    candidates=("items", "orders"),
    suggestion="amount",
    location=SourceLocation(file="views/daily_revenue.sql", line=3, column=12),
)

REVENUE_SQL = "select cast(placed_at as date) as day, sum(amount) as revenue from orders group by 1"

DAY_NOT_NULL = DataCheck(
    name="not_null(day)",
    kind=ViolationKind.NULLABLE,
    subject="day",
    declared="not null",
    sql='select * from "daily_revenue" where "day" is null',
    definition="3f" * 32,
)

UNPLANNED = DataCheck(
    name="positive",
    kind=ViolationKind.EXPRESSION_FALSE,
    subject="positive",
    declared="revnue > 0",
    sql='select * from "daily_revenue" where not (revnue > 0)',
    fault="there is no column `revnue`; did you mean `revenue`?",
)

PROJECT = CompiledProject(
    graph=GRAPH,
    evidence=data.CATALOG,
    statistics=data.STATISTICS,
    snapshots={"orders": data.ORDERS_SNAPSHOT},
    datasets={"orders": data.PARQUET_REF},
    sources={
        "daily_revenue": ViewSource(name="daily_revenue", path="views/daily_revenue.sql", sql=REVENUE_SQL),
    },
    scans={"orders": data.ORDERS_SCAN},
    checks={"daily_revenue": (DAY_NOT_NULL, UNPLANNED)},
)

SCORES = PythonSource(
    name="scores",
    path="views/scores.py",
    function="scores",
    line=9,
    sha256="7c" * 32,
    inputs=(
        PythonInput(parameter="orders", name="orders", wants=FrameKind.READER, requirement=data.REQUIREMENT),
        PythonInput(parameter="daily_revenue", name="daily_revenue", wants=FrameKind.DATAFRAME),
    ),
    parameters={"country": Variable(type="string", value="DE"), "salt": Variable(type="string", secret="${SHOP_SALT}")},
    returns=FrameKind.TABLE,
    output=(Column(name="day", type="date32"), Column(name="score", type="float64")),
    tags=("mart",),
)

PYTHON_PROJECT = CompiledProject(
    graph=LogicalGraph(
        nodes=(
            LogicalNode(name="orders", kind=NodeKind.DATASET),
            LogicalNode(
                name="scores", kind=NodeKind.PYTHON_VIEW, path="views/scores.py", definition="5f" * 32, tags=("mart",)
            ),
        ),
        edges=(LogicalEdge(producer="orders", consumer="scores", requirement=data.REQUIREMENT),),
    ),
    evidence=EvidenceCatalog(entries={}),
    statistics=Statistics(views={}),
    snapshots={},
    datasets={},
    sources={"scores": SCORES},
)

ENTRY = CompiledEntry(young={"/shop/views/orders.sql": "0" * 64}, compiled=PROJECT)

BROKEN_PROJECT = CompiledProject(
    graph=LogicalGraph(nodes=(LogicalNode(name="daily_revenue", kind=NodeKind.SQL_VIEW),), edges=()),
    evidence=EvidenceCatalog(entries={}),
    statistics=Statistics(views={}),
    snapshots={},
    datasets={},
    sources={},
    findings=(FINDING,),
)

TASKS = TaskGraph(
    tasks=(
        Task(
            name="check-daily_revenue",
            kind=TaskKind.CHECK,
            views=("daily_revenue",),
            outputs=(),
            definition="4a" * 32,
            checks=(DAY_NOT_NULL,),
        ),
        Task(
            name="daily_revenue",
            kind=TaskKind.VIEW,
            views=("stg_orders", "daily_revenue"),
            outputs=("daily_revenue",),
            datasets=("orders",),
            definition=REVENUE_DEFINITION,
            tags=("mart",),
            declared_cost=3.5,
        ),
        Task(
            name="report",
            kind=TaskKind.VIEW,
            views=("report",),
            outputs=("report",),
            definition="2e" * 32,
            volatile=True,
        ),
    ),
    edges=(
        ("check-daily_revenue", "report"),
        ("daily_revenue", "check-daily_revenue"),
        ("daily_revenue", "report"),
    ),
    lowering=(LoweringChoice(view="stg_orders", materialize=Materialize.EPHEMERAL, reason="it has one consumer"),),
)

VALID = (
    ValidCase("logical_graph", "one_edge", GRAPH),
    ValidCase("logical_graph", "empty", LogicalGraph(nodes=(), edges=())),
    ValidCase("task_graph", "fused_and_checked_view", TASKS),
    ValidCase("compiled_entry", "one_young_file", ENTRY),
    ValidCase("compiled_project", "one_view", PROJECT),
    ValidCase("compiled_project", "missing_column", BROKEN_PROJECT),
    ValidCase("compiled_project", "python_view", PYTHON_PROJECT),
)

INVALID = (
    InvalidCase("logical_graph", "without_edges", without(GRAPH, "edges")),
    InvalidCase("logical_graph", "unknown_node_kind", altered(GRAPH, "nodes.0.kind", "table")),
    InvalidCase("logical_graph", "name_not_in_nfc", altered(GRAPH, "nodes.0.name", "cafe\u0301"), in_schema=False),
    InvalidCase("task_graph", "edge_of_three", altered(TASKS, "edges.0", ["daily_revenue", "report", "mail"])),
    InvalidCase("compiled_entry", "digest_too_short", altered(ENTRY, "young", {"/shop/views/orders.sql": "ab"})),
    InvalidCase("compiled_project", "unknown_frame_kind", altered(PYTHON_PROJECT, "sources.scores.returns", "pandas")),
    InvalidCase("compiled_project", "finding_without_kind", altered(BROKEN_PROJECT, "findings.0", {"view": "v"})),
)
