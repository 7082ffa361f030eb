"""Checks as tasks: one per dataset or view, between its producer and everything that reads it."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from plan_contracts import (
    CostSource,
    DataCheck,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    Materialize,
    NodeKind,
    Statistics,
    TaskKind,
    ViewStatistics,
    ViolationKind,
)
from plan_scheduler import estimate_costs, lower

UNIQUE = DataCheck(
    name="unique(id)",
    kind=ViolationKind.NOT_UNIQUE,
    subject="id",
    declared="unique",
    sql="select id from t group by id having count(*) > 1",
    definition="1" * 64,
)
NOT_NULL = replace(UNIQUE, name="not_null(id)", definition="2" * 64)


def _graph(*names: str, materialize: Materialize = Materialize.TABLE) -> LogicalGraph:
    """Make a chain of views over the dataset `orders`."""
    nodes = [LogicalNode(name="orders", kind=NodeKind.DATASET)]
    nodes += [
        LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition="d" * 64, materialize=materialize) for name in names
    ]
    chain = ("orders", *names)
    edges = tuple(LogicalEdge(producer=a, consumer=b) for a, b in pairwise(chain))
    return LogicalGraph(nodes=tuple(nodes), edges=edges)


def test_check_of_a_view_stands_between_it_and_its_readers() -> None:
    tasks = lower(_graph("a", "b"), checks={"a": (UNIQUE, NOT_NULL)})
    assert tasks.edges == (("a", "b"), ("a", "check-a"), ("check-a", "b"))
    check = next(task for task in tasks.tasks if task.name == "check-a")
    assert (check.kind, check.views, check.outputs, check.datasets) == (TaskKind.CHECK, ("a",), (), ())
    assert check.checks == (UNIQUE, NOT_NULL)


def test_check_of_a_dataset_stands_before_its_readers() -> None:
    tasks = lower(_graph("a", "b"), checks={"orders": (UNIQUE,)})
    assert tasks.edges == (("a", "b"), ("check-orders", "a"))
    check = next(task for task in tasks.tasks if task.name == "check-orders")
    assert (check.views, check.datasets) == ((), ("orders",))


def test_check_of_a_leaf_has_no_consumer_and_is_there() -> None:
    assert lower(_graph("a"), checks={"a": (UNIQUE,)}).edges == (("a", "check-a"),)


@pytest.mark.parametrize("subject", ["unread", "held"])
def test_check_of_what_no_task_gives_or_reads_is_no_task(subject: str) -> None:
    graph = _graph("a", "held")
    graph = replace(graph, nodes=(*graph.nodes, LogicalNode(name="unread", kind=NodeKind.DATASET)))
    tasks = lower(graph, admitted=("a",), checks={subject: (UNIQUE,)})
    assert [task.name for task in tasks.tasks] == ["a"]


def test_check_whose_name_is_taken_gets_another() -> None:
    tasks = lower(_graph("a", "check-a", "Check-A-2"), checks={"a": (UNIQUE,)})
    assert [task.name for task in tasks.tasks if task.kind is TaskKind.CHECK] == ["check-a-3"]


def test_check_of_a_very_long_name_has_a_name_of_the_grammar() -> None:
    long = "v" * 200
    (check,) = [task for task in lower(_graph(long), checks={long: (UNIQUE,)}).tasks if task.kind is TaskKind.CHECK]
    assert len(check.name.encode()) <= 200


def test_checked_view_is_not_computed_inside_its_readers() -> None:
    tasks = lower(_graph("a", "b", materialize=Materialize.EPHEMERAL), checks={"a": (UNIQUE,)})
    assert ("a", "check-a") in tasks.edges
    assert "contract" in next(choice.reason for choice in tasks.lowering if choice.view == "a")


def test_definition_of_a_check_follows_what_is_checked() -> None:
    def definition(*checks: DataCheck) -> str:
        tasks = lower(_graph("a"), checks={"a": checks})
        return next(task.definition for task in tasks.tasks if task.kind is TaskKind.CHECK)

    assert definition(UNIQUE) == definition(replace(UNIQUE, sql="select  id from t"))
    assert len({definition(UNIQUE), definition(NOT_NULL), definition(UNIQUE, NOT_NULL)}) == 3


def test_check_costs_by_what_it_reads_once_for_each_query() -> None:
    read = Statistics(views={}, checks={"a": ViewStatistics(view="a", rows_in=10_000_000, bytes_in=80_000_000)})

    def cost(*checks: DataCheck) -> float:
        table = estimate_costs(lower(_graph("a"), checks={"a": checks}), read)
        assert table.costs["check-a"].source is CostSource.STATISTICS
        return table.costs["check-a"].seconds

    assert 0.1 < cost(UNIQUE) < cost(UNIQUE, NOT_NULL) <= 2 * cost(UNIQUE)
