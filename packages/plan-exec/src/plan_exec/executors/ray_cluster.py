"""Joining a Ray cluster that others have started."""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import cast

from plan_contracts import RaySettings
from plan_exec.errors import ClusterNotSecure, ClusterUnreachable
from plan_exec.executors.cluster_address import host_of, is_loopback
from plan_exec.executors.ray_library import LOOPBACK, OPTIONS, RayFunction, RayModule, RayRef, ray_says, ray_with

CONNECT_SECONDS = 5.0
"""Longest wait for a head to accept a connection."""

JOIN_SECONDS = 60.0
"""Longest time that Ray may take to join a cluster whose head accepts connections."""

_UNTIL_DONE = -1
"""Ray's word for trying again without end; whoever waits for the result bounds the time."""


class RayCluster:
    """A cluster that this process has joined.

    Parameters
    ----------
    ray
        Ray's module.
    head
        Host and port of the head.
    membership
        What ends with it: Ray's share in the environment, and the cluster itself unless the process was in it before.
    """

    def __init__(self, ray: RayModule, head: tuple[str, int], membership: ExitStack) -> None:
        self._ray = ray
        self._head = head
        self._membership = membership

    def function(self, function: Callable[..., bytes]) -> RayFunction:
        """Give a function that runs on a worker with a core to itself, and is not run again when the worker dies."""
        return self._ray.remote(num_cpus=1, max_retries=0)(function)

    def on_each_node(self, times: int, function: RayFunction, *arguments: object) -> dict[str, list[RayRef]]:
        """Run a function in some workers of each machine, again where one dies; by the machine's address."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        refs: dict[str, list[RayRef]] = {}
        for node, _ in self._working_nodes():
            pinned = NodeAffinitySchedulingStrategy(node_id=str(node["NodeID"]), soft=False)
            there = function.options(num_cpus=0, max_retries=_UNTIL_DONE, scheduling_strategy=pinned)
            refs[str(node["NodeManagerAddress"])] = [there.remote(*arguments) for _ in range(times)]
        return refs

    @property
    def cores_by_node(self) -> dict[str, int]:
        """Cores that each machine gives to the cluster, by its address."""
        return {str(node["NodeManagerAddress"]): cores for node, cores in self._working_nodes()}

    def _working_nodes(self) -> Iterator[tuple[Mapping[str, object], int]]:
        for node in self._ray.nodes():
            cores = cast(Mapping[str, float], node["Resources"]).get("CPU", 0)
            if node["Alive"] and cores >= 1:
                yield node, int(cores)

    def end(self, ref: RayRef) -> None:
        """End the process that runs a task."""
        self._ray.cancel(ref, force=True)

    @property
    def cores(self) -> int:
        """Cores of all machines."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    @property
    def is_lost(self) -> bool:
        """Whether the head accepts no connection."""
        try:
            socket.create_connection(self._head, timeout=CONNECT_SECONDS).close()
        except OSError:
            return True
        return False

    def close(self) -> None:
        """Leave the cluster, which ends what this process has running there; end a local one."""
        self._membership.close()


def join_ray(settings: RaySettings, address: str) -> RayCluster:
    """Join the cluster at the address.

    Raises
    ------
    ClusterNotSecure
        When the address is of another machine and there is no token.
    ClusterUnreachable
        When no head answers, it does not accept the token, or no machine has a core.
    """
    check_ray_address(settings)
    with ExitStack() as stack:
        ray = stack.enter_context(ray_with(_variables(settings, address)))
        try:
            _init(ray, address)
            stack.callback(leave_ray, ray)
            nobody_works = int(ray.cluster_resources().get("CPU", 0)) == 0
        except Exception as reason:
            message = f"The Ray cluster at `{address}` does not let this side in: {ray_says(reason)}"
            mend = "Look whether token and versions are those of the cluster; `host:port` also needs a Ray node here."
            raise ClusterUnreachable(message, subject="ray", suggestion=mend) from reason
        if nobody_works:
            message = f"The Ray cluster at `{address}` has no cores"
            raise ClusterUnreachable(message, subject="ray", suggestion="Start nodes for it.")
        host, port = _head_of(address)
        return RayCluster(ray, (host, port or 0), stack.pop_all())


def leave_ray(ray: RayModule) -> None:
    """Leave the cluster that this process is in."""
    with suppress(Exception):  # the head may be gone, which is no news at the end
        ray.shutdown()


def check_ray_address(settings: RaySettings) -> None:
    """Refuse an address at which code could be run by whoever reaches it, and one that nobody answers.

    Raises
    ------
    ClusterNotSecure
        When it is of another machine and there is no token.
    ClusterUnreachable
        When it is no address, nobody listens there, or the token cannot be read.
    """
    address = settings.address or ""
    host, port = _head_of(address)
    scheme, separator, _ = address.partition("://")
    if not host or port is None or (separator and scheme != "ray"):
        message = f"`{address}` is no address of a Ray cluster"
        raise ClusterUnreachable(message, subject="ray", suggestion="Write `host:port` or `ray://host:port`.")
    has_token = settings.token_file is not None or os.environ.get("RAY_AUTH_MODE") == "token"
    if not has_token and not is_loopback(host) and not settings.insecure:
        message = f"`{address}` is on another machine, and without a token whoever reaches it can run code there"
        mend = "Give `token_file`, or set `insecure = true` on a network that you trust."
        raise ClusterNotSecure(message, subject="execution.executor.ray.token_file", suggestion=mend)
    if settings.token_file is not None and not Path(settings.token_file).is_file():
        message = f"The token of the Ray cluster is to be read from `{settings.token_file}`, which is no file"
        raise ClusterUnreachable(message, subject="ray", suggestion="Name the file that `ray get-auth-token` wrote.")
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as reason:
        message = f"No Ray cluster answers at `{address}`: {reason.strerror or reason}"
        mend = "Look whether its head runs, and whether the address is that of the head."
        raise ClusterUnreachable(message, subject="ray", suggestion=mend) from reason


def _init(ray: RayModule, address: str) -> None:
    """Let Ray join a cluster, in a thread: there it leaves the handler of SIGTERM alone, and may hang.

    Raises
    ------
    TimeoutError
        When it hangs.
    Exception
        What Ray raised.
    """
    done: Future[object] = Future()

    def join() -> None:
        try:
            done.set_result(ray.init(**OPTIONS, address=address))
        except Exception as reason:  # noqa: BLE001 - it is raised where the result is asked for
            done.set_exception(reason)

    threading.Thread(target=join, name="plan-exec-ray-init", daemon=True).start()
    done.result(timeout=JOIN_SECONDS)


def _variables(settings: RaySettings, address: str) -> dict[str, str]:
    loopback = LOOPBACK if is_loopback(host_of(address)) else {}
    if settings.token_file is None:
        return loopback
    return {**loopback, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(Path(settings.token_file).resolve())}


def _head_of(address: str) -> tuple[str, int | None]:
    try:
        port = int(address.rpartition(":")[2])
    except ValueError:
        port = None
    return host_of(address), port
