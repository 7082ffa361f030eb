"""Joining a Ray cluster that others have started."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import cast

from plan_contracts import RaySettings
from plan_exec.errors import ClusterNotSecure, ClusterUnreachable
from plan_exec.executors.cluster_address import host_of, is_loopback
from plan_exec.executors.cluster_calls import in_short
from plan_exec.executors.ray_library import LOOPBACK, OPTIONS, RayFunction, RayModule, RayRef, ray_with, raylets_here

CONNECT_SECONDS = 5.0
"""Longest wait for a head to accept a connection."""

ANSWER_SECONDS = 10.0
"""Longest time in which a raylet may answer."""

JOIN_SECONDS = 45.0
"""Longest time that Ray may take to join a cluster whose head accepts connections."""

_CLIENT_JOIN_SECONDS = 75.0
"""The same by a client server; Ray takes a minute to give up on a process that it started for a client."""

_CLIENT_SERVER = "ray://"

_NOT_LET_IN = "Look whether token and versions are those of the cluster; `host:port` also needs a Ray node here."

_HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""What opens a connection of gRPC (RFC 9113, section 3.4), with no settings; a server answers with its own."""

_NO_PROCESS = (
    "Its `ray_client_server*.err` say why. `GRPC_ENABLE_FORK_SUPPORT=0` in the environment of the head's `ray start` "
    "keeps the processes that it forks for clients from crashing."
)

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
        self.head = head
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

    def result(self, ref: RayRef) -> bytes:
        """Wait for what a task gives."""
        return self._ray.get(ref)

    def end(self, ref: RayRef) -> None:
        """End the process that runs a task."""
        self._ray.cancel(ref, force=True)

    @property
    def cores(self) -> int:
        """Cores of all machines."""
        return int(self._ray.cluster_resources().get("CPU", 0))

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
        When no head answers, it does not accept the token, a raylet is silent, or no machine has a core.
    """
    check_ray_address(settings)
    with ExitStack() as stack:
        ray = stack.enter_context(ray_with(_variables(settings, address)))
        _check_raylets(address)
        try:
            ray.init(**OPTIONS, address=address)
            stack.callback(leave_ray, ray)
            nobody_works = int(ray.cluster_resources().get("CPU", 0)) == 0
        except Exception as reason:
            message = f"The Ray cluster at `{address}` does not let this side in: {in_short(reason)}"
            mend = _NO_PROCESS if isinstance(reason, ConnectionAbortedError) else _NOT_LET_IN
            raise ClusterUnreachable(message, subject="ray", suggestion=mend) from reason
        if nobody_works:
            message = f"The Ray cluster at `{address}` has no cores"
            raise ClusterUnreachable(message, subject="ray", suggestion="Start nodes for it.")
        return RayCluster(ray, head_of(address) or ("", 0), stack.pop_all())


def _check_raylets(address: str) -> None:
    """Refuse to join by a raylet that is silent: Ray waits for it without end, and lets nothing else in Python run."""
    if address.startswith(_CLIENT_SERVER):
        return
    for host, port in raylets_here(address, CONNECT_SECONDS):
        if not _answers((host, port)):
            silence = f"has not answered for {ANSWER_SECONDS:.0f} s"
            message = f"The raylet at `{host}:{port}` of the Ray cluster at `{address}` {silence}"
            mend = "Look whether its machine is overloaded, and at its log; `ray stop` and `ray start` replace it."
            raise ClusterUnreachable(message, subject="ray", suggestion=mend)


def _answers(raylet: tuple[str, int]) -> bool:
    """Whether it says a word, or refuses to; one that is silent accepts connections."""
    try:
        with socket.create_connection(raylet, timeout=ANSWER_SECONDS) as connection:
            connection.sendall(_HTTP2_PREFACE)
            connection.recv(1)
    except TimeoutError:
        return False
    except OSError:
        pass  # what is wrong is said by Ray when it joins
    return True


def join_seconds(address: str) -> float:
    """Give the longest time that it may take to join the cluster at the address."""
    return _CLIENT_JOIN_SECONDS if address.startswith(_CLIENT_SERVER) else JOIN_SECONDS


def may_join_again(error: ClusterUnreachable) -> bool:
    """Say whether all that failed is the process that a client server started, as such crash now and then."""
    return isinstance(error.__cause__, ConnectionAbortedError)


def head_of(address: str) -> tuple[str, int] | None:
    """Give host and port of `host:port` or `ray://host:port`; none where one of them is missing."""
    host = host_of(address)
    try:
        return (host, int(address.rpartition(":")[2])) if host else None
    except ValueError:
        return None


def accepts_connections(head: tuple[str, int]) -> bool:
    """Whether somebody listens at host and port; a head that is silent does."""
    try:
        socket.create_connection(head, timeout=CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


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
    head = head_of(address)
    scheme, separator, _ = address.partition("://")
    if head is None or (separator and scheme != "ray"):
        message = f"`{address}` is no address of a Ray cluster"
        raise ClusterUnreachable(message, subject="ray", suggestion="Write `host:port` or `ray://host:port`.")
    has_token = settings.token_file is not None or os.environ.get("RAY_AUTH_MODE") == "token"
    if not has_token and not is_loopback(head[0]) and not settings.insecure:
        message = f"`{address}` is on another machine, and without a token whoever reaches it can run code there"
        mend = "Give `token_file`, or set `insecure = true` on a network that you trust."
        raise ClusterNotSecure(message, subject="execution.executor.ray.token_file", suggestion=mend)
    if settings.token_file is not None and not Path(settings.token_file).is_file():
        message = f"The token of the Ray cluster is to be read from `{settings.token_file}`, which is no file"
        raise ClusterUnreachable(message, subject="ray", suggestion="Name the file that `ray get-auth-token` wrote.")
    try:
        socket.create_connection(head, timeout=CONNECT_SECONDS).close()
    except OSError as reason:
        message = f"No Ray cluster answers at `{address}`: {reason.strerror or reason}"
        mend = "Look whether its head runs, and whether the address is that of the head."
        raise ClusterUnreachable(message, subject="ray", suggestion=mend) from reason


def _variables(settings: RaySettings, address: str) -> dict[str, str]:
    loopback = LOOPBACK if is_loopback(host_of(address)) else {}
    if settings.token_file is None:
        return loopback
    return {**loopback, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(Path(settings.token_file).resolve())}
