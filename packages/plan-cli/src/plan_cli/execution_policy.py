"""How a build treats its tasks: what plan.toml says of the run and of single views, put together."""

from collections.abc import Mapping

from plan_contracts import (
    ExecutionPolicy,
    ExecutorChoice,
    LogicalGraph,
    NodeKind,
    RetryPolicy,
    RoutingRules,
    TaskPolicy,
    byte_size,
)
from plan_contracts.project import ExecutionSection, ViewSection
from plan_exec import check_rules


def execution_policy(execution: ExecutionSection, views: Mapping[str, ViewSection]) -> ExecutionPolicy:
    """Give the policy that `[execution]` and the `[views.NAME]` sections come to."""
    wishes = {name: _wish(section) for name, section in views.items()}
    return ExecutionPolicy(
        routing=execution.routing or RoutingRules(),
        retries=execution.retries or RetryPolicy(),
        timeout_seconds=execution.timeout,
        memory_bytes=_bytes(execution.memory),
        target_partitions=execution.target_partitions,
        views={name: wish for name, wish in wishes.items() if wish != TaskPolicy()},
    )


def check_policy(policy: ExecutionPolicy, choice: ExecutorChoice, graph: LogicalGraph) -> None:
    """Refuse a policy that does not fit the project or the executors, before anything runs.

    Raises
    ------
    PlanError
        When a routing rule names a view, tag or executor that is not there.
    """
    views = [node for node in graph.nodes if node.kind is not NodeKind.DATASET]
    tags = {tag for node in views for tag in node.tags}
    check_rules(policy.routing, choice, views=[node.name for node in views], tags=tags)


def _wish(section: ViewSection) -> TaskPolicy:
    return TaskPolicy(
        timeout_seconds=section.timeout,
        memory_bytes=_bytes(section.memory),
        slots=section.slots,
        max_attempts=section.max_attempts,
    )


def _bytes(size: str | None) -> int | None:
    return None if size is None else byte_size(size)
