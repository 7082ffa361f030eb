"""What options and plan.toml come to together."""

from collections.abc import Mapping
from dataclasses import fields

import msgspec
import pytest

from plan_cli.app import app
from plan_cli.cluster_options import ClusterOptions
from plan_cli.errors import OptionRefused
from plan_cli.execution_options import ExecutionOptions
from plan_cli.execution_policy import execution_policy
from plan_contracts import (
    DaskSettings,
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    RaySettings,
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
    retain="1GiB",
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
        retain="0B",
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
        retain="0B",
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
    assert policy.retain_bytes == 1 << 30
    assert execution_policy(ExecutionSection(), {}).retain_bytes is None


def _options_of(settings: type[msgspec.Struct], renamed: Mapping[str, str], prefix: str = "") -> set[str]:
    """Give the option of each key, by the name that it has in the code."""
    return {renamed.get(field.name, f"{prefix}{field.name}") for field in msgspec.structs.fields(settings)}


def test_options_are_there_for_every_key_of_plan_toml() -> None:
    parts = {"executor", "routing", "retries", "adapters"}
    wanted = {
        *(_options_of(ExecutionSection, {}) - parts),
        *(_options_of(ExecutorConfig, {"kind": "executor", "remote_kind": "remote_executor"}) - {"dask", "ray"}),
        *_options_of(
            RetryPolicy,
            {"base_seconds": "retry_base", "cap_seconds": "retry_cap", "max_attempts": "max_attempts"},
            "retry_",
        ),
        "route",
        "adapter",
    }
    on_clusters = {*_options_of(DaskSettings, {}, "dask_"), *_options_of(RaySettings, {}, "ray_")}

    assert wanted == {field.name for field in fields(ExecutionOptions)} - {"clusters"}
    assert on_clusters == {field.name for field in fields(ClusterOptions)}


@pytest.mark.parametrize("option", ["retry-timeouts", "dask-insecure", "ray-insecure"])
def test_option_that_switches_on_can_also_switch_off_what_plan_toml_says(option: str) -> None:
    _, on, _ = app.parse_args(["build", ".", f"--{option}"])
    _, off, _ = app.parse_args(["build", ".", f"--no-{option}"])

    given = [bound.arguments["execution"] for bound in (on, off)]
    parts = [each if option == "retry-timeouts" else each.clusters for each in given]
    assert [getattr(each, option.replace("-", "_")) for each in parts] == [True, False]
