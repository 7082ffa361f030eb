"""Views that are computed inside their readers: the same rows as tables, and no outputs of their own."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from oracle import differences, read_project, rows_from_arrow, run_in_duckdb
from plan_contracts import RunManifestV2, decode_json

TPCH = Path(__file__).parent.parent / "docs" / "examples" / "tpch"
WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
}


def _copy(target: Path, materialize: Mapping[str, str], default: str = "table") -> Path:
    """Copy the example, with a `materialize` for some views and one for the others."""
    shutil.copytree(TPCH, target, ignore=shutil.ignore_patterns(".plan", "out"))
    settings = target / "plan.toml"
    text = re.sub(r'(?m)^materialize = "table"\n', "", settings.read_text())
    for view, how in materialize.items():
        section = f"[views.{view}]\n"
        setting = f'materialize = "{how}"\n'
        text = text.replace(section, section + setting) if section in text else f"{text}\n{section}{setting}"
    text += f'\n[defaults]\nmaterialize = "{default}"\n'
    settings.write_text(text)
    return target


def _staging() -> dict[str, str]:
    names = [path.stem for path in TPCH.rglob("stg_*.sql")]
    assert len(names) > 5
    return dict.fromkeys(names, "ephemeral")


@pytest.fixture(scope="module")
def expected() -> dict[str, object]:
    """Give the oracle's rows of every view."""
    return dict(run_in_duckdb(read_project(TPCH)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_build_ephemeral_staging_gives_the_oracles_rows(way: str, expected: dict[str, object], tmp_path: Path) -> None:
    project = _copy(tmp_path / "tpch", _staging())

    answer = plan_cli("build", project, *WAYS[way])

    built = {path.stem for path in (project / "out").glob("*.parquet")}
    assert answer.code == 0, answer.text
    assert "computed inside their readers: stg_" in answer.text
    assert built == expected.keys() - _staging().keys()
    for view in sorted(built):
        rows = rows_from_arrow(pq.read_table(project / "out" / f"{view}.parquet"))
        assert differences(expected[view], rows) == [], view


@pytest.mark.timeout(120)
def test_build_everything_ephemeral_but_what_is_asked_as_table(expected: dict[str, object], tmp_path: Path) -> None:
    marts = {path.stem: "table" for path in TPCH.rglob("mart_*.sql")}
    project = _copy(tmp_path / "tpch", marts, default="ephemeral")

    answer = plan_cli("build", project)

    assert answer.code == 0, answer.text
    for path in sorted((project / "out").glob("*.parquet")):
        assert differences(expected[path.stem], rows_from_arrow(pq.read_table(path))) == [], path.stem
    assert {path.stem for path in (project / "out").glob("*.parquet")} >= marts.keys()


@pytest.mark.timeout(120)
def test_build_changed_ephemeral_view_rebuilds_its_readers_only(tmp_path: Path) -> None:
    project = _copy(tmp_path / "tpch", _staging())
    first = plan_cli("build", project, "--json")
    view = next(project.rglob("stg_regions.sql"))
    view.write_text(re.sub(r"(?i)\bfrom regions\b", "from regions where r_regionkey >= 0", view.read_text()))

    again = plan_cli("build", project, "--json")

    manifests = [decode_json(answer.out.encode(), RunManifestV2) for answer in (first, again)]
    readers = [path.stem for path in project.rglob("*.sql") if "stg_regions" in path.read_text() and path != view]
    built = {record.name for record in manifests[1].outputs if record.status.value == "built"}
    assert again.code == 0, again.text
    assert set(readers) & built
    assert manifests[1].task_counts["reused"] > 0
    assert {record.name for record in manifests[1].outputs} == {record.name for record in manifests[0].outputs}


@pytest.mark.timeout(120)
def test_build_view_that_becomes_ephemeral_is_no_current_output_any_more(tmp_path: Path) -> None:
    project = _copy(tmp_path / "tpch", {})
    plan_cli("build", project)
    settings = project / "plan.toml"
    settings.write_text(settings.read_text() + '\n[views.stg_regions]\nmaterialize = "ephemeral"\n')

    answer = plan_cli("build", project, "--json")

    names = {record.name for record in decode_json(answer.out.encode(), RunManifestV2).outputs}
    assert "stg_regions" not in names
    assert "stg_nations" in names
    assert (project / "out" / "stg_regions.parquet").exists()
