"""What options and plan.toml come to together."""

import pytest

from plan_cli.errors import OptionRefused
from plan_cli.execution_options import ExecutionOptions
from plan_cli.execution_policy import execution_policy
from plan_contracts import (
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    RetryPolicy,
    RoutingRules,
    TaskKind,
    TaskPolicy,
)
from plan_contracts.project import ExecutionSection, ViewSection

GIVEN = ExecutionSection(
    mode=ExecutionMode.PLAN_PARALLEL_REMOTE,
    executor=ExecutorConfig(kind=ExecutorKind.THREADPOOL, remote_kind=ExecutorKind.MULTIPROCESSING),
    routing=RoutingRules(views={"daily": ExecutorKind.THREADPOOL}),
    retries=RetryPolicy(max_attempts=5, base_seconds=2.0),
    timeout=60.0,
    memory="1GiB",
    target_partitions=2,
    adapters=("trackers:Progress",),
)


def test_options_none_given_leaves_plan_toml_as_it_is() -> None:
    assert ExecutionOptions().over(GIVEN) == GIVEN
    assert ExecutionOptions().over(ExecutionSection()).executor is None


def test_options_each_replaces_its_own_key() -> None:
    options = ExecutionOptions(
        mode=ExecutionMode.PLAN_PARALLEL,
        max_tasks=3,
        remote_max_tasks=5,
        cost_threshold=0.0,
        tasks_per_worker=100,
        worker_memory="2GB",
        route=("view:daily=multiprocessing", "kind:scan=threadpool", "tag:heavy=multiprocessing"),
        timeout=0.5,
        memory="512 MiB",
        target_partitions=1,
        max_attempts=1,
        retry_jitter=0.0,
        adapter=("trackers:Lineage",),
    )

    asked = options.over(GIVEN)

    assert asked == ExecutionSection(
        mode=ExecutionMode.PLAN_PARALLEL,
        executor=ExecutorConfig(
            kind=ExecutorKind.THREADPOOL,
            max_tasks=3,
            remote_kind=ExecutorKind.MULTIPROCESSING,
            remote_max_tasks=5,
            cost_threshold=0.0,
            tasks_per_worker=100,
            worker_memory="2GB",
        ),
        routing=RoutingRules(
            views={"daily": ExecutorKind.MULTIPROCESSING},
            tags={"heavy": ExecutorKind.MULTIPROCESSING},
            kinds={TaskKind.SCAN: ExecutorKind.THREADPOOL},
        ),
        retries=RetryPolicy(max_attempts=1, base_seconds=2.0, jitter=0.0),
        timeout=0.5,
        memory="512 MiB",
        target_partitions=1,
        adapters=("trackers:Progress", "trackers:Lineage"),
    )


@pytest.mark.parametrize(
    "rule",
    ["daily=threadpool", "view:=threadpool", "view:daily", "view:daily=threads", "kind:vew=threadpool", "colour:a=ray"],
)
def test_options_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(OptionRefused, match="is no rule"):
        ExecutionOptions(route=(rule,)).over(ExecutionSection())


def test_policy_takes_what_views_ask_for() -> None:
    views = {"daily": ViewSection(timeout=5.0, memory="1KiB", slots=2, max_attempts=4), "stock": ViewSection(cost=3.0)}

    policy = execution_policy(GIVEN, views)

    assert policy.views == {
        "daily": TaskPolicy(timeout_seconds=5.0, memory_bytes=1024, slots=2, max_attempts=4),
    }
    assert (policy.memory_bytes, policy.timeout_seconds, policy.target_partitions) == (1 << 30, 60.0, 2)
