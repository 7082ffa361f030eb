"""The identity of a view's logic."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from plan_contracts import digest


@cache
def engine_version() -> str:
    """Give the version of the engine that plans and computes."""
    return f"datafusion {version('datafusion')}"


def view_definition(unoptimized: str, required: Mapping[str, Mapping[str, str | None]]) -> str:
    """Give the identity of what a view computes.

    White space, comments and the case of keywords do not enter, since the plan's text has none of them. The optimiser
    has not been at the plan, so the time of day does not enter either.

    Parameters
    ----------
    unoptimized
        Text of the view's logical plan before optimisation.
    required
        Per input the columns that it reads, with their types.

    Returns
    -------
    str
        Digest in hexadecimal.
    """
    inputs = [
        part
        for name in sorted(required)
        for part in (name, *(f"{column}: {kind}" for column, kind in sorted(required[name].items())))
    ]
    return digest("view", engine_version(), unoptimized, *inputs)
