"""Selection, impact and provenance, held against networkx."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import LogicalGraph, LogicalNode, NodeKind, PlanErrors
from plan_contracts.testing import graph
from plan_scheduler import Provenance, SelectionRefused, UnknownTask, impacted, provenance, select, with_inputs

SHOP = graph("orders -> clean -> daily -> report; items -> priced -> daily; priced -> weekly; customers -> people")


def tagged() -> LogicalGraph:
    folders = {"clean": "views/staging/clean.sql", "daily": "views/marts/daily.sql", "weekly": "views/marts/weekly.sql"}
    tags = {"daily": ("mart", "nightly"), "weekly": ("mart",)}
    nodes = tuple(
        LogicalNode(name=node.name, kind=node.kind, path=folders.get(node.name), tags=tags.get(node.name, ()))
        for node in SHOP.nodes
    )
    return LogicalGraph(nodes=nodes, edges=SHOP.edges)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("daily", {"daily"}),
        ("+daily", {"daily", "clean", "priced"}),
        ("daily+", {"daily", "report"}),
        ("+daily+", {"daily", "clean", "priced", "report"}),
        ("1+report", {"daily", "report"}),
        ("2+report", {"daily", "report", "clean", "priced"}),
        ("priced+1", {"priced", "daily", "weekly"}),
        ("0+daily", {"daily"}),
        ("items+", {"priced", "daily", "weekly", "report"}),
        ("orders", set[str]()),
        ("orders+,items+", {"daily", "report"}),
        ("clean people", {"clean", "people"}),
        ("  clean\tpeople ", {"clean", "people"}),
        ("*ly", {"daily", "weekly"}),
        ("tag:mart", {"daily", "weekly"}),
        ("tag:mart,tag:nightly", {"daily"}),
        ("tag:nightly+", {"daily", "report"}),
        ("path:views/marts/*", {"daily", "weekly"}),
        ("state:modified+", {"clean", "daily", "report"}),
    ],
)
def test_select_expression_gives_views(expression: str, expected: set[str]) -> None:
    assert set(select(tagged(), expression, modified=["clean"])) == expected


def test_select_exclude_takes_views_out() -> None:
    assert select(tagged(), "+report", exclude="tag:mart+ priced") == ("clean",)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("dialy+", "There is no dataset or view `dialy`:\n  dialy+\n  ^^^^^\n  Did you mean `daily`?"),
        ("daily, tag:mart", "A comma stands alone:\n  daily, tag:mart\n        ^\n"),
        ("daily +", "`+` is no selection:\n  daily +\n        ^\n"),
        ("2++daily", "`2++daily` is no selection:\n  2++daily\n  ^^^^^^^^\n"),
        ("clean tag:mrt", "No view has the tag `mrt`:\n  clean tag:mrt\n        ^^^^^^^\n  Did you mean `tag:mart`?"),
        ("path:nowhere/*", "No view's file matches `nowhere/*`:\n  path:nowhere/*\n"),
        ("tags:mart", "`tags:mart` is no selection:\n  tags:mart\n  ^^^^^^^^^\n  Did you mean `tag:`?"),
        ("state:new", "`state:new` is no selection:\n"),
        (" ", "The selection is empty"),
    ],
)
def test_select_bad_expression_points_at_the_place(expression: str, message: str) -> None:
    with pytest.raises(SelectionRefused) as caught:
        select(tagged(), expression)
    assert str(caught.value).startswith(message)


def test_select_unknown_state_is_refused() -> None:
    with pytest.raises(SelectionRefused, match="not known what was modified"):
        select(SHOP, "state:modified")


@given(st.text(alphabet="daily+2,: *tagpathsmrt?[]^", max_size=14))
def test_select_any_text_selects_or_is_refused(expression: str) -> None:
    chosen: tuple[str, ...] = ()
    message = "^"
    try:
        chosen = select(tagged(), expression, modified=())
    except SelectionRefused as refused:
        message = refused.message
    assert "^" in message
    assert set(chosen) <= {node.name for node in SHOP.nodes if node.kind is not NodeKind.DATASET}


def test_impacted_and_provenance_agree_with_networkx() -> None:
    reference: nx.DiGraph[str] = nx.DiGraph([(edge.producer, edge.consumer) for edge in SHOP.edges])
    datasets = {node.name for node in SHOP.nodes if node.kind is NodeKind.DATASET}
    for node in sorted(reference):
        below = {other for other in reference if nx.has_path(reference, node, other)}
        above = {other for other in reference if other != node and nx.has_path(reference, other, node)}
        assert set(impacted(SHOP, [node])) == below - datasets
        assert provenance(SHOP, node) == Provenance(
            datasets=tuple(sorted(above & datasets)), views=tuple(sorted(above - datasets))
        )
    assert impacted(SHOP, ["orders", "customers"]) == ("clean", "daily", "people", "report")


@given(st.sets(st.sampled_from([node.name for node in SHOP.nodes])))
def test_with_inputs_gives_the_views_and_all_views_above_them(names: set[str]) -> None:
    above = {name: set(provenance(SHOP, name).views) for name in names}
    datasets = {node.name for node in SHOP.nodes if node.kind is NodeKind.DATASET}
    assert with_inputs(SHOP, names) == names.union(*above.values()) - datasets


def test_impacted_unknown_names_are_all_refused() -> None:
    with pytest.raises(PlanErrors) as caught:
        impacted(SHOP, ["ordres", "zz"])
    assert [error.subject for error in caught.value.errors] == ["ordres", "zz"]
    with pytest.raises(UnknownTask, match="Did you mean `report`"):
        provenance(SHOP, "reprot")
