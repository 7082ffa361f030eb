"""Fresh copies of one project give the same artifacts, in every mode and executor and under any hash seed."""

import shutil
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from oracle import differences, read_project, rows_from_arrow, run_in_duckdb
from plan_contracts import ArtifactIds, RunManifestV2, decode_json

TPCH = Path(__file__).parent.parent / "docs" / "examples" / "tpch"

WAYS: dict[str, tuple[list[str], str]] = {
    "serial": (["--mode", "deterministic_serial"], "1"),
    "threads": (["--executor", "threadpool", "--max-tasks", "2"], "2"),
    "processes": (["--executor", "multiprocessing", "--max-tasks", "2"], "3"),
    "chosen": ([], "random"),
}


def _build(folder: Path, *options: str, seed: str = "0") -> RunManifestV2:
    answer = plan_cli("build", folder, "--json", *options, env={"PYTHONHASHSEED": seed})
    assert answer.code == 0, answer.text
    return decode_json(answer.out.encode(), RunManifestV2)


def _fresh_copy(target: Path) -> Path:
    shutil.copytree(TPCH, target, ignore=shutil.ignore_patterns(".plan", "out"))
    return target


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, RunManifestV2]]:
    """Build one fresh copy in each way, each in a folder of another name and depth."""
    built: dict[str, tuple[Path, RunManifestV2]] = {}
    for way, (options, seed) in WAYS.items():
        folder = _fresh_copy(tmp_path_factory.mktemp(way) / way / f"copy_{way}")
        built[way] = (folder, _build(folder, *options, seed=seed))
    return built


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
def test_fresh_copies_in_every_mode_have_equal_artifact_ids(
    way: str, builds: dict[str, tuple[Path, RunManifestV2]]
) -> None:
    ids = builds[way][1].artifact_ids

    assert ids == builds["serial"][1].artifact_ids
    found = msgspec.structs.asdict(ids)
    assert found.pop("plan_drift") is None, "a project's first run has nothing to be compared with"
    assert None not in found.values()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
def test_fresh_copies_in_every_mode_store_equal_artifacts(
    way: str, builds: dict[str, tuple[Path, RunManifestV2]]
) -> None:
    folder, manifest = builds[way]
    reference = builds["serial"][0]

    for artifact in filter(None, msgspec.structs.astuple(manifest.artifact_ids)):
        stored = (folder / ".plan" / "artifacts" / artifact).read_bytes()
        assert stored == (reference / ".plan" / "artifacts" / artifact).read_bytes()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
def test_fresh_copies_in_every_mode_have_the_rows_of_the_oracle(
    way: str, builds: dict[str, tuple[Path, RunManifestV2]]
) -> None:
    folder, manifest = builds[way]
    expected = run_in_duckdb(read_project(folder))

    assert {output.name for output in manifest.outputs} >= {view for view in expected if view.startswith("mart_")}
    for output in manifest.outputs:
        actual = rows_from_arrow(pq.read_table(folder / "out" / output.uri))
        assert differences(expected[output.name], actual) == [], output.name


@pytest.mark.timeout(400)
def test_second_build_with_costs_from_statistics_has_equal_artifact_ids(tmp_path: Path) -> None:
    folder = _fresh_copy(tmp_path / "tpch")

    first = _build(folder, "--costs", "statistics")
    second = _build(folder, "--costs", "statistics", "--full")

    assert second.artifact_ids == first.artifact_ids != ArtifactIds()


@pytest.mark.timeout(400)
def test_second_build_of_unchanged_project_reuses_every_output(tmp_path: Path) -> None:
    folder = _fresh_copy(tmp_path / "tpch")

    first = _build(folder)
    second = _build(folder)

    assert {record.status.value for record in first.outputs} == {"built"}
    assert {record.status.value for record in second.outputs} == {"reused"}
    assert [record.sha256 for record in second.outputs] == [record.sha256 for record in first.outputs]
