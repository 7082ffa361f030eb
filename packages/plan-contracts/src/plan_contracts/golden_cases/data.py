"""Golden cases of what is known about data: evidence, statistics, references, snapshots and requirements."""

from plan_contracts.evidence import Column, ColumnValues, Evidence, EvidenceCatalog, EvidenceSource, Exactness
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.graph import RequiredColumn, Requirement
from plan_contracts.references import CsvOptions, DataFormat, DatasetRef, DatasetSnapshot, SnapshotFile
from plan_contracts.scans import DatasetScan, ScanUnit
from plan_contracts.statistics import Statistics, ViewStatistics
from plan_contracts.storage_options import StorageOptions

ORDERS_COLUMNS = (
    Column(name="order_id", type="int64", nullable=False),
    Column(name="placed_at", type="timestamp(us, UTC)"),
    Column(name="amount", type="decimal(12, 2)", metadata={"unit": "EUR"}),
)

ORDERS = Evidence(
    name="orders",
    source=EvidenceSource.FILES,
    columns=ORDERS_COLUMNS,
    rows=1500,
    bytes=40960,
    exactness=Exactness.EXACT,
    null_counts={"order_id": 0, "amount": 3},
    values={
        "order_id": ColumnValues(within=(1, 2, 3), held=(1, 3)),
        "placed_at": ColumnValues(held=("2026-01-31",)),
    },
)

REVENUE = Evidence(
    name="daily_revenue",
    source=EvidenceSource.PLAN,
    columns=(Column(name="day", type="date32"), Column(name="revenue", type="decimal(22, 2)")),
    rows=365,
    exactness=Exactness.ESTIMATED,
)

NESTED = Evidence(
    name="baskets",
    source=EvidenceSource.FILES,
    columns=(
        Column(name="items", type='list<struct<sku: string, "unit price": decimal(9, 2)>>'),
        Column(name="labels", type="map<string, string>"),
        Column(name="country", type="dictionary<string>"),
    ),
)

CATALOG = EvidenceCatalog(entries={"orders": ORDERS, "daily_revenue": REVENUE})

STATISTICS = Statistics(
    views={
        "daily_revenue": ViewStatistics(
            view="daily_revenue",
            rows_in=1500,
            bytes_in=24000,
            rows_out=365,
            operators=4,
            exactness=Exactness.ESTIMATED,
        ),
        "labels": ViewStatistics(view="labels"),
    }
)

PARQUET_REF = DatasetRef(
    uri="/data/shop/out/daily_revenue.parquet",
    format=DataFormat.PARQUET,
    columns=REVENUE.columns,
    rows=365,
    bytes=5120,
)

CSV_REF = DatasetRef(
    uri="/data/shop/customers",
    format=DataFormat.CSV,
    files=("/data/shop/customers/1.csv", "/data/shop/customers/2.csv"),
    columns=(Column(name="customer_id", type="int64"),),
    csv=CsvOptions(delimiter=";", types={"customer_id": "int64"}),
)

HIVE_REF = DatasetRef(
    uri="/data/shop/visits",
    format=DataFormat.JSON,
    files=("/data/shop/visits/day=2024-01-01/1.json", "/data/shop/visits/day=__HIVE_DEFAULT_PARTITION__/2.json"),
    columns=(Column(name="visitor", type="string"), Column(name="day", type="date32")),
    partition_columns=("day",),
    partition_values=(("2024-01-01",), (None,)),
    versions=("120 1735689600000000000", "80 1735689600000000001"),
)

S3_REF = DatasetRef(
    uri="s3://lake/orders/1.parquet",
    format=DataFormat.PARQUET,
    columns=ORDERS_COLUMNS,
    bytes=40960,
    versions=('40960 "9b2cf535f27731c974343645a3985328"',),
    storage=StorageOptions(
        endpoint="http://127.0.0.1:9000",
        region="eu-north-1",
        access_key_id="${LAKE_KEY}",
        secret_access_key="${LAKE_SECRET}",
        retries=1,
    ),
)

