"""The machine and the software that a run used."""

import os
import platform
from functools import cache
from importlib.metadata import version

from plan_contracts import MachineInfo

_RECORDED = ("plan-cli", "datafusion", "pyarrow", "apache-hamilton", "rustworkx", "msgspec")


def usable_cores() -> int:
    """Give the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe_machine() -> MachineInfo:
    """Describe the machine that this process runs on."""
    return MachineInfo(
        cores=usable_cores(),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        platform=f"{platform.system().lower()}-{platform.machine()}",
        python=platform.python_version(),
    )


def machine_label(machine: MachineInfo) -> str:
    """Name the machine's class: durations of runs with the same label may be compared."""
    return f"{machine.platform}, {machine.cores} cores"


@cache  # each version is read from a text of its own
def recorded_versions() -> dict[str, str]:
    """Give the versions on which the results of a run depend, by distribution name."""
    return {name: version(name) for name in _RECORDED}
