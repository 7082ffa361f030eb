"""What this process uses."""

import resource
import sys


def peak_memory_bytes() -> int:
    """Give the high-water mark of the process's resident memory, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
