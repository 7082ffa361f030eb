"""A project whose results on their way exceed what they may hold: the same rows, and no more in memory than allowed."""

import json
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli

ROWS, PARTS = 100_000, 6
PART_BYTES = ROWS * 16
BUDGET = 4 * PART_BYTES
WAYS = {
    "threads": ("--executor", "threadpool", "--max-tasks", "2"),
    "serial": ("--mode", "deterministic_serial"),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project of temporary results that are read soon, and again in the end."""
    folder = tmp_path / "parts"
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    pq.write_table(pa.table({"n": pa.array(range(ROWS), pa.int64())}), folder / "data" / "numbers.parquet")
    (folder / "plan.toml").write_text(
        '[project]\nname = "parts"\n\n[datasets.numbers]\npath = "data/numbers.parquet"\n'
        + "".join(f'\n[views.part{part}]\nmaterialize = "temp"\n' for part in range(PARTS))
    )
    for part in range(PARTS):
        (folder / "views" / f"part{part}.sql").write_text(f"select n, n * {part + 1} % 1013 as m from numbers\n")
        (folder / "views" / f"sum{part}.sql").write_text(f"select sum(m) as total from part{part}\n")
    every = " union all ".join(f"select n, m from part{part}" for part in range(PARTS))
    (folder / "views" / "top.sql").write_text(f"select m, count(*) as rows from ({every}) group by m\n")
    return folder


def build(project: Path, *options: str) -> dict[str, list[dict[str, int]]]:
    """Build everything anew, and give the rows of the outputs."""
    built = plan_cli("build", project, "--full", *options)
    assert built.code == 0, built.text
    tables = {path.stem: pq.read_table(path).to_pylist() for path in (project / "out").glob("*.parquet")}
    return {name: sorted(rows, key=repr) for name, rows in tables.items()}


def ask(project: Path, sql: str) -> list[dict[str, str]]:
    """Query the events of the last run."""
    asked = plan_cli("events", project, "--json", "--sql", sql.replace("LAST", "(select max(run_id) from runs)"))
    assert asked.code == 0, asked.text
    return [json.loads(line) for line in asked.out.splitlines()]


@pytest.mark.timeout(200)
@pytest.mark.parametrize("way", WAYS)
def test_build_beyond_its_budget_gives_the_same_rows_and_holds_no_more(way: str, project: Path) -> None:
    by_file = build(project, *WAYS[way], "--retain", "0B")
    assert ask(project, "select task from decisions where in_memory is not null") == []

    rows = build(project, *WAYS[way], "--retain", f"{BUDGET}B")

    assert rows == by_file
    assert len(rows) == PARTS + 1
    spilled = ask(project, "select name, next_reader from spills where run_id = LAST order by spilled_at")
    assert {each["next_reader"] for each in spilled} == {"top"}
    (top,) = ask(project, "select in_memory from decisions where task = 'top' and run_id = LAST")
    in_memory = set((top["in_memory"] or "").split(", ")) - {""}
    assert in_memory <= {f"part{part}" for part in range(PARTS)} - {each["name"] for each in spilled}
    peaks = ask(
        project,
        "select payload_get(event_payload_msgpack, 'metrics.retained_bytes') as peak from events "
        "where event_name = 'task_finished_v1' and run_id = LAST",
    )
    assert 0 < max(int(each["peak"]) for each in peaks) <= BUDGET


@pytest.mark.timeout(200)
def test_build_with_room_keeps_every_result_in_memory(project: Path) -> None:
    build(project, *WAYS["threads"])

    assert ask(project, "select name from spills") == []
    (top,) = ask(project, "select in_memory from decisions where task = 'top'")
    assert len(top["in_memory"].split(", ")) == PARTS


def test_budget_that_is_no_size_is_refused(project: Path) -> None:
    refused = plan_cli("build", project, "--retain", "much")

    assert refused.code == 2
    assert "`--retain much` is no size in bytes" in refused.text


@pytest.mark.timeout(200)
def test_build_removes_temporary_results_that_the_cache_has_no_room_for_while_it_runs(project: Path) -> None:
    # Each result but the last has one reader; the Python view sees what is left once they have been read.
    toml = (project / "plan.toml").read_text().replace('name = "parts"', 'name = "parts"\ncache = "0B"')
    chain = [f"step{step}" for step in range(4)]
    (project / "plan.toml").write_text(toml + "".join(f'\n[views.{name}]\nmaterialize = "temp"\n' for name in chain))
    (project / "views" / "step0.sql").write_text("select n, n % 7 as m from numbers\n")
    for before, name in pairwise(chain):
        (project / "views" / f"{name}.sql").write_text(f"select n, m + 1 as m from {before}\n")
    (project / "views" / "left_over.py").write_text(
        "from pathlib import Path\n\nimport pyarrow as pa\n\nfrom plan_engine import view\n\n\n"
        '@view(output={"name": "string"})\n'
        "def left_over(step3: pa.Table) -> pa.Table:\n"
        "    cache = Path(__file__).parent.parent / '.plan' / 'cache'\n"
        "    return pa.table({'name': sorted(path.stem for path in cache.glob('*/*.parquet'))})\n"
    )

    rows = build(project, *WAYS["threads"], "--select", "+left_over")

    assert rows["left_over"] == [{"name": "step3"}]
    assert list((project / ".plan" / "cache").glob("*/*.parquet")) == []
    assert build(project, *WAYS["threads"], "--select", "+left_over") == rows
