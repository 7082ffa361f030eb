"""A build in which nothing has changed: everything is reused, and nothing heavy is even imported."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import plan_cli
from plan_contracts import RunManifestV2, decode_json

TPCH = Path(__file__).parent.parent / "docs" / "examples" / "tpch"

BUILD = """
import sys
from plan_cli.__main__ import main

sys.argv = ["plan-cli", "build", sys.argv[1]]
try:
    main()
except SystemExit as end:
    code = end.code or 0
heavy = [
    name
    for name in ("datafusion", "hamilton", "pandas", "multiprocess", "numpy.ma", "pyarrow.compute", "rich.progress")
    if name in sys.modules
]
print("ended", code, *heavy)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the example, built once, whose data files are old enough for their times to be trusted."""
    folder = tmp_path_factory.mktemp("no_change") / "tpch"
    shutil.copytree(TPCH, folder, ignore=shutil.ignore_patterns(".plan", "out"))
    for path in folder.rglob("*.parquet"):
        os.utime(path, (1e9, 1e9))
    answer = plan_cli("build", folder)
    assert answer.code == 0, answer.text
    return folder


@pytest.mark.timeout(120)
def test_build_without_changes_imports_neither_datafusion_nor_hamilton(built: Path) -> None:
    command = [sys.executable, "-c", BUILD, str(built)]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout

    assert "31 reused" in shown
    assert shown.splitlines()[-1] == "ended 0"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("options", [[], ["--executor", "multiprocessing"], ["--mode", "deterministic_serial"]])
def test_build_without_changes_gives_the_same_ids_and_bytes(options: list[str], built: Path) -> None:
    before = {path.name: path.read_bytes() for path in (built / "out").iterdir()}
    first = plan_cli("build", built, "--costs", "statistics", "--json")

    again = plan_cli("build", built, "--costs", "statistics", "--json", *options)

    manifests = [decode_json(answer.out.encode(), RunManifestV2) for answer in (first, again)]
    assert manifests[0].artifact_ids == manifests[1].artifact_ids
    assert manifests[1].task_counts == {"reused": 31}
    assert {path.name: path.read_bytes() for path in (built / "out").iterdir()} == before


@pytest.mark.timeout(120)
def test_build_changed_view_builds_it_and_what_reads_it(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tpch"
    shutil.copytree(built, folder)
    view = folder / "views" / "staging" / "stg_nations.sql"
    view = view if view.exists() else next(folder.rglob("stg_nations.sql"))
    view.write_text(view.read_text() + "\n-- a comment changes nothing\n")
    commented = plan_cli("build", folder, "--json")
    view.write_text(f"select * from ({view.read_text()}) as all_of_them where 1 < 2\n")
    changed = plan_cli("build", folder, "--json")

    assert decode_json(commented.out.encode(), RunManifestV2).task_counts == {"reused": 31}
    counts = decode_json(changed.out.encode(), RunManifestV2).task_counts
    assert counts["succeeded"] >= 1
    assert counts["reused"] + counts["succeeded"] == 31


@pytest.mark.timeout(120)
def test_store_verify_finds_a_changed_bit_in_store_and_outputs(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tpch"
    shutil.copytree(built, folder)
    whole = plan_cli("store", "verify", folder)
    output = folder / "out" / "mart_headlines.parquet"
    segment = max((folder / ".plan" / "events").rglob("*.parquet"))
    for path in (output, segment):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)

    damaged = plan_cli("store", "verify", folder)

    assert (whole.code, whole.out) == (0, "everything is as it was written\n")
    assert damaged.code == 4
    assert str(output) in damaged.err
    assert str(segment) in damaged.err
