"""Who drives a run that has no manifest yet."""

import os
import socket
from pathlib import Path

from plan_contracts import RunManifestV2
from plan_contracts.store_records import RunMarker


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
