"""Joining a Ray cluster, or starting one on this machine: the only module that knows Ray."""

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from plan_contracts import RaySettings
from plan_exec.errors import ClusterNotSecure, ClusterUnreachable, WorkerStartFailed
from plan_exec.executors.cluster_address import host_of, is_loopback

CONNECT_SECONDS = 5.0
"""Longest wait for a head to accept a connection."""

_UNTIL_DONE = -1
"""Ray's word for trying again without end; whoever waits for the result bounds the time."""

_OBJECT_STORE_BYTES = 100 * 2**20
"""Shared memory of a local cluster; requests and answers are small, and results never go through it."""

JOIN_SECONDS = 60.0
"""Longest time that Ray may take to join a cluster whose head accepts connections."""

_QUIET = {"log_to_driver": False, "logging_level": logging.CRITICAL, "namespace": "plan"}

_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Makes Ray listen on, and connect to, the loopback interface, as it does on macOS without being asked."""

_ALWAYS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
_LOCAL_TOKEN = secrets.token_hex(32)
"""Token of the clusters that this process starts; Ray reads it once in the life of a process."""


class RayRef(Protocol):
    """A task that was handed to Ray."""

    def future(self) -> Future[bytes]:
        """Give a future that hears of the task's end."""
        ...


class RayFunction(Protocol):
    """A function that runs elsewhere."""

    def remote(self, *args: object) -> RayRef:
        """Run it."""
        ...

    def options(self, **options: object) -> "RayFunction":
        """Give the function with other options."""
        ...


class _RayModule(Protocol):
    def init(self, **options: object) -> object: ...

    def is_initialized(self) -> bool: ...

    def shutdown(self) -> None: ...

    def remote(self, **options: object) -> Callable[[Callable[..., bytes]], RayFunction]: ...

    def cancel(self, ref: RayRef, *, force: bool) -> None: ...

    def nodes(self) -> list[Mapping[str, object]]: ...

    def cluster_resources(self) -> Mapping[str, float]: ...


class _Context(Protocol):
    gcs_address: str


class _TokenLoader(Protocol):
    def instance(self) -> "_TokenLoader": ...

    def reset_cache(self) -> None: ...


