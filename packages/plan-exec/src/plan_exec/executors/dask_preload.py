"""Dask workers that start in a fraction of a second: forked from a server that has imported what they need.

A new process that imports Dask and DataFusion takes a second or two of a core, each time a worker is replaced. For
workers that an operator starts, this module is the preload of the nanny (`dask worker --preload-nanny`); what it is to
import beside stands in Dask's setting `distributed.nanny.preload-argv`.
"""

import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver, resource_tracker
from typing import cast

from dask import config
from distributed.utils import get_mp_context

from plan_exec.interruptions import started_deaf

START_METHOD: Mapping[str, str] = {
    "distributed.worker.multiprocessing-method": "spawn" if sys.platform == "darwin" else "forkserver"
}
"""Dask's setting for how workers start: never by fork from their nanny's process, which has threads."""

_ALWAYS = ("distributed", "plan_exec.executors.cluster_worker")


def import_before_workers(modules: Sequence[str]) -> None:
    """Name what the server of this process imports; too late once it has forked its first worker.

    Parameters
    ----------
    modules
        Modules that run no query when they are imported.
    """
    with config.set(START_METHOD):
        get_mp_context()  # names modules of Dask's choice, the first time; ours take their place
    forkserver.set_forkserver_preload([*_ALWAYS, *modules])


def start_before_workers() -> None:
    """Start the server that forks workers deaf to what asks a process to end; this process decides."""
    started_deaf(resource_tracker.ensure_running, forkserver.ensure_running)


def dask_setup(nanny: object) -> None:
    """Prepare the process of a nanny; Dask calls this by its name."""
    del nanny
    config.set(START_METHOD)
    setting = config.get("distributed.nanny.preload-argv")  # pyright: ignore[reportUnknownMemberType] - open in part
    import_before_workers(cast("list[str]", setting))
