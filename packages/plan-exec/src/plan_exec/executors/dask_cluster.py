"""Joining a Dask cluster that others have started."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import cast

from plan_contracts import DaskSettings
from plan_exec.errors import ClusterNotSecure, ClusterUnreachable
from plan_exec.executors.cluster_address import host_of, is_loopback
from plan_exec.executors.cluster_calls import in_short
from plan_exec.executors.dask_client import DaskClient

CONNECT_SECONDS = 10.0
"""Longest wait for a scheduler to answer."""

WORKERS_SECONDS = 30.0
"""Longest wait for the first worker of a cluster."""

JOIN_SECONDS = 45.0
"""Longest time that all steps of joining a cluster may take, also where its scheduler falls silent between two."""

CLOSE_SECONDS = 3.0
"""Longest wait for a scheduler or worker to say goodbye."""

SEND_SECONDS = 0.002
"""Time in which tasks for the scheduler are gathered, as scheduler and workers do it among themselves. Dask's clients
take five times as long, for thousands of tasks at once; here a slot is free, and nothing else is on its way to it."""

_LOGGERS = ("distributed", "distributed.client", "distributed.core", "distributed.scheduler", "distributed.nanny")


class DaskCluster:
    """A cluster that this process has joined.

    Parameters
    ----------
    client
        Speaks to its scheduler.
    """

    is_local = False
    """Whether this process has started it: its workers run nothing else, and are reached from here."""

    def __init__(self, client: DaskClient) -> None:
        self.client = client
        client.scheduler_comm.interval = SEND_SECONDS

    @property
    def is_lost(self) -> bool:
        """Whether the scheduler no longer answers."""
        return self.client.status != "running"

    async def threads(self) -> int:
        """Count the threads of all workers, in the client's loop."""
        return sum((await self.client.scheduler.ncores(workers=None)).values())

    def end_worker_of(self, key: str) -> None:
        """End the process that runs a task, which is replaced; not where it may run tasks of others."""

    def end_workers(self) -> None:
        """End every worker of a local cluster, also in the middle of a task."""

    def close(self) -> None:
        """Leave the cluster."""
        with suppress(Exception):  # the scheduler may be gone, which is no news at the end
            self.client.close(timeout=CLOSE_SECONDS)


def join_dask(settings: DaskSettings, address: str) -> DaskCluster:
    """Join the cluster at the address.

    Raises
    ------
    ClusterNotSecure
        When the address is of another machine and nobody would be asked who they are.
    ClusterUnreachable
        When no scheduler answers, or it has no worker.
    """
    import distributed

    quieten_dask()
    check_dask_address(settings)
    security = distributed.Security(
        require_encryption=address.startswith("tls://"),
        tls_ca_file=settings.tls_ca_file,
        tls_client_cert=settings.tls_cert_file,
        tls_client_key=settings.tls_key_file,
    )
    try:
        connected = distributed.Client(
            address, timeout=CONNECT_SECONDS, security=security, set_as_default=False, heartbeat_interval="5s"
        )
    except (OSError, ValueError) as reason:
        message = f"No Dask scheduler answers at `{address}`: {in_short(reason)}"
        mend = "Look whether it runs, and whether address and certificates are those of the scheduler."
        raise ClusterUnreachable(message, subject="dask", suggestion=mend) from reason
    client = cast(DaskClient, connected)  # Dask's methods are typed in part
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as reason:
        client.close(timeout=CLOSE_SECONDS)
        message = f"The Dask scheduler at `{address}` has no worker after {WORKERS_SECONDS:.0f} s"
        raise ClusterUnreachable(message, subject="dask", suggestion="Start workers for it.") from reason
    return DaskCluster(client)


def lost_its_worker(reason: Exception) -> bool:
    """Whether a task has no result because the process that ran it ended."""
    import distributed

    return isinstance(reason, distributed.KilledWorker)


def check_dask_address(settings: DaskSettings) -> None:
    """Refuse an address at which results could be read, and code be run, by whoever reaches it.

    Raises
    ------
    ClusterNotSecure
        When it is of another machine and not `tls://` with certificates.
    ClusterUnreachable
        When it is no address, or a certificate is no file.
    """
    address = settings.address or ""
    scheme, separator, _ = address.partition("://")
    host = host_of(address)
    if not host or (separator and scheme not in ("tcp", "tls")):
        message = f"`{address}` is no address of a Dask scheduler"
        raise ClusterUnreachable(message, subject="dask", suggestion="Write `tls://host:port` or `tcp://host:port`.")
    if scheme == "tls" and separator:
        missing = [name for name in ("tls_ca_file", "tls_cert_file") if getattr(settings, name) is None]
        if missing:
            message = f"`{address}` needs certificates, and `{missing[0]}` is not set"
            mend = "Set `tls_ca_file`, `tls_cert_file` and `tls_key_file` in `[execution.executor.dask]`."
            raise ClusterNotSecure(message, subject=f"execution.executor.dask.{missing[0]}", suggestion=mend)
        _check_certificates(settings)
    elif not is_loopback(host) and not settings.insecure:
        message = f"`{address}` is on another machine, and whoever reaches its scheduler can run code there and here"
        mend = "Use `tls://` with certificates, or set `insecure = true` on a network that you trust."
        raise ClusterNotSecure(message, subject="execution.executor.dask.address", suggestion=mend)


def _check_certificates(settings: DaskSettings) -> None:
    for name in ("tls_ca_file", "tls_cert_file", "tls_key_file"):
        path: str | None = getattr(settings, name)
        if path is not None and not Path(path).is_file():
            message = f"`{name}` of the Dask cluster is to be read from `{path}`, which is no file"
            raise ClusterUnreachable(
                message, subject="dask", suggestion="Name the file, in PEM, that was issued to you."
            )


def quieten_dask() -> None:
    """Keep Dask from logging what the dispatcher says in its own words."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
