"""Scans as tasks in whole builds: the same rows, in every way of running, and no outputs of their own."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from plan_contracts import RunManifestV2, decode_json

SHOP = Path(__file__).parent.parent / "docs" / "examples" / "shop"
WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
}


def _shop(folder: Path, policy: str) -> Path:
    """Copy the example, with all of its scans decided alike."""
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".plan", "out"))
    settings = folder / "plan.toml"
    lines = settings.read_text().splitlines(keepends=True)
    settings.write_text(
        "".join(f'{line}scan = "{policy}"\n' if line.startswith("[datasets.") else line for line in lines)
    )
    return folder


def _rows(project: Path) -> dict[str, list[dict[str, object]]]:
    outputs = sorted((project / "out").glob("*.parquet"))
    return {path.stem: sorted(pq.read_table(path).to_pylist(), key=str) for path in outputs}  # pyright: ignore[reportUnknownMemberType]  # pyarrow's stubs


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_build_over_scan_tasks_gives_the_same_rows_and_reuses_them(way: str, tmp_path: Path) -> None:
    direct, scanned = _shop(tmp_path / "direct", "never"), _shop(tmp_path / "scanned", "always")
    assert plan_cli("build", direct, *WAYS[way]).code == 0

    first = plan_cli("build", scanned, *WAYS[way])
    again = plan_cli("build", scanned, *WAYS[way], "--json")

    assert first.code == 0, first.text
    assert "scan-" in first.text
    assert _rows(scanned) == _rows(direct) != {}
    manifest = decode_json(again.out.encode(), RunManifestV2)
    assert {output.name for output in manifest.outputs} == set(_rows(direct))
    assert set(manifest.task_counts) == {"reused"}, manifest.task_counts
