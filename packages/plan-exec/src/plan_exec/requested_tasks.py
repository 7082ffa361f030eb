"""The tasks and edges that requests imply, for callers that have no task graph at hand."""

from collections.abc import Mapping

from plan_contracts import CheckWork, PythonWork, ScanWork, Task, TaskGraph, TaskKind, TaskRequest, ViewWork


def requested_tasks(requests: Mapping[str, TaskRequest]) -> TaskGraph:
    """Give the task of each request; views wait for who makes their inputs, and for the checks of these.

    What requests do not say is not known: no task carries tags, and none is built in each run or on one partition.

    Parameters
    ----------
    requests
        What is to run, by task.
    """
    checks: dict[str, list[str]] = {}
    for name, request in requests.items():
        if isinstance(request.work, CheckWork):
            checks.setdefault(request.work.subject, []).append(name)
    edges = {(producer, name) for name, request in requests.items() for producer in _waits_for(request, checks)}
    tasks = (_task(request) for _, request in sorted(requests.items()))
    return TaskGraph(tasks=tuple(tasks), edges=tuple(sorted(edges)))


def _waits_for(request: TaskRequest, checks: Mapping[str, list[str]]) -> list[str]:
    producers = [each.producer for each in request.inputs if each.producer is not None]
    if isinstance(request.work, CheckWork | ScanWork):
        return producers
    return [*producers, *(check for each in request.inputs for check in checks.get(each.name, ()))]


def _task(request: TaskRequest) -> Task:
    read = sorted(each.name for each in request.inputs if each.producer is None)
    match request.work:
        case ViewWork():
            kind, views = TaskKind.VIEW, tuple(source.name for source in request.work.views)
        case PythonWork():
            kind, views = TaskKind.PYTHON, (request.work.view.name,)
        case ScanWork():
            kind, views = TaskKind.SCAN, ()
        case CheckWork():
            kind, views = TaskKind.CHECK, () if request.work.subject in read else (request.work.subject,)
    return Task(
        name=request.task,
        kind=kind,
        views=views,
        outputs=request.outputs,
        temp=request.temp,
        datasets=tuple(read),
        definition=request.definition,
    )
