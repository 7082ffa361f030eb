"""Scans: what is left to read after statistics, in which units, and that reading them gives the views their rows."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from test_runtime import run, runtime

from plan_contracts import (
    CompiledProject,
    DatasetScan,
    ScanUnit,
    ScanWork,
    StagedOutput,
    TaskInput,
    TaskLimits,
    TaskRequest,
    ViewSource,
    ViewWork,
    load_project_file,
)
from plan_engine import compile_project, dataset_scans
from plan_engine.dataset_scans import SHARED_DECODING_BYTES

pytestmark = pytest.mark.timeout(60)


def compiled(folder: Path, settings: str, **views: str) -> CompiledProject:
    """Compile a project of one dataset `d`."""
    (folder / "views").mkdir(exist_ok=True)
    for name, sql in views.items():
        (folder / "views" / f"{name}.sql").write_text(sql)
    (folder / "plan.toml").write_text(f'[project]\nname = "test"\n\n[datasets.d]\n{settings}\n')
    return compile_project(folder, load_project_file(folder))


def task(folder: Path, work: ScanWork | ViewWork, given: TaskInput, output: str) -> TaskRequest:
    """Ask for a scan or a view."""
    return TaskRequest(
        run_id="r",
        task=output,
        definition="0" * 64,
        work=work,
        inputs=(given,),
        outputs=(output,),
        stage_uri=str(folder / "stage"),
        project_uri=str(folder),
        limits=TaskLimits(target_partitions=2),
    )


def scanned(folder: Path, project: CompiledProject, scan: DatasetScan | None = None) -> StagedOutput:
    """Run the scan of `d` and give what it staged."""
    chosen = scan or project.scans["d"]
    work = ScanWork(dataset="d", units=chosen.units, projection=chosen.projection, filters=chosen.filters)
    result = run(runtime(), task(folder, work, TaskInput(name="d", ref=project.datasets["d"]), "d"))
    assert result.error is None, result.error
    (output,) = result.outputs
    return output


def viewed(folder: Path, project: CompiledProject, view: str, given: TaskInput) -> list[dict[str, int]]:
    """Run a view over an input and give its rows."""
    source = project.sources[view]
    assert isinstance(source, ViewSource)
    result = run(runtime(), task(folder, ViewWork(views=(source,)), given, view))
    assert result.error is None, result.error
    return pq.read_table(result.outputs[0].ref.uri).to_pylist()


def grouped(folder: Path, files: int = 3) -> None:
    """Write files of four row groups of ten rows; `n` counts through all of them, `s` is null in odd groups."""
    (folder / "d").mkdir()
    for file in range(files):
        first = file * 40
        table = pa.table(
            {
                "n": pa.array(range(first, first + 40), pa.int64()),
                "s": pa.array([f"s{n}" if n // 10 % 2 == 0 else None for n in range(first, first + 40)], pa.string()),
                "unused": pa.array([1.5] * 40),
            }
        )
        pq.write_table(table, folder / "d" / f"{file}.parquet", row_group_size=10)


def test_scan_is_the_union_of_columns_and_one_of_the_filters(tmp_path: Path) -> None:
    grouped(tmp_path)
    low, high = "select n from d where n < 15 and s is not null", "select s, n from d where n >= 95"
    project = compiled(tmp_path, 'path = "d"', low=low, high=high)
    scan = project.scans["d"]

    assert scan.projection == ("n", "s")
    (condition,) = scan.filters
    for part in ('"n" < 15', '"n" >= 95', '"s" is not null', " or "):
        assert part in condition
    assert (scan.files_total, scan.files_candidate, scan.files_pruned) == (3, 2, 1)
    assert (scan.row_groups_total, scan.row_groups_candidate, scan.row_groups_pruned) == (12, 4, 8)
    folder = str(tmp_path / "d")
    assert [(unit.key, unit.files, unit.row_groups, unit.rows) for unit in scan.units] == [
        ("0000", (f"{folder}/0.parquet", f"{folder}/2.parquet"), ((0, 1), (1, 3)), 40),
    ]
    assert (scan.is_task, scan.reason.startswith("`auto`: its readers skip")) == (False, True)
    assert project.statistics.scans["d"].rows_in == 40


@pytest.mark.parametrize("unit_bytes", [1, 700, 1 << 30])
def test_views_over_a_scan_give_the_rows_that_they_give_over_the_dataset(
    unit_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_scans, "UNIT_BYTES", unit_bytes)
    grouped(tmp_path)
    views = {
        "low": "select n from d where n < 15 and s is not null order by n",
        "high": "select max(s) as s, count(*) as c from d where n >= 95 or n = 42",
    }
    project = compiled(tmp_path, 'path = "d"\nscan = "always"', **views)

    output = scanned(tmp_path, project)

    assert output.rows < 120
    assert len(project.scans["d"].units) == {1: 5, 700: 3, 1 << 30: 1}[unit_bytes] or unit_bytes == 700
    for view in views:
        direct = viewed(tmp_path, project, view, TaskInput(name="d", ref=project.datasets["d"]))
        assert viewed(tmp_path, project, view, TaskInput(name="d", ref=output.ref)) == direct


def test_units_read_one_by_one_are_handed_on_as_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_scans, "UNIT_BYTES", 1)
    grouped(tmp_path)
    project = compiled(tmp_path, 'path = "d"', v="select n from d")
    scan = project.scans["d"]

    outputs = [scanned(tmp_path, project, replace(scan, units=(unit,))) for unit in scan.units]

    assert len(outputs) == 12
    files = tuple(output.ref.uri for output in outputs)
    together = replace(outputs[0].ref, uri=str(tmp_path / "stage"), files=files, rows=None)
    rows = viewed(tmp_path, project, "v", TaskInput(name="d", ref=together))
    assert sorted(row["n"] for row in rows) == list(range(120))


def test_scan_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,b\n" + "".join(f"{n},x{n % 7}\n" for n in range(200_000)))
    project = compiled(tmp_path, 'path = "d.csv"', v="select * from d")

    assert len({scanned(tmp_path, project).sha256 for _ in range(3)}) == 1


def test_scan_of_partitions_prunes_files_and_keeps_their_columns(tmp_path: Path) -> None:
    for year in (2022, 2023, 2024):
        (tmp_path / "d" / f"year={year}").mkdir(parents=True)
        pq.write_table(pa.table({"n": [1, 2]}), tmp_path / "d" / f"year={year}" / "1.parquet", row_group_size=1)
    project = compiled(tmp_path, 'path = "d"', v="select year, n from d where year > 2022 and n = 2 order by year")
    scan = project.scans["d"]

    assert (scan.files_total, scan.files_pruned, scan.row_groups_pruned) == (3, 1, 4)
    output = scanned(tmp_path, project)
    assert pq.read_table(output.ref.uri).to_pylist() == [{"n": 2, "year": 2023}, {"n": 2, "year": 2024}]


def test_scan_of_which_nothing_is_left_gives_an_empty_table(tmp_path: Path) -> None:
    grouped(tmp_path)
    project = compiled(tmp_path, 'path = "d"', v="select s from d where n > 5000")

    assert project.scans["d"].units == ()
    output = scanned(tmp_path, project)
    assert (output.rows, [column.name for column in output.ref.columns]) == (0, ["n", "s"])


@pytest.mark.parametrize(
    "sql",
    [
        "select * exclude (unused) from d where n < 3",
        "select d.n from d natural join (select n, unused from d) as e where d.n < 3",
    ],
)
def test_views_that_name_columns_beyond_their_plan_find_them_in_the_scan(sql: str, tmp_path: Path) -> None:
    grouped(tmp_path)
    project = compiled(tmp_path, 'path = "d"', v=sql)

    given = TaskInput(name="d", ref=scanned(tmp_path, project).ref)
    assert sorted(row["n"] for row in viewed(tmp_path, project, "v", given)) == [0, 1, 2]


def test_filter_with_the_time_of_day_is_not_pushed(tmp_path: Path) -> None:
    pq.write_table(pa.table({"t": pa.array([0], pa.timestamp("us"))}), tmp_path / "d.parquet")
    project = compiled(tmp_path, 'path = "d.parquet"', v="select t from d where t < now()")

    assert project.scans["d"].filters == ()


def test_rows_are_counted_over_a_scan_without_columns(tmp_path: Path) -> None:
    grouped(tmp_path)
    project = compiled(tmp_path, 'path = "d"', v="select count(*) as c from d")

    given = TaskInput(name="d", ref=scanned(tmp_path, project).ref)
    assert viewed(tmp_path, project, "v", given) == [{"c": 120}]


@pytest.mark.parametrize(
    ("policy", "text_bytes", "readers", "is_task", "words"),
    [
        ("auto", 100, 2, False, "for each of 2 readers is cheap"),
        ("auto", SHARED_DECODING_BYTES, 1, False, "only `v0` reads it"),
        ("auto", SHARED_DECODING_BYTES, 2, True, "of text are decoded once for 2 readers"),
        ("never", SHARED_DECODING_BYTES, 2, False, "`never` is asked for"),
        ("always", 100, 1, True, "`always` is asked for"),
    ],
)
def test_scan_of_text_becomes_a_task_where_decoding_is_shared(
    policy: str, text_bytes: int, readers: int, is_task: bool, words: str, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("a,b\n" + "1,2\n" * (text_bytes // 4))
    views = {f"v{index}": "select a from d" for index in range(readers)}
    scan = compiled(tmp_path, f'path = "d.csv"\nscan = "{policy}"', **views).scans["d"]

    assert scan.is_task is is_task
    assert words in scan.reason
    assert (scan.row_groups_total, scan.files_total) == (None, 1)


def test_scan_of_unread_dataset_is_not_planned(tmp_path: Path) -> None:
    grouped(tmp_path)

    assert compiled(tmp_path, 'path = "d"', v="select 1 as one").scans == {}


def test_unit_of_whole_files_names_no_row_groups(tmp_path: Path) -> None:
    grouped(tmp_path, files=2)

    (unit,) = compiled(tmp_path, 'path = "d"', v="select n from d").scans["d"].units

    assert unit == ScanUnit(
        key="0000",
        files=(f"{tmp_path}/d/0.parquet", f"{tmp_path}/d/1.parquet"),
        rows=80,
        bytes=unit.bytes,
        content_id=unit.content_id,
    )


def test_unit_content_is_that_of_its_own_files_alone(tmp_path: Path) -> None:
    grouped(tmp_path, files=3)
    settings = 'path = "d"\nscan_unit = "1B"'
    before = compiled(tmp_path, settings, v="select n from d").scans["d"].units

    pq.write_table(pq.read_table(tmp_path / "d" / "1.parquet").slice(1), tmp_path / "d" / "1.parquet")
    after = compiled(tmp_path, settings, v="select n from d").scans["d"].units

    changed = {unit.content_id for unit in before} ^ {unit.content_id for unit in after}
    assert len({unit.content_id for unit in before}) == len(before)
    assert changed == {unit.content_id for unit in (*before, *after) if unit.files[0].endswith("/1.parquet")}
