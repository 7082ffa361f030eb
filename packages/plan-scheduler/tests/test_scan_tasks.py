"""Scans as tasks: one per dataset whose scan is shared, before everything that reads it."""

from plan_contracts import (
    CostSource,
    DatasetScan,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    Materialize,
    NodeKind,
    Statistics,
    TaskKind,
    ViewStatistics,
)
from plan_contracts.testing import definition_of
from plan_scheduler import estimate_costs, lower


def _scan(dataset: str, *, is_task: bool = True) -> DatasetScan:
    return DatasetScan(
        dataset=dataset,
        definition=definition_of(f"scan of {dataset}"),
        projection=("id",),
        units=(),
        files_total=1,
        files_candidate=1,
        files_pruned=0,
        is_task=is_task,
        reason="a test asks for it",
    )


def _graph(reads: dict[str, tuple[str, ...]], *datasets: str) -> LogicalGraph:
    nodes = [LogicalNode(name=name, kind=NodeKind.DATASET) for name in datasets]
    table = Materialize.TABLE
    nodes += [
        LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition=definition_of(name), materialize=table)
        for name in reads
    ]
    edges = tuple(LogicalEdge(producer=each, consumer=name) for name, inputs in reads.items() for each in inputs)
    return LogicalGraph(nodes=tuple(nodes), edges=edges)


def test_scan_is_a_temporary_result_that_its_readers_wait_for() -> None:
    graph = _graph({"a": ("orders",), "b": ("orders", "towns"), "c": ("a",)}, "orders", "towns")

    tasks = lower(graph, scans={"orders": _scan("orders"), "towns": _scan("towns", is_task=False)})

    by_name = {task.name: task for task in tasks.tasks}
    scan = by_name["scan-orders"]
    assert list(by_name) == ["a", "b", "c", "scan-orders"]
    assert (scan.kind, scan.views, scan.outputs, scan.temp, scan.datasets) == (
        TaskKind.SCAN,
        (),
        ("orders",),
        ("orders",),
        ("orders",),
    )
    assert scan.definition == definition_of("scan of orders")
    assert tasks.edges == (("a", "c"), ("scan-orders", "a"), ("scan-orders", "b"))
    assert (by_name["a"].datasets, by_name["b"].datasets) == ((), ("towns",))


def test_scan_takes_a_name_that_no_view_has() -> None:
    tasks = lower(_graph({"Scan-orders": ("orders",)}, "orders"), scans={"orders": _scan("orders")})

    assert [task.name for task in tasks.tasks] == ["Scan-orders", "scan-orders-2"]


def test_scan_that_no_admitted_view_reads_is_no_task() -> None:
    graph = _graph({"a": ("orders",), "b": ("towns",)}, "orders", "towns")

    tasks = lower(graph, admitted={"b"}, scans={"orders": _scan("orders")})

    assert [task.name for task in tasks.tasks] == ["b"]


def test_scan_costs_what_its_statistics_say() -> None:
    tasks = lower(_graph({"a": ("orders",)}, "orders"), scans={"orders": _scan("orders")})
    read = ViewStatistics(view="orders", rows_in=10, bytes_in=1 << 30)

    known = estimate_costs(tasks, Statistics(views={}, scans={"orders": read})).costs["scan-orders"]
    unknown = estimate_costs(tasks, Statistics(views={}, scans={})).costs["scan-orders"]

    assert (known.source, unknown.source) == (CostSource.STATISTICS, CostSource.DEFAULT)
    assert known.seconds > 1
