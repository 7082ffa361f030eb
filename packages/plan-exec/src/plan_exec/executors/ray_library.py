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


class _Raylet(Protocol):
    AuthenticationTokenLoader: _TokenLoader


@contextmanager
def ray_with(variables: Mapping[str, str]) -> Generator[RayModule]:
    """Give Ray, with environment variables that it and the processes which it starts find during the block."""
    wanted = {**_ALWAYS, **variables}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        import ray

        _quieten()
        _read_token_again()
        yield cast(RayModule, ray)  # Ray's functions are typed in part
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


def ray_says(reason: BaseException) -> str:
    """Give the first line of what Ray raised."""
    return str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__


def _quieten() -> None:
    """Keep Ray from printing to the standard output that a worker died, which the dispatcher says."""
    from ray._private import worker

    def print_nothing(data: Mapping[str, object], ignore_prefix: bool) -> None:
        del data, ignore_prefix

    setattr(worker, "print_to_stdstream", print_nothing)  # noqa: B010 - Ray has no option; it is no part of its types


def _read_token_again() -> None:
    """Let Ray forget the token of a cluster that this process was in before."""
    raylet = cast(_Raylet, import_module("ray._raylet"))  # compiled, without types
    raylet.AuthenticationTokenLoader.instance().reset_cache()
