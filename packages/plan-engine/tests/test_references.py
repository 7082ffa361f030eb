"""Views are planned after what they read, and every view that waits for itself is named with a cycle it is on."""

from graphlib import CycleError, TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import Source, ViewSource
from plan_engine.planning_session import PlanningSession
from plan_engine.references import find_references, planning_order

Graph = dict[str, tuple[str, ...]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    names = [f"v{index}" for index in range(draw(st.integers(1, 8)))]
    return {name: tuple(draw(st.lists(st.sampled_from(names), max_size=3))) for name in names}


def reaches_itself(name: str, reads: Graph) -> bool:
    """Follow every reader of a reader: the oracle."""
    seen: set[str] = set()
    todo = list(reads[name])
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.add(each)
            todo += reads[each]
    return name in seen


@given(graphs())
def test_planning_order_any_graph_separates_views_on_cycles_from_an_order_of_the_others(reads: Graph) -> None:
    order, cycles = planning_order(reads)

    assert set(cycles) == {name for name in reads if reaches_itself(name, reads)}
    assert sorted([*order, *cycles]) == sorted(reads)
    place = {name: index for index, name in enumerate(order)}
    assert all(place[each] < place[name] for name in order for each in reads[name] if each in place)


@given(graphs())
def test_planning_order_cycle_holds_its_view_and_each_member_reads_the_one_before(reads: Graph) -> None:
    for name, members in planning_order(reads)[1].items():
        assert name in members
        assert len(set(members)) == len(members)
        assert members[0] == min(members)
        assert all(members[index - 1] in reads[member] for index, member in enumerate(members))


@given(graphs())
def test_planning_order_agrees_with_graphlib_on_whether_there_is_a_cycle(reads: Graph) -> None:
    try:
        TopologicalSorter(reads).prepare()
        cyclic = False
    except CycleError:
        cyclic = True

    assert bool(planning_order(reads)[1]) == cyclic


def test_planning_order_two_cycles_that_share_a_view_name_all_members() -> None:
    order, cycles = planning_order({"a": ("b", "c"), "b": ("a",), "c": ("a",), "d": ("a",)})

    assert cycles == {"a": ("a", "b"), "b": ("a", "b"), "c": ("a", "c")}
    assert order == ["d"]


def test_planning_order_very_long_cycle_is_found_without_recursion() -> None:
    names = [f"v{index:05}" for index in range(20_000)]
    _, cycles = planning_order({name: (names[index - 1],) for index, name in enumerate(names)})

    assert set(cycles.values()) == {tuple(names)}


def sources(texts: dict[str, str]) -> dict[str, Source]:
    return {name: ViewSource(name=name, path=f"views/{name}.sql", sql=text) for name, text in texts.items()}


@given(graphs(), st.lists(st.sampled_from([f"v{index}" for index in range(8)]), max_size=3))
def test_find_references_any_graph_and_misleading_words_give_the_tables_of_each_plan(
    reads: Graph, named: list[str]
) -> None:
    words = ", ".join(f"1 as {name}" for name in dict.fromkeys(named)) or "1 as x"
    texts = {
        name: f"select {words}" + (f" from {', '.join(sorted(set(reads[name])))}" * bool(reads[name])) for name in reads
    }

    found = find_references(PlanningSession(), sources(texts))

    assert found.tables == {name: tuple(sorted(set(read))) for name, read in reads.items()}
    assert not found.plans.keys() & {name for name in reads if reaches_itself(name, reads)}


@given(graphs())
def test_find_references_words_that_do_not_mislead_plan_every_view_above_the_cycles_at_once(reads: Graph) -> None:
    texts = {
        name: f"select 1 as x from {', '.join(sorted(set(reads[name])))}" if reads[name] else "select 1 as x"
        for name in reads
    }

    found = find_references(PlanningSession(), sources(texts))

    order, cycles = planning_order(reads)
    below: set[str] = set(cycles)
    for name in order:
        below |= {name} if below.intersection(reads[name]) else set()
    assert found.plans.keys() == reads.keys() - below


def test_find_references_word_that_misleads_leaves_a_view_to_be_planned_later() -> None:
    found = find_references(PlanningSession(), sources({"z": "select 1 as a", "a": "select * from z"}))

    assert found.tables == {"z": (), "a": ("z",)}
    assert set(found.plans) == {"z"}


def test_find_references_text_that_is_no_query_is_refused_and_the_others_are_planned() -> None:
    found = find_references(PlanningSession(), sources({"a": "selec 1", "b": "drop table t", "c": "select 1 as x"}))

    assert set(found.refused) == {"a", "b"}
    assert set(found.plans) == {"c"}
