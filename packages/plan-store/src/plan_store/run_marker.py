"""Who drives a run that has no manifest yet."""

import os
import socket
from pathlib import Path

from plan_contracts import RunManifestV2
from plan_contracts.store_records import RunMarker


def this_process(draft: RunManifestV2) -> RunMarker:
    """Describe this process as the driver of a run."""
    return RunMarker(pid=os.getpid(), host=socket.gethostname(), boot=boot_id(), draft=draft)


def is_dead(marker: RunMarker) -> bool:
    """Say whether the driver is certainly gone; of a driver on another host nothing is known."""
    if marker.host != socket.gethostname():
        return False
    return marker.pid == os.getpid() or not is_alive(marker.pid, marker.boot)


def is_alive(pid: int, boot: str) -> bool:
    """Say whether a process of this host, seen when the host had that uptime, may still be there."""
    if boot != boot_id():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def boot_id() -> str:
    """Give the identity of the host's uptime; empty where the system does not tell."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""
