"""The options that say where a Dask or Ray cluster is, and where the files lie that plan.toml names for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec.structs import replace

from plan_cli.option_values import asked_for, byte_size_option
from plan_contracts import DaskSettings, ExecutorConfig, RaySettings
from plan_contracts.project import ExecutionSection


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Where a cluster is, and how it is spoken to.

    Parameters
    ----------
    dask_address
        `tls://host:port` or `tcp://127.0.0.1:port` of a Dask scheduler; without it a local cluster is started.
    dask_tls_ca_file
        Certificates of those who may vouch for the scheduler.
    dask_tls_cert_file
        This side's certificate.
    dask_tls_key_file
        Its key.
    dask_insecure
        Use a scheduler on another machine that asks nobody who they are.
    dask_worker_memory
        Memory, such as 2GiB, at which a worker of a local Dask cluster is replaced.
    ray_address
        `host:port` or `ray://host:port` of a Ray cluster; without it a local one is started.
    ray_token_file
        File that holds the Ray cluster's token.
    ray_insecure
        Use a Ray cluster on another machine without a token.
    """

    dask_address: str | None = None
    dask_tls_ca_file: Path | None = None
    dask_tls_cert_file: Path | None = None
    dask_tls_key_file: Path | None = None
    dask_insecure: Annotated[bool | None, Parameter(negative="--no-dask-insecure")] = None
    dask_worker_memory: str | None = None
    ray_address: str | None = None
    ray_token_file: Path | None = None
    ray_insecure: Annotated[bool | None, Parameter(negative="--no-ray-insecure")] = None

    def settings(self, given: ExecutorConfig) -> dict[str, DaskSettings | RaySettings]:
        """Give the settings that the options change, by their key in `[execution.executor]`.

        Raises
        ------
        OptionRefused
            When a value does not have the form that its option wants.
        """
        dask = asked_for(
            address=self.dask_address,
            tls_ca_file=_text(self.dask_tls_ca_file),
            tls_cert_file=_text(self.dask_tls_cert_file),
            tls_key_file=_text(self.dask_tls_key_file),
            insecure=self.dask_insecure,
            worker_memory=byte_size_option("--dask-worker-memory", self.dask_worker_memory),
        )
        ray = asked_for(address=self.ray_address, token_file=_text(self.ray_token_file), insecure=self.ray_insecure)
        changed: dict[str, DaskSettings | RaySettings] = {}
        if dask:
            changed["dask"] = replace(given.dask, **dask)
        if ray:
            changed["ray"] = replace(given.ray, **ray)
        return changed


def beside_project(section: ExecutionSection, folder: Path) -> ExecutionSection:
    """Give `[execution]` with the files that it names by their absolute paths; plan.toml's paths are relative to it."""
    config = section.executor
    if config is None:
        return section
    dask = replace(
        config.dask,
        tls_ca_file=_beside(folder, config.dask.tls_ca_file),
        tls_cert_file=_beside(folder, config.dask.tls_cert_file),
        tls_key_file=_beside(folder, config.dask.tls_key_file),
    )
    ray = replace(config.ray, token_file=_beside(folder, config.ray.token_file))
    return replace(section, executor=replace(config, dask=dask, ray=ray))


def _beside(folder: Path, path: str | None) -> str | None:
    return str(folder / path) if path is not None else None


def _text(path: Path | None) -> str | None:
    return str(path.absolute()) if path is not None else None
