"""The threads that queries of one process share: how many there are is settled before the first query."""

import os

_VARIABLE = "TOKIO_WORKER_THREADS"


def reserve_threads(beside: int) -> None:
    """Let the engine have more threads than there are cores, so that some are left when queries hold others for good.

    A query that never yields holds a thread for each of its partitions, also after everybody has given it up. Without
    effect once the first query has run in this process, or where the user has set `TOKIO_WORKER_THREADS`.

    Parameters
    ----------
    beside
        Threads beside one for each core.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    os.environ.setdefault(_VARIABLE, str(cores + beside))
