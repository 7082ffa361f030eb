"""Everything that `execute_plan` takes, from one line of text."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import (
    DataFormat,
    DatasetRef,
    PlanScheduleArtifact,
    ScanUnit,
    ScanWork,
    TaskGraph,
    TaskInput,
    TaskKind,
    TaskRequest,
    ViewSource,
    ViewWork,
    digest,
)
from plan_contracts.testing import MemoryCommitter, task_graph
from plan_exec.urgency import schedule_by_urgency


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A scheduled graph, what each task is to do, and where."""

    schedule: PlanScheduleArtifact
    requests: dict[str, TaskRequest]
    tasks: TaskGraph
    committer: MemoryCommitter
    folder: Path
    """Folder of the project; the records of `calls_of` lie below it."""


def scenario(
    text: str,
    folder: Path,
    *,
    scripts: Mapping[str, str] | None = None,
    costs: Mapping[str, float] | None = None,
    temp: Collection[str] = (),
    checks: Mapping[str, str] | None = None,
    scans: Mapping[str, int] | None = None,
) -> Scenario:
    """Schedule a graph whose tasks do what their scripts say.

    Parameters
    ----------
    text
        Chains of names, such as `"a -> b -> d; a -> c -> d"`.
    folder
        A folder of the test's own.
    scripts
        Steps of `ScriptedRuntime` by task; a task without one succeeds.
    costs
        Seconds by task; 1 where not given.
    temp
        Tasks whose results are kept in the cache, and are no outputs.
    checks
        Tasks that are checks, with the view that each checks. Text holds their edges like any others.
    scans
        Tasks that scan the dataset of their name, with the number of its units, whose keys are `0000`, `0001`, ....
    """
    units = scans or {}
    tasks = _with_scans(_with_checks(task_graph(text, temp={*temp, *units}), checks or {}), units)
    names = [task.name for task in tasks.tasks]
    committer = MemoryCommitter(folder / "store")
    seconds = {name: (costs or {}).get(name, 1.0) for name in names}
    return Scenario(
        schedule=schedule_by_urgency(tasks, seconds),
        requests={
            name: _scan_request(request, units[name], scripts or {}) if name in units else request
            for name, request in _requests(tasks, scripts or {}, folder, committer.stage_uri()).items()
        },
        tasks=tasks,
        committer=committer,
        folder=folder,
    )


def _with_checks(tasks: TaskGraph, checks: Mapping[str, str]) -> TaskGraph:
    made = tuple(
        replace(task, kind=TaskKind.CHECK, views=(checks[task.name],), outputs=()) if task.name in checks else task
        for task in tasks.tasks
    )
    return replace(tasks, tasks=made)


def _with_scans(tasks: TaskGraph, scans: Mapping[str, int]) -> TaskGraph:
    made = tuple(
        replace(task, kind=TaskKind.SCAN, views=(), datasets=(task.name,)) if task.name in scans else task
        for task in tasks.tasks
    )
    return replace(tasks, tasks=made)


def _scan_request(request: TaskRequest, count: int, scripts: Mapping[str, str]) -> TaskRequest:
    """Make the request of a scan over as many files as it has units; nothing reads them."""
    files = tuple(f"/data/{request.task}/{index:04}.csv" for index in range(count))
    units = tuple(ScanUnit(key=f"{index:04}", files=(file,), rows=1, bytes=8) for index, file in enumerate(files))
    script = scripts.get(request.task)
    return replace(
        request,
        work=ScanWork(
            dataset=request.task, units=units, projection=("n",), filters=(script,) if script is not None else ()
        ),
        inputs=(
            TaskInput(
                name=request.task,
                ref=DatasetRef(uri=f"/data/{request.task}", format=DataFormat.CSV, files=files, columns=()),
                content_id=digest(request.task),
            ),
        ),
    )


def _requests(tasks: TaskGraph, scripts: Mapping[str, str], folder: Path, stage: str) -> dict[str, TaskRequest]:
    giving = {task.name for task in tasks.tasks if task.outputs}
    producers: dict[str, list[str]] = {task.name: [] for task in tasks.tasks}
    for producer, consumer in tasks.edges:
        if producer in giving:
            producers[consumer].append(producer)
    return {
        task.name: TaskRequest(
            run_id="scenario",
            task=task.name,
            definition=task.definition,
            work=ViewWork(
                views=(ViewSource(name=task.name, path=f"views/{task.name}.sql", sql=scripts.get(task.name, "")),)
            ),
            inputs=tuple(TaskInput(name=name, producer=name) for name in sorted(producers[task.name])),
            outputs=task.outputs,
            temp=task.temp,
            stage_uri=stage,
            project_uri=str(folder),
        )
        for task in tasks.tasks
    }
