"""A Ray cluster of this run's own, on this machine."""

import secrets
import signal
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from plan_exec.errors import WorkerStartFailed
from plan_exec.executors.cluster_address import is_loopback
from plan_exec.executors.ray_cluster import RayCluster, leave_ray
from plan_exec.executors.ray_library import (
    LOOPBACK,
    OPTIONS,
    RayModule,
    head_of_this_process,
    ray_in_use,
    ray_says,
    ray_with,
)

_OBJECT_STORE_BYTES = 100 * 2**20
"""Shared memory of the cluster; requests and answers are small, and results never go through it."""

_TOKEN = secrets.token_hex(32)
"""Token of the clusters that this process starts; Ray reads it once in the life of a process."""


def start_local_ray(slots: int) -> RayCluster:
    """Start a cluster on this machine with a core for each slot, or stay in the one that this process is in.

    Raises
    ------
    WorkerStartFailed
        When it does not start, or would be reached from other machines.
    """
    if joined := ray_in_use():
        return RayCluster(joined, head_of_this_process(), ExitStack())
    with ExitStack() as stack:
        ray = stack.enter_context(ray_with({**LOOPBACK, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _TOKEN}))
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
        with _sigterm_kept():  # in this thread: Ray's processes end with the thread that has started them
            ray.init(
                **OPTIONS,
                address="local",
                num_cpus=slots,
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
            )
    except Exception as reason:
        message = f"The local Ray cluster did not start: {ray_says(reason)}"
        raise WorkerStartFailed(message, subject="ray") from reason


@contextmanager
def _sigterm_kept() -> Generator[None]:
    """Put back the handler of SIGTERM, which Ray replaces: ending a build is the caller's business."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
