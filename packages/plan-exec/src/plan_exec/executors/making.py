"""Making the executors of a run; each library is imported where its executor is made."""

from plan_contracts import ExecutorChoice, Placement, byte_size
from plan_exec.choice import slots_of
from plan_exec.executors.executor import Executor
from plan_exec.executors.threads import ThreadExecutor
from plan_exec.lane import Lane


def make_lanes(choice: ExecutorChoice, runtime: str, scratch_uri: str) -> dict[Placement, Lane]:
    """Give a lane for each executor of the run; the executors themselves are made when their first task is to run.

    Parameters
    ----------
    choice
        The executors.
    runtime
        `module:attribute` of the runtime.
    scratch_uri
        Folder for spilled data.
    """

    def lane(placement: Placement, slots: int) -> Lane:
        return Lane(placement, lambda: _make(placement, slots, choice, runtime, scratch_uri))

    return {placement: lane(placement, slots) for placement, slots in slots_of(choice).items()}


def _make(placement: Placement, slots: int, choice: ExecutorChoice, runtime: str, scratch_uri: str) -> Executor:
    if placement is Placement.MULTIPROCESSING:
        from plan_exec.executors.processes import ProcessExecutor

        memory = choice.config.worker_memory
        return ProcessExecutor(
            runtime,
            slots,
            scratch_uri,
            tasks_per_worker=choice.config.tasks_per_worker,
            worker_memory_bytes=byte_size(memory) if memory is not None else None,
        )
    return ThreadExecutor(runtime, slots, scratch_uri, placement=placement)
