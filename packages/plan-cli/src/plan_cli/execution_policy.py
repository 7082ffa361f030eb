"""How a build treats its tasks: what plan.toml says of the run and of single views, put together."""

from collections.abc import Mapping

from plan_cli.open_project import OpenProject
from plan_cli.setting_places import settings_located
from plan_contracts import (
    ExecutionMode,
    ExecutionPolicy,
    ExecutorChoice,
    ExecutorKind,
    LogicalGraph,
    NodeKind,
    RetryPolicy,
    RoutingRules,
    TaskPolicy,
    byte_size,
)
from plan_contracts.project import ExecutionSection, ViewSection
from plan_exec import check_rules, check_wishes, choose_executor


def execution_policy(execution: ExecutionSection, views: Mapping[str, ViewSection]) -> ExecutionPolicy:
    """Give the policy that `[execution]` and the `[views.NAME]` sections come to."""
    wishes = {name: _wish(section) for name, section in views.items()}
    return ExecutionPolicy(
        routing=execution.routing or RoutingRules(),
        retries=execution.retries or RetryPolicy(),
        timeout_seconds=execution.timeout,
        memory_bytes=_bytes(execution.memory),
        target_partitions=execution.target_partitions,
        retain_bytes=_bytes(execution.retain),
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


def preview_execution(project: OpenProject, graph: LogicalGraph) -> tuple[str, ...]:
    """Refuse what `[execution]` asks for and cannot be had; give the warnings about the rest.

    Raises
    ------
    PlanError
        When an executor cannot be used, or the policy does not fit.
    """
    section = project.file.execution
    policy = execution_policy(section, project.file.views)
    with settings_located(project):
        choice = choose_executor(section.mode or ExecutionMode.PLAN_PARALLEL, section.executor)
        check_policy(policy, choice, graph)
        check_wishes(policy, choice)
    return policy_warnings(policy, choice)


def policy_warnings(policy: ExecutionPolicy, choice: ExecutorChoice) -> tuple[str, ...]:
    """Say what the executors cannot do of what the policy asks for."""
    timed = [name for name, wish in policy.views.items() if wish.timeout_seconds is not None]
    kinds = {choice.config.kind}
    if choice.mode is ExecutionMode.PLAN_PARALLEL_REMOTE and choice.config.remote_kind is not None:
        kinds.add(choice.config.remote_kind)
    if ExecutorKind.THREADPOOL not in kinds or not (timed or policy.timeout_seconds is not None):
        return ()
    whose = (
        f"of `{timed[0]}`" + (f" and {len(timed) - 1} more views" if len(timed) > 1 else "") if timed else "of tasks"
    )
    return (
        f"the timeout {whose} cannot end a query on threads: its task fails, and its slot stays closed until the query "
        "comes back; worker processes (`--executor multiprocessing`) are ended",
    )


def _wish(section: ViewSection) -> TaskPolicy:
    return TaskPolicy(
        timeout_seconds=section.timeout,
        memory_bytes=_bytes(section.memory),
        slots=section.slots,
        max_attempts=section.max_attempts,
    )


def _bytes(size: str | None) -> int | None:
    return None if size is None else byte_size(size)
