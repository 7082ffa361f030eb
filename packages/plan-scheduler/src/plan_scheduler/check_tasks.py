"""Checks as tasks: between the producer of data and everything that reads it."""

from collections.abc import Mapping, Sequence

from plan_contracts import DataCheck, Task, TaskGraph, TaskKind, digest
from plan_scheduler.task_names import unused_name


def add_checks(tasks: TaskGraph, checks: Mapping[str, Sequence[DataCheck]]) -> TaskGraph:
    """Add one task for each dataset or view that is checked, after its producer and before its consumers.

    Parameters
    ----------
    tasks
        The tasks that compute views.
    checks
        What is checked, by dataset or view. A subject that no task gives or reads has no task.

    Returns
    -------
    TaskGraph
        A consumer waits for the check, and for the producer as before.
    """
    taken = {task.name.casefold() for task in tasks.tasks}
    owners = {view: task.name for task in tasks.tasks for view in task.outputs}
    readers: dict[str, list[str]] = {}
    for task in tasks.tasks:
        for dataset in task.datasets:
            readers.setdefault(dataset, []).append(task.name)
    for producer, consumer in tasks.edges:
        readers.setdefault(producer, []).append(consumer)
    added: list[Task] = []
    edges = set(tasks.edges)
    for subject in sorted(checks):
        owner = owners.get(subject)
        consumers = readers.get(subject if owner is None else owner, [])
        if not checks[subject] or (owner is None and not consumers):
            continue
        check = _task(unused_name("check", subject, taken), subject, tuple(checks[subject]), is_view=owner is not None)
        added.append(check)
        edges |= {(check.name, consumer) for consumer in consumers}
        if owner is not None:
            edges.add((owner, check.name))
    return TaskGraph(
        tasks=tuple(sorted((*tasks.tasks, *added), key=lambda task: task.name)),
        edges=tuple(sorted(edges)),
        lowering=tasks.lowering,
    )


def _task(name: str, subject: str, checks: tuple[DataCheck, ...], *, is_view: bool) -> Task:
    return Task(
        name=name,
        kind=TaskKind.CHECK,
        views=(subject,) if is_view else (),
        outputs=(),
        datasets=() if is_view else (subject,),
        definition=digest("check", *(part for check in checks for part in (check.name, check.definition or check.sql))),
        volatile=any(check.volatile for check in checks),
        checks=checks,
    )
