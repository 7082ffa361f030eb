"""Which executor a task goes to: by the user's rules, else by kind and cost."""

from collections.abc import Collection, Iterator, Mapping

from plan_contracts import (
    ExecutionMode,
    ExecutorChoice,
    ExecutorKind,
    Placement,
    PlanError,
    RoutingDecision,
    RoutingRules,
    Task,
    TaskKind,
    raise_all,
)
from plan_contracts.names import nearest
from plan_exec.choice import slots_of
from plan_exec.errors import RoutingRefused


def check_rules(rules: RoutingRules, choice: ExecutorChoice, *, views: Collection[str], tags: Collection[str]) -> None:
    """Compare the rules with the project and the run's executors.

    Parameters
    ----------
    rules
        What the user wrote.
    choice
        The executors of this run.
    views, tags
        Every view of the project, and every tag that a view carries.

    Raises
    ------
    RoutingRefused
        When a rule names an executor that the run does not have, or a view or tag that does not exist.
    PlanErrors
        When several do; all of them.
    """
    unknown = [*_unknown_names("views", rules.views, views), *_unknown_names("tags", rules.tags, tags)]
    raise_all([*unknown, *_absent(rules, choice)])


def check_executors(rules: RoutingRules, choice: ExecutorChoice) -> None:
    """Refuse rules that name an executor which the run does not have.

    Raises
    ------
    RoutingRefused
        When a rule does.
    PlanErrors
        When several do; all of them.
    """
    raise_all(list(_absent(rules, choice)))


def route(task: Task, cost: float, choice: ExecutorChoice, rules: RoutingRules) -> RoutingDecision:
    """Decide where a task runs, and say by which rule.

    Parameters
    ----------
    task
        The task.
    cost
        Its cost in seconds.
    choice
        The executors of this run.
    rules
        The user's rules: those of views win over those of tags, and these over those of kinds.

    Raises
    ------
    RoutingRefused
        When two rules of the same rank send the task to different executors.
    """
    if choice.mode is ExecutionMode.DETERMINISTIC_SERIAL:
        executor, reason = Placement.INLINE, "serial mode runs one task after the other in the driver's process"
    elif (ruled := _ruled(task, rules)) is not None:
        executor, reason = Placement(ruled[0].value), ruled[1]
    elif choice.mode is ExecutionMode.PLAN_PARALLEL_REMOTE and choice.config.remote_kind is not None:
        executor, reason = _by_cost(task, cost, choice, choice.config.remote_kind)
    else:
        executor, reason = Placement(choice.config.kind.value), "there is one executor"
    return RoutingDecision(task=task.name, task_kind=task.kind, task_cost=cost, executor=executor, reason=reason)


def _ruled(task: Task, rules: RoutingRules) -> tuple[ExecutorKind, str] | None:
    """Give where the rules send a task, and which rule it was; the view that names the task speaks for all in it."""
    by_view = {view: rules.views[view] for view in task.views if view in rules.views}
    if task.name in by_view:
        by_view = {task.name: by_view[task.name]}
    by_tag = {tag: rules.tags[tag] for tag in task.tags if tag in rules.tags}
    by_kind = {task.kind.value: rules.kinds[task.kind]} if task.kind in rules.kinds else {}
    for rank, found in (("views", by_view), ("tags", by_tag), ("kinds", by_kind)):
        if found:
            return _agreed(task, rank, found)
    return None


def _agreed(task: Task, rank: str, found: Mapping[str, ExecutorKind]) -> tuple[ExecutorKind, str]:
    (first, kind), *others = sorted(found.items())
    for other, differs in others:
        if differs is not kind:
            message = (
                f"The task `{task.name}` goes to `{kind.value}` by `execution.routing.{rank}.{first}`, and to "
                f"`{differs.value}` by `execution.routing.{rank}.{other}`"
            )
            mend = f'Write a rule for it: `{task.name} = "{kind.value}"` under `[execution.routing.views]`.'
            raise RoutingRefused(message, subject=f"execution.routing.{rank}.{other}", suggestion=mend)
    return kind, f"the rule `execution.routing.{rank}.{first}`"


def _by_cost(task: Task, cost: float, choice: ExecutorChoice, remote: ExecutorKind) -> tuple[Placement, str]:
    threshold = choice.config.cost_threshold
    if task.kind is TaskKind.SCAN:
        return Placement(remote.value), "scans go to `remote_kind`"
    if cost >= threshold:
        return Placement(remote.value), f"its cost of {cost:g} s is at or over `cost_threshold`, {threshold:g} s"
    return Placement(choice.config.kind.value), f"its cost of {cost:g} s is under `cost_threshold`, {threshold:g} s"


def _absent(rules: RoutingRules, choice: ExecutorChoice) -> Iterator[PlanError]:
    """Give an error for each rule that names an executor which the run does not have."""
    if choice.mode is ExecutionMode.DETERMINISTIC_SERIAL:
        return
    present = slots_of(choice)
    kinds = {task_kind.value: executor for task_kind, executor in rules.kinds.items()}
    ranks = {"views": rules.views, "tags": rules.tags, "kinds": kinds}
    for rank, given in ranks.items():
        for name, kind in given.items():
            if Placement(kind.value) not in present:
                setting = f"execution.routing.{rank}.{name}"
                known = " and ".join(f"`{each.value}`" for each in present)
                message = f"The rule `{setting}` names `{kind.value}`, and this run has {known}"
                mend = f'Use the mode `plan_parallel_remote` with `remote_kind = "{kind.value}"`, or take the rule out.'
                yield RoutingRefused(message, subject=setting, suggestion=mend)


def _unknown_names(rank: str, given: Collection[str], known: Collection[str]) -> Iterator[PlanError]:
    for name in given:
        if name not in known:
            what = rank.removesuffix("s")
            near = nearest(name, known)
            mend = f"Did you mean `{near}`?" if near else f"No {what} is called so; look at `[views]` in plan.toml."
            yield RoutingRefused(
                f"The rule `execution.routing.{rank}.{name}` is about a {what} that the project does not have",
                subject=f"execution.routing.{rank}.{name}",
                suggestion=mend,
            )
