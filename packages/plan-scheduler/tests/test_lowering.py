"""Lowering: one task per admitted view, with its reason."""

import pytest

from plan_contracts import (
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    Materialize,
    NodeKind,
    PlanErrors,
    TaskKind,
)
from plan_scheduler import InputNotAdmitted, UnknownTask, ViewNotPlanned, lower

D = "d" * 64


def view(name: str, definition: str | None = D, materialize: Materialize = Materialize.AUTO) -> LogicalNode:
    return LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition=definition, materialize=materialize)


def edge(producer: str, consumer: str) -> LogicalEdge:
    return LogicalEdge(producer=producer, consumer=consumer)


ORDERS = LogicalNode(name="orders", kind=NodeKind.DATASET)


def test_lower_views_and_datasets_makes_one_task_per_view() -> None:
    scored = LogicalNode(
        name="scored",
        kind=NodeKind.PYTHON_VIEW,
        definition="e" * 64,
        volatile=True,
        reproducible=True,
        tags=("mart",),
        declared_cost=3.5,
    )
    graph = LogicalGraph(
        nodes=(scored, ORDERS, view("clean")),
        edges=(edge("orders", "clean"), edge("clean", "scored"), edge("orders", "scored")),
    )
    tasks = lower(graph)
    assert [task.name for task in tasks.tasks] == ["clean", "scored"]
    assert tasks.edges == (("clean", "scored"),)
    clean, python = tasks.tasks
    assert (clean.kind, clean.views, clean.outputs, clean.datasets, clean.definition) == (
        TaskKind.VIEW,
        ("clean",),
        ("clean",),
        ("orders",),
        D,
    )
    assert python.kind is TaskKind.PYTHON
    assert (python.volatile, python.reproducible, python.tags, python.declared_cost) == (True, True, ("mart",), 3.5)


def test_lower_admitted_views_leaves_out_the_rest() -> None:
    graph = LogicalGraph(
        nodes=(ORDERS, view("a"), view("b"), view("broken", None)),
        edges=(edge("orders", "a"), edge("a", "b"), edge("b", "broken"), edge("orders", "broken")),
    )
    tasks = lower(graph, admitted=["b", "a"])
    assert [task.name for task in tasks.tasks] == ["a", "b"]
    assert tasks.edges == (("a", "b"),)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Materialize.TABLE, "`table` is asked for"),
        (Materialize.AUTO, "`auto`: every view is written as a table"),
        (Materialize.TEMP, "`temp` is asked for and not supported yet: every view is written as a table"),
        (Materialize.EPHEMERAL, "`ephemeral` is asked for and not supported yet: every view is written as a table"),
    ],
)
def test_lower_materialize_records_what_became_of_it(asked: Materialize, reason: str) -> None:
    (choice,) = lower(LogicalGraph(nodes=(view("a", materialize=asked),), edges=())).lowering
    assert (choice.view, choice.materialize, choice.reason) == ("a", Materialize.TABLE, reason)


def test_lower_impossible_admission_reports_every_problem() -> None:
    graph = LogicalGraph(
        nodes=(view("a"), view("b"), view("c", None)),
        edges=(edge("a", "b"),),
    )
    with pytest.raises(PlanErrors) as caught:
        lower(graph, admitted={"b", "c", "zz"})
    assert [(type(error), error.subject) for error in caught.value.errors] == [
        (UnknownTask, "zz"),
        (InputNotAdmitted, "b"),
        (ViewNotPlanned, "c"),
    ]


def test_lower_empty_graph_is_empty() -> None:
    tasks = lower(LogicalGraph(nodes=(ORDERS,), edges=()))
    assert tasks.tasks == tasks.edges == tasks.lowering == ()
