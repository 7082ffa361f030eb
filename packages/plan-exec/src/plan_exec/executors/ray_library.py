"""As much of Ray as is used, with types, and what this process tells it by its environment."""

import logging
import os
import sys
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol, cast

OPTIONS = {"log_to_driver": False, "logging_level": logging.CRITICAL, "namespace": "plan"}
"""What `ray.init` is always told."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Makes Ray listen on, and connect to, the loopback interface, as it does on macOS without being asked."""

_ALWAYS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}

_IN_THIS_PROCESS = {
    # Ray would end the process a minute after it lost a head, also when it has left the cluster by then.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "1000000",
    # Below `uv run` it would send the working folder to the cluster, and start each worker there by `uv run`, which
    # installs the project anew: into this very environment where that is on the same machine.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}
"""What Ray reads once, when it is imported; processes that it starts keep their own."""


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


class RayModule(Protocol):
    """As much of the module `ray` as is used."""

    def init(self, **options: object) -> object:
        """Join a cluster, or start one."""
        ...

    def is_initialized(self) -> bool:
        """Whether this process is in a cluster."""
        ...

    def shutdown(self) -> None:
        """Leave the cluster; one that was started by this process ends."""
        ...

    def remote(self, **options: object) -> Callable[[Callable[..., bytes]], RayFunction]:
        """Give what makes a function run elsewhere."""
        ...

    def get(self, ref: RayRef) -> bytes:
        """Wait for what a task gives."""
        ...

    def cancel(self, ref: RayRef, *, force: bool) -> None:
        """End a task."""
        ...

    def nodes(self) -> list[Mapping[str, object]]:
        """Describe the machines."""
        ...

    def cluster_resources(self) -> Mapping[str, float]:
        """Give what the machines have together."""
        ...


class _Context(Protocol):
    gcs_address: str


class _TokenLoader(Protocol):
    def instance(self) -> "_TokenLoader": ...

    def reset_cache(self) -> None: ...


class _NodeId(Protocol):
    def hex(self) -> str: ...


class _Node(Protocol):
    node_manager_address: str
    node_manager_port: int


class _Head(Protocol):
    def get_all_node_info(self, *, timeout: float) -> Mapping[_NodeId, _Node]: ...


class _Raylet(Protocol):
    AuthenticationTokenLoader: _TokenLoader

    def GcsClient(self, *, address: str) -> _Head: ...  # noqa: N802 - a class of Ray's


@contextmanager
def ray_with(variables: Mapping[str, str]) -> Generator[RayModule]:
    """Give Ray, with environment variables that it and the processes which it starts find during the block."""
    with _environment({**_ALWAYS, **variables}):
        with _environment(_IN_THIS_PROCESS):
            import ray
        _quieten()
        _raylet().AuthenticationTokenLoader.instance().reset_cache()  # perhaps of another cluster
        yield cast(RayModule, ray)  # Ray's functions are typed in part


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Generator[None]:
    """Set environment variables during the block."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ray_in_use() -> RayModule | None:
    """Give Ray where this process is in a cluster already; nothing is imported."""
    ray = cast("RayModule | None", sys.modules.get("ray"))
    if ray is None or not ray.is_initialized():
        return None
    _quieten()
    return ray


def head_of_this_process() -> tuple[str, int]:
    """Give host and port of the head of the cluster that this process is in."""
    import ray

    context = cast(_Context, ray.get_runtime_context())
    host, _, port = context.gcs_address.rpartition(":")
    return host, int(port)


def raylets_here(address: str, seconds: float) -> list[tuple[str, int]]:
    """Give host and port of the cluster's raylets on this machine; none where the head does not name them in time."""
    from ray._private import services
    from ray.exceptions import RayError

    try:
        nodes = _raylet().GcsClient(address=address).get_all_node_info(timeout=seconds)
    except RayError:  # Ray says what is wrong when it joins
        return []
    here = cast("set[str]", services.find_node_ids())
    return [(node.node_manager_address, node.node_manager_port) for key, node in nodes.items() if key.hex() in here]


def _quieten() -> None:
    """Keep Ray from printing to the standard output that a worker died, which the dispatcher says."""
    from ray._private import worker

    def print_nothing(data: Mapping[str, object], ignore_prefix: bool) -> None:
        del data, ignore_prefix

    setattr(worker, "print_to_stdstream", print_nothing)  # noqa: B010 - Ray has no option; it is no part of its types


def _raylet() -> _Raylet:
    """Give Ray's compiled part, which has no types."""
    return cast(_Raylet, import_module("ray._raylet"))