ORDERS_SCAN = DatasetScan(
    dataset="orders",
    definition="7a" * 32,
    projection=("order_id", "amount"),
    filters=("amount > 10", "order_id < 900 or amount > 20"),
    units=(
        ScanUnit(
            key="0000",
            files=("/data/shop/1.parquet",),
            row_groups=((2, 3),),
            rows=900,
            bytes=20480,
            content_id="9d" * 32,
        ),
        ScanUnit(key="0001", files=("/data/shop/2.parquet", "/data/shop/3.parquet")),
    ),
    files_total=4,
    files_candidate=3,
    files_pruned=1,
    row_groups_total=9,
    row_groups_candidate=6,
    row_groups_pruned=3,
    is_task=True,
    reason="`always` is asked for",
)

VISITS_SCAN = DatasetScan(
    dataset="visits",
    definition="8b" * 32,
    projection=(),
    units=(),
    files_total=1,
    files_candidate=0,
    files_pruned=1,
    is_task=False,
    reason="nothing of it is read",
)

MEMORY_REF = DatasetRef(uri="mem://worker-1/stg_orders", format=DataFormat.MEMORY, columns=ORDERS_COLUMNS, rows=1500)

ORDERS_SNAPSHOT = DatasetSnapshot(
    name="orders",
    content_id="5b" * 32,
    format=DataFormat.PARQUET,
    files=(SnapshotFile(path="data/orders/2024.parquet", bytes=40960, digest="c4" * 32),),
    rows=1500,
    bytes=40960,
)

REQUIREMENT = Requirement(
    columns=(RequiredColumn(name="amount", type="decimal(12, 2)"), RequiredColumn(name="placed_at")),
    metadata=("unit",),
)

VALID = (
    ValidCase("evidence", "files", ORDERS),
    ValidCase("evidence", "derived_view", REVENUE),
    ValidCase("evidence", "nested_types", NESTED),
    ValidCase("evidence_catalog", "dataset_and_view", CATALOG),
    ValidCase("statistics", "estimated_and_unknown", STATISTICS),
    ValidCase("dataset_ref", "parquet_file", PARQUET_REF),
    ValidCase("dataset_ref", "csv_files", CSV_REF),
    ValidCase("dataset_ref", "in_memory", MEMORY_REF),
    ValidCase("dataset_ref", "hive_partitions", HIVE_REF),
    ValidCase("dataset_ref", "object_store", S3_REF),
    ValidCase("dataset_scan", "units_and_filters", ORDERS_SCAN),
    ValidCase("dataset_scan", "everything_pruned", VISITS_SCAN),
    ValidCase("dataset_snapshot", "one_parquet_file", ORDERS_SNAPSHOT),
    ValidCase("requirement", "typed_and_untyped_column", REQUIREMENT),
    ValidCase("requirement", "nothing", Requirement()),
)

INVALID = (
    InvalidCase("evidence", "negative_rows", altered(ORDERS, "rows", -1)),
    InvalidCase("evidence", "column_without_type", altered(ORDERS, "columns.0", {"name": "order_id"})),
    InvalidCase("evidence_catalog", "name_with_dot", altered(CATALOG, "entries", {"shop.orders": {}})),
    InvalidCase("statistics", "rows_as_text", altered(STATISTICS, "views.labels.rows_in", "many")),
    InvalidCase("dataset_ref", "unknown_format", altered(PARQUET_REF, "format", "avro")),
    InvalidCase("dataset_ref", "delimiter_too_long", altered(CSV_REF, "csv.delimiter", "||")),
    InvalidCase("dataset_ref", "secret_in_clear", altered(S3_REF, "storage.secret_access_key", "letmein")),
    InvalidCase("dataset_scan", "without_reason", without(ORDERS_SCAN, "reason")),
    InvalidCase("dataset_scan", "row_groups_of_one_number", altered(ORDERS_SCAN, "units.0.row_groups.0", [2])),
    InvalidCase("dataset_snapshot", "digest_not_hexadecimal", altered(ORDERS_SNAPSHOT, "content_id", "sha256:5b")),
    InvalidCase("dataset_snapshot", "without_files", without(ORDERS_SNAPSHOT, "files")),
    InvalidCase("requirement", "column_as_text", altered(REQUIREMENT, "columns.0", "amount")),
)
