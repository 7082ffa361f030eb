"""Making the executors of a run; each library is imported where its executor is made."""

from collections.abc import Callable, Mapping

from plan_contracts import ExecutorChoice, ExecutorKind, Placement, byte_size
from plan_exec.choice import slots_of
from plan_exec.executors.executor import Executor
from plan_exec.executors.threads import ThreadExecutor
from plan_exec.lane import Lane
from plan_exec.runtime_import import import_runtime

ExecutorFactory = Callable[[str, int, str], Executor]
"""Makes an executor from the runtime's name, the slots, and the folder where results are staged."""


def make_lanes(
    choice: ExecutorChoice,
    runtime: str,
    scratch_uri: str,
    factories: Mapping[ExecutorKind, ExecutorFactory],
    retain_bytes: int,
) -> dict[Placement, Lane]:
    """Give a lane for each executor of the run; the executors themselves are made when their first task is to run.

    Parameters
    ----------
    choice
        The executors.
    runtime
        `module:attribute` of the runtime.
    scratch_uri
        Folder for spilled data.
    factories
        What makes the executors of some kinds in place of ours.
    retain_bytes
        What results may hold on their way to consumers in the same process.
    """
    by_placement = {Placement(kind.value): factory for kind, factory in factories.items()}

    def lane(placement: Placement, slots: int) -> Lane:
        own = by_placement.get(placement)
        if own is not None:
            return Lane(placement, lambda: own(runtime, slots, scratch_uri))
        return Lane(placement, lambda: _make(placement, slots, choice, runtime, scratch_uri, retain_bytes))

    return {placement: lane(placement, slots) for placement, slots in slots_of(choice).items()}


def _make(
    placement: Placement, slots: int, choice: ExecutorChoice, runtime: str, scratch_uri: str, retain_bytes: int
) -> Executor:
    config = choice.config
    match placement:
        case Placement.MULTIPROCESSING:
            from plan_exec.executors.processes import ProcessExecutor

            memory = config.worker_memory
            return ProcessExecutor(
                runtime,
                slots,
                scratch_uri,
                tasks_per_worker=config.tasks_per_worker,
                worker_memory_bytes=byte_size(memory) if memory is not None else None,
            )
        case Placement.DASK:
            from plan_exec.executors.dask import DaskExecutor

            return DaskExecutor(runtime, slots, scratch_uri, config.dask)
        case Placement.RAY:
            from plan_exec.executors.ray import RayExecutor

            return RayExecutor(runtime, slots, scratch_uri, config.ray)
        case Placement.INLINE | Placement.THREADPOOL:
            return ThreadExecutor(
                import_runtime(runtime), slots, scratch_uri, placement=placement, retain_bytes=retain_bytes
            )
