"""Building copies of the examples on clusters."""

import shutil
import time
from pathlib import Path

from command_line import Answer
from plan_contracts import RunManifestV2, decode_json
from plan_exec.testing.clusters import ProcessCluster

GONE_SECONDS = 30.0
"""Longest wait for the processes of a build to end with it."""

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"


def on_dask(cluster: ProcessCluster) -> list[str]:
    """Give the options of a build on a Dask cluster."""
    return ["--executor", "dask", "--max-tasks", "2", "--dask-address", cluster.address]


def on_ray(cluster: ProcessCluster) -> list[str]:
    """Give the options of a build on a Ray cluster."""
    options = ["--executor", "ray", "--max-tasks", "2", "--ray-address", cluster.address]
    return [*options, "--ray-token-file", str(cluster.token_file)]


def copy_of(example: str, target: Path) -> Path:
    """Copy an example that has not been built."""
    shutil.copytree(EXAMPLES / example, target, ignore=shutil.ignore_patterns(".plan", "out"))
    return target


def manifest_of(answer: Answer) -> RunManifestV2:
    """Read the manifest that a build with `--json` printed."""
    assert answer.code == 0, answer.text
    return decode_json(answer.out.encode(), RunManifestV2)


def rows(manifest: RunManifestV2) -> dict[str, int]:
    """Give the rows of each output."""
    return {record.name: record.rows for record in manifest.outputs}


def marked_processes(mark: str) -> set[int]:
    """Give the live processes whose environment holds the mark."""
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if mark.encode() in (folder / "environ").read_bytes() and state != "Z":
                found.add(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def wait_until_gone(mark: str) -> set[int]:
    """Wait for the end of all processes with the mark; give those that are left."""
    deadline = time.monotonic() + GONE_SECONDS
    while (left := marked_processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left
