"""`auto`: what is computed again and what is kept, by cost, readers, size and memory, with the reason."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from msgspec.structs import replace

from plan_contracts import LogicalGraph, LoweringChoice, Materialize, NodeKind, Statistics, TaskGraph, ViewStatistics
from plan_contracts.testing import graph
from plan_scheduler import lower
from plan_scheduler.fusion import MAX_FUSED_DEPTH, MAX_FUSED_VIEWS, MAX_HELD_BYTES, fuse

EPHEMERAL, TABLE, TEMP = Materialize.EPHEMERAL, Materialize.TABLE, Materialize.TEMP
READERS = "v -> a; v -> b; v -> c"


def statistics(**views: tuple[int, int]) -> Statistics:
    """Give statistics: rows that a view works through, and rows that it gives."""
    return Statistics(
        views={
            name: ViewStatistics(view=name, rows_in=worked, rows_worked=worked, rows_out=given, operators=3)
            for name, (worked, given) in views.items()
        }
    )


def lowered(text: str, known: Statistics | None = None, **asked: Materialize) -> TaskGraph:
    """Lower a graph of views, all of them `auto` but those that say otherwise."""
    made = graph(text, datasets=())
    nodes = tuple(replace(node, materialize=asked.get(node.name, Materialize.AUTO)) for node in made.nodes)
    return lower(LogicalGraph(nodes=nodes, edges=made.edges), statistics=known)


def choices(tasks: TaskGraph) -> Mapping[str, LoweringChoice]:
    """Give what became of each view."""
    return {choice.view: choice for choice in tasks.lowering}


def ways(tasks: TaskGraph) -> dict[str, Materialize]:
    """Give as what each view ended."""
    return {choice.view: choice.materialize for choice in tasks.lowering}


def test_auto_leaves_are_tables_and_what_one_view_reads_is_computed_inside_it() -> None:
    tasks = lowered("raw -> clean -> report")

    assert ways(tasks) == {"raw": EPHEMERAL, "clean": EPHEMERAL, "report": TABLE}
    assert [task.views for task in tasks.tasks] == [("raw", "clean", "report")]


def test_auto_view_of_unknown_size_with_several_readers_is_kept() -> None:
    choice = choices(lowered(READERS))["v"]

    assert choice.materialize is TEMP
    assert choice.reason == "`auto`: kept, because it is read 3 times, and its size is not known"


def test_auto_view_that_only_renames_is_computed_again_and_one_that_aggregates_is_kept() -> None:
    renaming = choices(lowered(READERS, statistics(v=(1_000_000, 1_000_000))))["v"]
    aggregating = choices(lowered(READERS, statistics(v=(20_000_000, 1_000))))["v"]

    assert renaming.materialize is EPHEMERAL
    assert renaming.reason == (
        "`auto`: computed inside its readers, because to compute it 3 times takes 142 ms more than once, "
        "to keep it 715 ms"
    )
    assert aggregating.materialize is TEMP
    assert aggregating.reason == (
        "`auto`: kept, because to compute it 3 times takes 2.8 s more than once, to keep it 5.71 ms"
    )


def test_auto_more_readers_tip_the_balance() -> None:
    known = statistics(v=(1_000_000, 200_000))
    few = ways(lowered("v -> a; v -> b", known))["v"]
    many = ways(lowered("; ".join(f"v -> r{index}" for index in range(20)), known))["v"]

    assert (few, many) == (EPHEMERAL, TEMP)


def test_auto_dear_view_with_one_reader_and_a_small_result_is_kept_for_changes_of_the_reader() -> None:
    dear = choices(lowered("v -> a", statistics(v=(100_000_000, 10))))["v"]
    large = choices(lowered("v -> a", statistics(v=(100_000_000, 100_000_000))))["v"]

    assert (dear.materialize, large.materialize) == (TEMP, EPHEMERAL)
    assert dear.reason == "`auto`: kept, because one view reads it; it takes 7 s to compute, and 5.01 ms to keep"


def test_auto_declared_cost_stands_for_the_estimate() -> None:
    made = graph(READERS, datasets=())
    known = statistics(v=(10, 10))

    def of(cost: float | None) -> Materialize:
        nodes = tuple(replace(node, declared_cost=cost) if node.name == "v" else node for node in made.nodes)
        return ways(lower(LogicalGraph(nodes=nodes, edges=made.edges), statistics=known))["v"]

    assert (of(None), of(60.0)) == (EPHEMERAL, TEMP)


def test_auto_view_that_fused_readers_would_compute_too_often_is_kept() -> None:
    middle = [f"m{index}" for index in range(4)]
    text = "; ".join(["v -> " + each for each in middle] + [f"{each} -> {each}a, {each}b, {each}c" for each in middle])
    small = dict.fromkeys(middle, (1000000, 1000000))
    known = statistics(v=(3_000_000, 1_500_000), **small)

    tasks = lowered(text, known)

    assert ways(lowered("; ".join(f"v -> r{index}" for index in range(4)), known))["v"] is EPHEMERAL
    assert [ways(tasks)[each] for each in middle] == [EPHEMERAL] * 4
    assert ways(tasks)["v"] is TEMP
    assert "to compute it 12 times" in choices(tasks)["v"].reason


def test_auto_what_a_user_declares_wins() -> None:
    known = statistics(v=(20_000_000, 1_000))
    for asked in (TABLE, TEMP, EPHEMERAL):
        choice = choices(lowered(READERS, known, v=asked))["v"]
        assert (choice.materialize, choice.reason) == (asked, f"`{asked.value}` is asked for")


@pytest.mark.parametrize("known", [None, statistics()])
def test_auto_python_volatile_and_checked_views_are_never_computed_inside_others(known: Statistics | None) -> None:
    made = graph("v -> a", datasets=())
    a, v = made.nodes
    volatile = lower(LogicalGraph(nodes=(a, replace(v, volatile=True)), edges=made.edges), statistics=known)
    python = lower(LogicalGraph(nodes=(a, replace(v, kind=NodeKind.PYTHON_VIEW)), edges=made.edges), statistics=known)
    reader = lower(LogicalGraph(nodes=(replace(a, kind=NodeKind.PYTHON_VIEW), v), edges=made.edges), statistics=known)
    checked = fuse({"a": a, "v": v}, {"a": ["v"], "v": []}, statistics=known, checked=["v"]).choices["v"]

    for choice in (*(choices(tasks)["v"] for tasks in (volatile, python, reader)), checked):
        assert choice.materialize is TEMP
    assert choices(volatile)["v"].reason == "`auto`: kept, because it is volatile: its readers would see different rows"
    assert choices(python)["v"].reason == "`auto`: kept, because `v` is a Python view"
    assert choices(reader)["v"].reason == "`auto`: kept, because `a` is a Python view"
    assert checked.reason == "`auto`: kept, because its contract needs a check before anything reads it"


def test_auto_chain_is_never_deeper_than_the_bound() -> None:
    names = [f"v{index:03}" for index in range(87)]

    tasks = lowered(" -> ".join(names))

    assert max(len(task.views) for task in tasks.tasks) == MAX_FUSED_DEPTH
    kept = [choice for choice in tasks.lowering if choice.materialize is TEMP]
    assert kept[0].reason == f"`auto`: kept, because its reader `v008` would be {MAX_FUSED_DEPTH + 1} views deep"


def test_auto_lattice_of_87_views_twelve_deep_stays_within_the_bound_on_size() -> None:
    layers = [[f"v{layer:02}{place}" for place in range(7)] for layer in range(12)] + [["x", "y", "z"]]
    text = "; ".join(f"{', '.join(above)} -> {', '.join(below)}" for above, below in pairwise(layers))
    known = statistics(**{name: (100, 100_000_000) for layer in layers for name in layer})

    tasks = lowered(text, known)

    made = graph(text, datasets=())
    producers: dict[str, list[str]] = {}
    for edge in made.edges:
        producers.setdefault(edge.consumer, []).append(edge.producer)
    became = ways(tasks)

    def expanded(view: str) -> int:
        return 1 + sum(expanded(each) for each in producers.get(view, []) if became[each] is EPHEMERAL)

    assert len(became) == 87
    assert max(expanded(task.name) for task in tasks.tasks) <= MAX_FUSED_VIEWS
    assert EPHEMERAL in became.values()


def test_auto_readers_that_would_hold_too_much_memory_read_the_largest_from_the_cache() -> None:
    held = {"a": MAX_HELD_BYTES // 2, "b": MAX_HELD_BYTES // 4, "reader": MAX_HELD_BYTES // 2}
    views = {
        name: ViewStatistics(view=name, rows_in=1, rows_out=1, bytes_held=size, rows_held=1)
        for name, size in held.items()
    }

    tasks = lowered("a, b -> reader", Statistics(views=views))

    assert ways(tasks) == {"a": TEMP, "b": EPHEMERAL, "reader": TABLE}
    assert choices(tasks)["a"].reason == (
        "`auto`: kept, because its reader `reader` would hold about 2.5 GiB in memory"
    )


def test_auto_inputs_are_kept_before_those_that_are_asked_to_be_ephemeral() -> None:
    small = [f"s{index:02}" for index in range(MAX_FUSED_VIEWS - 3)]
    text = f"a -> b -> c -> reader; {', '.join(small)} -> reader"

    tasks = lowered(text, a=EPHEMERAL, b=EPHEMERAL, c=EPHEMERAL)

    became = ways(tasks)
    assert [became[name] for name in "abc"] == [EPHEMERAL] * 3
    assert sum(became[name] is TEMP for name in small) == 1


def test_auto_view_whose_readers_do_not_run_is_kept_by_itself() -> None:
    made = graph("v -> a", datasets=())

    tasks = lower(made, admitted=["v"])

    assert [(task.name, task.temp) for task in tasks.tasks] == [("v", ("v",))]
    assert tasks.lowering[0].reason == "`auto`: kept, because none of its readers runs"


def test_auto_thousand_views_read_by_thousands_are_lowered_without_growing_out_of_hand() -> None:
    layers = [[f"v{layer:02}{place:02}" for place in range(50)] for layer in range(20)]
    text = "; ".join(f"{', '.join(above)} -> {', '.join(below)}" for above, below in pairwise(layers))

    tasks = lowered(text)

    assert len(tasks.lowering) == 1000
