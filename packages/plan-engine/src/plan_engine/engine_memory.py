"""Memory that queries have freed: how long DataFusion's allocator keeps it before the system gets it back."""

import os

_VARIABLE = "MIMALLOC_PURGE_DELAY"

KEPT_MILLISECONDS = 1000
"""A query takes and frees hundreds of megabytes within tenths of a second. Memory that is returned sooner is asked for
again at once, and the system clears every page of it."""


def keep_freed_memory() -> None:
    """Let freed memory stay with this process, and those that it starts, for a moment in which it is likely to be used.

    Without effect once DataFusion is loaded, or where the user has set `MIMALLOC_PURGE_DELAY`.
    """
    os.environ.setdefault(_VARIABLE, str(KEPT_MILLISECONDS))