class _Raylet(Protocol):
    AuthenticationTokenLoader: _TokenLoader


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

    def __init__(self, ray: _RayModule, head: tuple[str, int], membership: ExitStack) -> None:
        self._ray = ray
        self._head = head
        self._membership = membership

    def function(self, function: Callable[..., bytes]) -> RayFunction:
        """Give a function that runs on a worker with a core to itself, and is not run again when the worker dies."""
        return self._ray.remote(num_cpus=1, max_retries=0)(function)

    def on_each_node(self, function: Callable[..., bytes], argument: bytes) -> dict[str, RayRef]:
        """Run a function once on each machine, again if a worker dies; give what it gives by the machine's address."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        remote = self._ray.remote(num_cpus=0, max_retries=_UNTIL_DONE)(function)
        refs: dict[str, RayRef] = {}
        for node in self._ray.nodes():
            if node["Alive"] and cast(Mapping[str, float], node["Resources"]).get("CPU"):
                pinned = NodeAffinitySchedulingStrategy(node_id=str(node["NodeID"]), soft=False)
                refs[str(node["NodeManagerAddress"])] = remote.options(scheduling_strategy=pinned).remote(argument)
        return refs

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


def join_ray(settings: RaySettings, slots: int) -> RayCluster:
    """Join the cluster at the address, or start one on this machine with a core for each slot.

    A process that is in a cluster already stays in it, where no address is given.

    Raises
    ------
    ClusterNotSecure
        When the address is of another machine and there is no token.
    ClusterUnreachable
        When no head answers, or it does not accept the token.
    WorkerStartFailed
        When a local cluster does not start, or would be reached from other machines.
    """
    if settings.address is not None:
        check_ray_address(settings)
    with ExitStack() as stack:
        stack.enter_context(_environment(_variables(settings)))
        import ray as imported

        ray = cast(_RayModule, imported)  # Ray's functions are typed in part
        _quieten()
        if settings.address is not None:
            head = _join(ray, settings)
        elif ray.is_initialized():
            return RayCluster(ray, _head(), ExitStack())
        else:
            head = _start_local(ray, slots)
        stack.callback(_leave, ray)
        return RayCluster(ray, head, stack.pop_all())


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


def _join(ray: _RayModule, settings: RaySettings) -> tuple[str, int]:
    address = settings.address or ""
    _read_token_again()
    try:
        _init(ray, address)
        nobody_works = int(ray.cluster_resources().get("CPU", 0)) == 0
    except Exception as reason:
        message = f"The Ray cluster at `{address}` does not let this side in: {_words(reason)}"
        mend = "Look whether token and versions are those of the cluster; `host:port` also needs a Ray node here."
        raise ClusterUnreachable(message, subject="ray", suggestion=mend) from reason
    if nobody_works:
        ray.shutdown()
        message = f"The Ray cluster at `{address}` has no cores"
        raise ClusterUnreachable(message, subject="ray", suggestion="Start nodes for it.")
    host, port = _head_of(address)
    return host, port or 0


def _start_local(ray: _RayModule, slots: int) -> tuple[str, int]:
    _read_token_again()
    try:
        with _sigterm_kept():  # in this thread: Ray's processes end with the thread that has started them
            ray.init(
                **_QUIET,
                address="local",
                num_cpus=slots,
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
            )
    except Exception as reason:
        message = f"The local Ray cluster did not start: {_words(reason)}"
        raise WorkerStartFailed(message, subject="ray") from reason
    address, port = _head()
    if not is_loopback(address):
        ray.shutdown()
        message = f"The local Ray cluster would listen at `{address}`, since Ray was imported before the build began"
        mend = "Import Ray after the build, or start Ray yourself and leave the address out."
        raise WorkerStartFailed(message, subject="ray", suggestion=mend)
    return address, port


def _leave(ray: _RayModule) -> None:
    with suppress(Exception):  # the head may be gone, which is no news at the end
        ray.shutdown()


def _quieten() -> None:
    """Keep Ray from printing to the standard output that a worker died, which the dispatcher says."""
    from ray._private import worker

    def print_nothing(data: Mapping[str, object], ignore_prefix: bool) -> None:
        del data, ignore_prefix

    setattr(worker, "print_to_stdstream", print_nothing)  # noqa: B010 - Ray has no option for it


def _head() -> tuple[str, int]:
    """Give host and port of the head of the cluster that this process is in."""
    import ray

    context = cast(_Context, ray.get_runtime_context())
    host, _, port = context.gcs_address.rpartition(":")
    return host, int(port)


def _variables(settings: RaySettings) -> dict[str, str]:
    """Give what Ray is to find in its environment."""
    if settings.address is None:
        return {**_ALWAYS, **_LOOPBACK, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _LOCAL_TOKEN}
    loopback = _LOOPBACK if is_loopback(host_of(settings.address)) else {}
    if settings.token_file is None:
        return {**_ALWAYS, **loopback}
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(Path(settings.token_file).resolve())}
    return {**_ALWAYS, **loopback, **token}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    """Set environment variables, which the processes that Ray starts inherit, for the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _init(ray: _RayModule, address: str) -> None:
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
            done.set_result(ray.init(**_QUIET, address=address))
        except Exception as reason:  # noqa: BLE001 - it is raised where the result is asked for
            done.set_exception(reason)

    threading.Thread(target=join, name="plan-exec-ray-init", daemon=True).start()
    done.result(timeout=JOIN_SECONDS)


@contextmanager
def _sigterm_kept() -> Generator[None]:
    """Put back the handler of SIGTERM, which Ray replaces: ending a build is the caller's business."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def _read_token_again() -> None:
    """Let Ray forget the token of a cluster that this process was in before."""
    raylet = cast(_Raylet, import_module("ray._raylet"))  # compiled, without types
    raylet.AuthenticationTokenLoader.instance().reset_cache()


def _head_of(address: str) -> tuple[str, int | None]:
    try:
        port = int(address.rpartition(":")[2])
    except ValueError:
        port = None
    return host_of(address), port


def _words(reason: BaseException) -> str:
    return str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__
