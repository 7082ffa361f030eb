"""Where a task goes, rule by rule, and which rules are refused."""

from collections.abc import Mapping

import pytest

from plan_contracts import (
    ExecutionMode,
    ExecutorChoice,
    ExecutorConfig,
    ExecutorKind,
    Placement,
    PlanErrors,
    RoutingRules,
    Task,
    TaskKind,
    digest,
)
from plan_exec import RoutingRefused, check_rules
from plan_exec.routing import check_executors, route

THREADPOOL, PROCESSES = ExecutorKind.THREADPOOL, ExecutorKind.MULTIPROCESSING

TWO = ExecutorChoice(
    mode=ExecutionMode.PLAN_PARALLEL_REMOTE,
    config=ExecutorConfig(kind=THREADPOOL, remote_kind=PROCESSES, cost_threshold=2.0),
    reason="as configured",
)
ONE = ExecutorChoice(mode=ExecutionMode.PLAN_PARALLEL, config=ExecutorConfig(kind=THREADPOOL), reason="as configured")


def _task(name: str = "v", kind: TaskKind = TaskKind.VIEW, *, views: tuple[str, ...] = (), tags: str = "") -> Task:
    return Task(
        name=name,
        kind=kind,
        views=views or (name,),
        outputs=(name,),
        definition=digest(name),
        tags=tuple(tags.split()),
    )


def _rules(
    views: Mapping[str, ExecutorKind] | None = None,
    tags: Mapping[str, ExecutorKind] | None = None,
    kinds: Mapping[TaskKind, ExecutorKind] | None = None,
) -> RoutingRules:
    return RoutingRules(views=dict(views or {}), tags=dict(tags or {}), kinds=dict(kinds or {}))


@pytest.mark.parametrize(
    ("task", "cost", "executor", "reason"),
    [
        (_task(), 1.5, Placement.THREADPOOL, "its cost of 1.5 s is under `cost_threshold`, 2 s"),
        (_task(), 2.0, Placement.MULTIPROCESSING, "its cost of 2 s is at or over `cost_threshold`, 2 s"),
        (_task(kind=TaskKind.PYTHON), 0.0, Placement.THREADPOOL, "its cost of 0 s is under `cost_threshold`, 2 s"),
        (_task(kind=TaskKind.CHECK), 7.5, Placement.MULTIPROCESSING, "its cost of 7.5 s is at or over"),
        (_task(kind=TaskKind.SCAN), 0.0, Placement.MULTIPROCESSING, "scans go to `remote_kind`"),
    ],
)
def test_route_without_rules_goes_by_kind_and_cost(task: Task, cost: float, executor: Placement, reason: str) -> None:
    decision = route(task, cost, TWO, RoutingRules())

    assert (decision.task, decision.task_kind, decision.task_cost) == (task.name, task.kind, cost)
    assert decision.executor is executor
    assert decision.reason.startswith(reason)


def test_route_rule_of_a_view_wins_over_its_tags_and_these_over_its_kind() -> None:
    by_kind = _rules(kinds={TaskKind.VIEW: PROCESSES})
    by_tag = _rules(tags={"light": THREADPOOL}, kinds={TaskKind.VIEW: PROCESSES})
    by_view = _rules(views={"v": PROCESSES}, tags={"light": THREADPOOL}, kinds={TaskKind.VIEW: THREADPOOL})
    task = _task(tags="light other")

    assert [
        (made.executor.value, made.reason) for made in (route(task, 0.0, TWO, r) for r in (by_kind, by_tag, by_view))
    ] == [
        ("multiprocessing", "the rule `execution.routing.kinds.view`"),
        ("threadpool", "the rule `execution.routing.tags.light`"),
        ("multiprocessing", "the rule `execution.routing.views.v`"),
    ]


def test_route_of_fused_views_follows_the_view_that_names_the_task() -> None:
    rules = _rules(views={"inner": THREADPOOL, "v": PROCESSES})

    assert route(_task(views=("inner", "v")), 0.0, TWO, rules).executor is Placement.MULTIPROCESSING
    assert route(_task(views=("inner", "w"), name="w"), 9.0, TWO, rules).executor is Placement.THREADPOOL


def test_route_rules_of_one_rank_that_differ_are_refused() -> None:
    rules = _rules(tags={"a": THREADPOOL, "b": PROCESSES})

    with pytest.raises(RoutingRefused, match=r"`v` goes to `threadpool` by `execution.routing.tags.a`, and to"):
        route(_task(tags="a b"), 0.0, TWO, rules)
    assert route(_task(tags="b"), 0.0, TWO, rules).executor is Placement.MULTIPROCESSING


def test_route_with_one_executor_says_so() -> None:
    decision = route(_task(kind=TaskKind.SCAN), 99.0, ONE, RoutingRules())

    assert (decision.executor, decision.reason) == (Placement.THREADPOOL, "there is one executor")


def test_check_rules_names_every_view_tag_and_executor_that_is_not_there() -> None:
    rules = _rules(views={"orderz": THREADPOOL, "v": PROCESSES}, tags={"heavy": THREADPOOL})

    with pytest.raises(PlanErrors) as refused:
        check_rules(rules, ONE, views=["orders", "v"], tags=[])

    assert [error.subject for error in refused.value.errors] == [
        "execution.routing.views.orderz",
        "execution.routing.tags.heavy",
        "execution.routing.views.v",
    ]
    assert refused.value.errors[0].suggestion == "Did you mean `orders`?"
    assert "this run has `threadpool`" in refused.value.errors[2].message


def test_check_executors_refuses_the_kinds_that_the_run_does_not_have() -> None:
    rules = _rules(kinds={TaskKind.PYTHON: ExecutorKind.DASK})

    with pytest.raises(RoutingRefused, match=r"`execution.routing.kinds.python` names `dask`"):
        check_executors(rules, TWO)
    check_executors(_rules(kinds={TaskKind.PYTHON: PROCESSES}), TWO)
