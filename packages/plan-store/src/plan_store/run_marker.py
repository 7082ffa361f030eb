"""Who drives a run that has no manifest yet."""

import os
import socket
from pathlib import Path

from plan_contracts import Contract, RunManifestV2


class RunMarker(Contract, frozen=True, kw_only=True):
    """The driver of a run, and the manifest that the run gets if the driver dies."""

    pid: int
    """Process."""
    host: str
    """Host of the process."""
    boot: str
    """Identity of the host's uptime; empty where the system does not tell."""
    draft: RunManifestV2
    """The manifest as far as it was known at the start."""


def this_process(draft: RunManifestV2) -> RunMarker:
    """Describe this process as the driver of a run."""
    return RunMarker(pid=os.getpid(), host=socket.gethostname(), boot=_boot(), draft=draft)


def is_dead(marker: RunMarker) -> bool:
    """Say whether the driver is certainly gone; of a driver on another host nothing is known."""
    if marker.host != socket.gethostname():
        return False
    if marker.boot != _boot():
        return True
    if marker.pid == os.getpid():
        return True
    try:
        os.kill(marker.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""
