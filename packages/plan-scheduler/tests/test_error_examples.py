"""Every error of this package says what its published example says."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from plan_contracts import LogicalGraph, PlanError
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing import assert_error_example, graph
from plan_scheduler import forecast, lower, schedule_arrays, schedule_edges, select

SHOP = graph("orders -> clean -> daily -> report")


def _without_definition(view: str) -> LogicalGraph:
    nodes = tuple(msgspec.structs.replace(node, definition=None) if node.name == view else node for node in SHOP.nodes)
    return LogicalGraph(nodes=nodes, edges=SHOP.edges)


SCENARIOS: dict[str, Callable[[], object]] = {
    "cost_missing": lambda: schedule_edges(["clean", "daily"], [("clean", "daily")], {"clean": 1.0}),
    "cost_refused": lambda: schedule_edges(["clean"], [], {"clean": -1.0}),
    "duplicate_task": lambda: schedule_edges(["clean", "clean"], [], {"clean": 1.0}),
    "edges_refused": lambda: schedule_arrays(np.array([1.0, 2.0]), np.array([[0, 7]])),
    "input_not_admitted": lambda: lower(SHOP, admitted=["daily"]),
    "plan_cycle": lambda: schedule_edges(
        ["clean", "daily", "report"],
        [("clean", "daily"), ("daily", "report"), ("report", "clean")],
        {"clean": 1.0, "daily": 1.0, "report": 1.0},
    ),
    "selection_refused": lambda: select(SHOP, "clean +dialy"),
    "unknown_task": lambda: schedule_edges(["clean"], [("clean", "dialy")], {"clean": 1.0}),
    "view_not_planned": lambda: lower(_without_definition("daily")),
    "workers_refused": lambda: forecast(schedule_edges(["clean"], [], {"clean": 1.0}), [], workers=[0]),
}


@pytest.mark.parametrize("code", SCENARIOS)
def test_error_says_what_is_published(code: str) -> None:
    with pytest.raises(PlanError) as caught:
        SCENARIOS[code]()
    assert caught.value.code == code
    assert_error_example(caught.value)


def test_every_code_of_this_package_has_a_scenario() -> None:
    assert sorted(SCENARIOS) == [error.code for error in ERROR_CODES if error.package == "plan_scheduler"]
