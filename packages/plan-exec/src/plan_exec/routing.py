"""Which executor a task goes to."""

from plan_contracts import ExecutionMode, ExecutorChoice, Placement, RoutingDecision, Task


def route(task: Task, cost: float, choice: ExecutorChoice) -> RoutingDecision:
    """Decide where a task runs, and say by which rule.

    Parameters
    ----------
    task
        The task.
    cost
        Its cost in seconds.
    choice
        The executors of this run.
    """
    if choice.mode is ExecutionMode.DETERMINISTIC_SERIAL:
        executor, reason = Placement.INLINE, "serial mode runs one task after the other in the driver's process"
    else:
        executor, reason = Placement(choice.config.kind.value), "there is one executor"
    return RoutingDecision(task=task.name, task_kind=task.kind, task_cost=cost, executor=executor, reason=reason)
