"""Modes and executors: how tasks are spread, what runs them, and what each executor can do."""

from enum import StrEnum

from plan_contracts.base import Contract, HandWritten
from plan_contracts.scalars import ByteSize, Positive, Seconds


class ExecutionMode(StrEnum):
    """How tasks are spread."""

    DETERMINISTIC_SERIAL = "deterministic_serial"
    PLAN_PARALLEL = "plan_parallel"
    PLAN_PARALLEL_REMOTE = "plan_parallel_remote"


class ExecutorKind(StrEnum):
    """What runs a task."""

    THREADPOOL = "threadpool"
    MULTIPROCESSING = "multiprocessing"
    DASK = "dask"
    RAY = "ray"


class Placement(StrEnum):
    """Where a task runs: in the calling thread, or on an executor."""

    INLINE = "inline"
    THREADPOOL = "threadpool"
    MULTIPROCESSING = "multiprocessing"
    DASK = "dask"
    RAY = "ray"


class DaskSettings(HandWritten, frozen=True, kw_only=True):
    """`[execution.executor.dask]`: where a Dask cluster is, and how it is spoken to."""

    address: str | None = None
    """`tls://host:port` or `tcp://127.0.0.1:port`; none starts a local cluster of worker processes."""
    tls_ca_file: str | None = None
    """Certificates, in PEM, of those who may vouch for the scheduler; needed for `tls://`."""
    tls_cert_file: str | None = None
    """This side's certificate, in PEM; needed for `tls://`."""
    tls_key_file: str | None = None
    """Its key, in PEM; none when it stands in `tls_cert_file`."""
    insecure: bool = False
    """Whether an address is used whose scheduler asks nobody who they are."""
    worker_memory: ByteSize | None = None
    """Memory at which a worker of a local cluster is ended and replaced; none is unbounded."""


class RaySettings(HandWritten, frozen=True, kw_only=True):
    """`[execution.executor.ray]`: where a Ray cluster is, and how it is spoken to."""

    address: str | None = None
    """`host:port`, or `ray://host:port` of a machine that has joined no cluster; none starts a local one."""
    token_file: str | None = None
    """File that holds the cluster's token."""
    insecure: bool = False
    """Whether an address is used without a token."""


class ExecutorConfig(HandWritten, frozen=True, kw_only=True):
    """Which executors there are and how large they are."""

    kind: ExecutorKind = ExecutorKind.MULTIPROCESSING
    """The executor, or in `plan_parallel_remote` the local one."""
    max_tasks: Positive = 4
    """Slots of `kind`."""
    remote_kind: ExecutorKind | None = None
    """The second executor class of `plan_parallel_remote`."""
    remote_max_tasks: Positive = 4
    """Slots of `remote_kind`."""
    cost_threshold: Seconds = 1.0
    """Tasks of at least this cost go to `remote_kind`."""
    tasks_per_worker: Positive | None = None
    """Tasks after which a worker process is replaced by a fresh one; none keeps it for the run."""
    worker_memory: ByteSize | None = None
    """A worker process that holds more than this after a task is replaced by a fresh one; none keeps it."""
    dask: DaskSettings = DaskSettings()
    """Settings of the Dask executor."""
    ray: RaySettings = RaySettings()
    """Settings of the Ray executor."""


class ExecutorCapabilities(Contract, frozen=True, kw_only=True):
    """What an executor can do with a task."""

    kind: Placement
    """The executor."""
    can_kill_task: bool
    """Whether a running task can be ended."""
    can_limit_memory: bool
    """Whether a task's memory can be bounded from outside."""
    shares_memory: bool
    """Whether results can be handed on in memory."""
    survives_worker_death: bool
    """Whether a dead worker is replaced."""
    cores_per_task: Positive | None = None
    """Cores that a task may keep busy where it runs, once workers have said it; none is a share of this machine's."""


class ExecutorChoice(Contract, frozen=True, kw_only=True):
    """The executors that a run uses, and why."""

    mode: ExecutionMode
    """How tasks are spread."""
    config: ExecutorConfig
    """The executors."""
    reason: str
    """Who chose, and why."""
