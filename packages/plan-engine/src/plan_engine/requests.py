"""From a compiled project and its task graph to what workers are asked to do."""

from plan_contracts import (
    CheckWork,
    CompiledProject,
    PythonSource,
    PythonWork,
    ScanWork,
    Task,
    TaskGraph,
    TaskInput,
    TaskKind,
    TaskLimits,
    TaskRequest,
    TaskWork,
    ViewSource,
    ViewWork,
    raise_all,
)
from plan_engine.errors import WorkNotSupported
from plan_engine.secret_values import missing_secrets


def build_requests(
    compiled: CompiledProject,
    tasks: TaskGraph,
    *,
    run_id: str,
    project_uri: str,
    stage_uri: str,
) -> dict[str, TaskRequest]:
    """Build the request of every task.

    Inputs that are datasets are complete. Inputs that other tasks produce name their producer; the dispatcher fills in
    where they lie, and their content id, once the producer is done.

    Parameters
    ----------
    compiled
        The project.
    tasks
        What is to run.
    run_id
        The run.
    project_uri
        Folder of plan.toml.
    stage_uri
        Folder in which workers stage their attempts.

    Raises
    ------
    WorkNotSupported
        When a task is of a kind that this engine does not run.
    VariableMissing
        When the environment lacks the value of a secret variable that a view reads.
    """
    raise_all(missing_secrets(compiled))
    producers: dict[str, str] = {view: task.name for task in tasks.tasks for view in task.outputs}
    reads: dict[str, list[str]] = {}
    for edge in compiled.graph.edges:
        reads.setdefault(edge.consumer, []).append(edge.producer)
    return {
        task.name: TaskRequest(
            run_id=run_id,
            task=task.name,
            definition=task.definition,
            work=_work(compiled, task),
            inputs=_inputs(compiled, task, reads, producers),
            outputs=task.outputs,
            temp=task.temp,
            stage_uri=stage_uri,
            project_uri=project_uri,
            limits=TaskLimits(),
        )
        for task in tasks.tasks
    }


def _work(compiled: CompiledProject, task: Task) -> TaskWork:
    if task.kind is TaskKind.CHECK:
        return CheckWork(subject=_checked(task), checks=task.checks)
    if task.kind is TaskKind.SCAN:
        scan = compiled.scans[task.datasets[0]]
        return ScanWork(dataset=scan.dataset, units=scan.units, projection=scan.projection, filters=scan.filters)
    sources = [compiled.sources[view] for view in task.views]
    queries = tuple(source for source in sources if isinstance(source, ViewSource))
    if task.kind is TaskKind.VIEW and len(queries) == len(sources):
        return ViewWork(views=queries)
    if task.kind is TaskKind.PYTHON and len(sources) == 1 and isinstance(sources[0], PythonSource):
        return PythonWork(view=sources[0])
    message = f"The task `{task.name}` is of kind `{task.kind.value}`, which this engine does not run"
    raise WorkNotSupported(message, subject=task.name)


def _checked(task: Task) -> str:
    """Give the dataset or view that a check is about."""
    return (*task.views, *task.datasets)[0]


def _inputs(
    compiled: CompiledProject, task: Task, reads: dict[str, list[str]], producers: dict[str, str]
) -> tuple[TaskInput, ...]:
    if task.kind is TaskKind.CHECK:
        names = [_checked(task)]
    elif task.kind is TaskKind.SCAN:
        names = list(task.datasets)
    else:
        names = sorted({name for view in task.views for name in reads.get(view, [])} - set(task.views))
    return tuple(
        TaskInput(name=name, ref=compiled.datasets[name], content_id=compiled.snapshots[name].content_id)
        if name in task.datasets
        else TaskInput(name=name, producer=producers[name])
        for name in names
    )
