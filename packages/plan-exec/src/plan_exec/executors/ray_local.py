"""A Ray cluster of this run's own, on this machine."""

import secrets
import signal
from contextlib import ExitStack

from plan_exec.errors import WorkerStartFailed
from plan_exec.executors.cluster_address import is_loopback
from plan_exec.executors.cluster_calls import in_short
from plan_exec.executors.ray_cluster import RayCluster, leave_ray
from plan_exec.executors.ray_library import (
    LOOPBACK,
    OPTIONS,
    RayModule,
    head_of_this_process,
    ray_in_use,
    ray_with,
)
from plan_exec.interruptions import kept_from_children

_OBJECT_STORE_BYTES = 100 * 2**20
"""Shared memory of the cluster; requests and answers are small, and results never go through it."""

LOCAL_START_SECONDS = 120.0
"""Longest time that all processes of a local cluster may take to start."""

_VARIABLES = {
    **LOOPBACK,
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),  # Ray reads it once in the life of a process
    # Its workers would yield to every other process of the machine; on a busy one, tasks would stand still.
    "RAY_worker_niceness": "0",
}
"""What the clusters that this process starts are told."""


def start_local_ray(slots: int) -> RayCluster:
    """Start a cluster on this machine with a core for each slot, or stay in the one that this process is in.

    Ray's processes end with the thread that has started them, and in another than the main one Ray leaves the handler
    of SIGTERM alone.

    Raises
    ------
    WorkerStartFailed
        When it does not start, or would be reached from other machines.
    """
    if joined := ray_in_use():
        return RayCluster(joined, head_of_this_process(), ExitStack())
    with ExitStack() as stack:
        ray = stack.enter_context(ray_with(_VARIABLES))
        _start(ray, slots)
        stack.callback(leave_ray, ray)
        address, port = head_of_this_process()
        if not is_loopback(address):
            message = (
                f"The local Ray cluster would listen at `{address}`, since Ray was imported before the build began"
            )
            mend = "Import Ray after the build, or start Ray yourself and leave the address out."
            raise WorkerStartFailed(message, subject="ray", suggestion=mend)
        return RayCluster(ray, (address, port), stack.pop_all())


def _start(ray: RayModule, slots: int) -> None:
    try:
        with kept_from_children(signal.SIGINT, signal.SIGHUP):  # by SIGTERM Ray ends its own processes
            ray.init(
                **OPTIONS,
                address="local",
                num_cpus=slots,
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
            )
    except Exception as reason:
        message = f"The local Ray cluster did not start: {in_short(reason)}"
        raise WorkerStartFailed(message, subject="ray") from reason
