"""The error of this package says what its published example says."""

import pytest

from plan_contracts import EvidenceCatalog, LogicalEdge, LogicalGraph
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing import assert_error_example, graph
from plan_validate import GraphRefused, validate_graph


def test_error_says_what_is_published() -> None:
    shop = graph("orders -> daily")
    broken = LogicalGraph(nodes=shop.nodes, edges=(*shop.edges, LogicalEdge(producer="ordres", consumer="daily")))
    with pytest.raises(GraphRefused) as caught:
        validate_graph(broken, EvidenceCatalog(entries={}))
    assert_error_example(caught.value)


def test_every_code_of_this_package_is_held_here() -> None:
    assert [error.code for error in ERROR_CODES if error.package == "plan_validate"] == ["graph_refused"]
