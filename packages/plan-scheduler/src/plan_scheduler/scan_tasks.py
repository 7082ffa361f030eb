"""Scans as tasks: what several views read of a dataset is fetched and decoded once, before them."""

from collections.abc import Mapping

from msgspec.structs import replace

from plan_contracts import DatasetScan, Task, TaskGraph, TaskKind
from plan_scheduler.task_names import unused_name


def add_scans(tasks: TaskGraph, scans: Mapping[str, DatasetScan]) -> TaskGraph:
    """Add one task for each dataset whose scan is a task and that some view reads.

    Checks of a dataset read the dataset itself: they ask for other columns, and for rows that no view needs.

    Parameters
    ----------
    tasks
        The tasks that compute views, and checks.
    scans
        How each dataset is scanned.

    Returns
    -------
    TaskGraph
        The readers of such a dataset wait for its scan, and no longer read the dataset themselves.
    """
    taken = {task.name.casefold() for task in tasks.tasks}
    wanted = {name for name, scan in scans.items() if scan.is_task}
    added: dict[str, Task] = {}
    changed: list[Task] = []
    edges = set(tasks.edges)
    for task in tasks.tasks:
        scanned = sorted(wanted.intersection(task.datasets)) if task.kind is not TaskKind.CHECK else []
        for dataset in scanned:
            if dataset not in added:
                added[dataset] = _task(unused_name("scan", dataset, taken), scans[dataset])
            edges.add((added[dataset].name, task.name))
        kept = tuple(dataset for dataset in task.datasets if dataset not in scanned)
        changed.append(replace(task, datasets=kept) if scanned else task)
    return TaskGraph(
        tasks=tuple(sorted((*changed, *added.values()), key=lambda task: task.name)),
        edges=tuple(sorted(edges)),
        lowering=tasks.lowering,
    )


def _task(name: str, scan: DatasetScan) -> Task:
    return Task(
        name=name,
        kind=TaskKind.SCAN,
        views=(),
        outputs=(scan.dataset,),
        temp=(scan.dataset,),
        datasets=(scan.dataset,),
        definition=scan.definition,
    )
