"""Building copies of the examples on clusters."""

import shutil
from pathlib import Path

from command_line import Answer
from plan_contracts import RunManifestV2, decode_json
from plan_exec.testing.clusters import ProcessCluster

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
