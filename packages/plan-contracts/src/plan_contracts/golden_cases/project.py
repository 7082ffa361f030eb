"""Golden cases of what people write: the project file, data contracts, executor settings and build requests."""

from plan_contracts.evidence import DataContract
from plan_contracts.execution import (
    BuildRequest,
    CostChoice,
)
from plan_contracts.executors import (
    ExecutionMode,
    ExecutorCapabilities,
    ExecutorChoice,
    ExecutorConfig,
    ExecutorKind,
    Placement,
)
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.graph import Materialize
from plan_contracts.project import (
    AbsentColumns,
    DatasetSection,
    ExecutionSection,
    ProfileSection,
    ProjectFile,
    ProjectSection,
    ScanPolicy,
    ViewSection,
)
from plan_contracts.references import CsvOptions, DataFormat, DeltaOptions, JsonOptions
from plan_contracts.storage_options import StorageOptions
from plan_contracts.variables import VarSection

SMALLEST = ProjectFile(project=ProjectSection(name="shop"))

ORDERS_CONTRACT = DataContract(
    columns={"order_id": "int64", "amount": "decimal(12, 2)"}, not_null=("order_id",), min_rows=1
)

REVENUE_CONTRACT = DataContract(
    unique=("day", ("country", "day")),
    accepted_values={"country": ("DE", "FR"), "quarter": (1, 2, 3, 4)},
    expressions={"not_negative": "revenue >= 0"},
    max_rows=10000,
)

SHOP = ProjectFile(
    project=ProjectSection(name="shop", outputs="out"),
    datasets={"orders": DatasetSection(path="data/orders/*.parquet", contract=ORDERS_CONTRACT)},
    views={"daily_revenue": ViewSection(materialize=Materialize.TABLE, cost=3.5, tags=("mart",))},
    vars={
        "country": "DE",
        "since_year": 2024,
        "since": VarSection(value="2024-01-31", type="date32"),
        "day": VarSection(type="date32"),
        "salt": VarSection(secret="${SHOP_SALT}"),
    },
    execution=ExecutionSection(
        mode=ExecutionMode.PLAN_PARALLEL, executor=ExecutorConfig(kind=ExecutorKind.MULTIPROCESSING, max_tasks=4)
    ),
    profiles={"prod": ProfileSection(outputs="s3://bucket/out", vars={"country": "FR"})},
)

SOURCES = ProjectFile(
    project=ProjectSection(name="shop"),
    datasets={
        "customers": DatasetSection(
            path="data/customers.csv",
            csv=CsvOptions(delimiter=";", comment="#", null=("NA", "-"), types={"customer_id": "int64"}),
            scan=ScanPolicy.ALWAYS,
        ),
        "visits": DatasetSection(
            path="data/visits",
            format=DataFormat.JSON,
            json=JsonOptions(types={"agent": "string"}),
            partitions={"day": "date32"},
            absent_columns=AbsentColumns.NULL,
        ),
        "stock": DatasetSection(path="data/stock", delta=DeltaOptions(version=7), hive=False),
        "orders": DatasetSection(
            path="s3://lake/orders/*.parquet",
            storage_options=StorageOptions(endpoint="http://127.0.0.1:9000", secret_access_key="${LAKE_SECRET}"),
        ),
    },
)

DEFAULT_EXECUTOR = ExecutorConfig()

REMOTE_EXECUTOR = ExecutorConfig(
    kind=ExecutorKind.THREADPOOL, max_tasks=2, remote_kind=ExecutorKind.RAY, remote_max_tasks=8, cost_threshold=30.0
)

CHOSEN = ExecutorChoice(
    mode=ExecutionMode.PLAN_PARALLEL,
    config=ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=2),
    reason="chosen by the planner: 2 cores, every task shorter than a worker's start",
)

PROCESSES = ExecutorCapabilities(
    kind=Placement.MULTIPROCESSING,
    can_kill_task=True,
    can_limit_memory=True,
    shares_memory=False,
    survives_worker_death=True,
)

REQUEST = BuildRequest(
    project_path="shop", profile="prod", costs=CostChoice(source="statistics"), full=True, vars={"country": "FR"}
)

VALID = (
    ValidCase("project_file", "smallest", SMALLEST),
    ValidCase("project_file", "shop", SHOP),
    ValidCase("project_file", "sources", SOURCES),
    ValidCase("data_contract", "orders", ORDERS_CONTRACT),
    ValidCase("data_contract", "unique_accepted_and_expressions", REVENUE_CONTRACT),
    ValidCase("executor_config", "defaults", DEFAULT_EXECUTOR),
    ValidCase("executor_config", "remote", REMOTE_EXECUTOR),
    ValidCase("executor_choice", "chosen_by_planner", CHOSEN),
    ValidCase("executor_capabilities", "processes", PROCESSES),
    ValidCase("build_request", "defaults", BuildRequest(project_path="shop")),
    ValidCase("build_request", "full_build_of_profile", REQUEST),
)

INVALID = (
    InvalidCase("project_file", "unknown_key", altered(SMALLEST, "project.viws", "views")),
    InvalidCase("project_file", "name_with_separator", altered(SMALLEST, "project.name", "../shop")),
    InvalidCase(
        "project_file",
        "secret_in_clear",
        altered(SOURCES, "datasets.orders.storage_options.secret_access_key", "letmein"),
    ),
    InvalidCase("project_file", "negative_cost", altered(SHOP, "views.daily_revenue.cost", -1.0)),
    InvalidCase("project_file", "unknown_key_of_variable", altered(SHOP, "vars.salt", {"secrt": "${SHOP_SALT}"})),
    InvalidCase("data_contract", "unknown_key", altered(ORDERS_CONTRACT, "not_nul", ["order_id"])),
    InvalidCase("data_contract", "expression_not_text", altered(REVENUE_CONTRACT, "expressions", {"positive": 1})),
    InvalidCase("executor_config", "unknown_kind", altered(DEFAULT_EXECUTOR, "kind", "treadpool")),
    InvalidCase("executor_config", "no_slots", altered(DEFAULT_EXECUTOR, "max_tasks", 0)),
    InvalidCase("executor_choice", "without_reason", without(CHOSEN, "reason")),
    InvalidCase("executor_capabilities", "unknown_placement", altered(PROCESSES, "kind", "fork")),
    InvalidCase("build_request", "unknown_mode", altered(REQUEST, "mode", "parallel")),
)
