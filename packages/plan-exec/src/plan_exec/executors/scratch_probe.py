"""Whether the workers of a cluster reach the folder in which results are staged, found out before the first task."""

import os
import secrets
from pathlib import Path

import msgspec

from plan_exec.errors import ScratchUnreachable


class ScratchProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the driver wrote for workers to find."""

    path: str
    """Where it lies."""
    content: str
    """What it holds; random, so that no other machine has a file like it at the same place."""


def write_probe(scratch_uri: str) -> ScratchProbe | None:
    """Write a probe into the folder; none when it is the URL of a store, which every machine reaches by its name."""
    if "://" in scratch_uri:
        return None
    probe = ScratchProbe(
        path=str(Path(scratch_uri) / f"probe-{secrets.token_hex(8)}"),
        content=secrets.token_hex(16),
    )
    Path(probe.path).write_text(probe.content, encoding="utf-8")
    return probe


def check_scratch(probe: ScratchProbe, *, worker: str) -> None:
    """Read the probe, and write beside it.

    Raises
    ------
    ScratchUnreachable
        When the file is not there or is another one, or nothing can be written.
    """
    path = Path(probe.path)
    mend = (
        "Put the project where every worker finds it under the same path, or its store and outputs on an object store."
    )
    try:
        content = path.read_text(encoding="utf-8")
        written = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        written.touch(exist_ok=False)
        written.unlink()
    except OSError as reason:
        message = f"The worker `{worker}` does not reach `{path.parent}`: {os.strerror(reason.errno or 0)}"
        raise ScratchUnreachable(message, subject=worker, suggestion=mend) from reason
    if content != probe.content:
        message = f"The worker `{worker}` finds another folder at `{path.parent}` than this side"
        raise ScratchUnreachable(message, subject=worker, suggestion=mend)


def remove_probe(probe: ScratchProbe | None) -> None:
    """Remove it."""
    if probe is not None:
        Path(probe.path).unlink(missing_ok=True)
