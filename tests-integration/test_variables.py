"""Variables on the command line are typed, belong to the views that read them, and leave no trace when secret."""

import json
from pathlib import Path

import duckdb

from command_line import plan_cli

TOML = """[project]
name = "vars"

[datasets.orders]
path = "orders.csv"

[vars]
region = "EU"
since = 2024-01-02
salt = { secret = "${PLAN_TEST_SALT}" }

[profiles.prod.vars]
region = "US"
"""
VIEWS = {
    "regional": "select id, amount from orders where region = $region and day >= $since",
    "hashed": "select id, md5(region || $salt) as token from orders",
    "aged": "select id, current_date - day as age from orders",
    "whole": "select count(*) as orders from orders",
}
ORDERS = "id,region,day,amount\n1,EU,2024-01-01,1.5\n2,EU,2024-01-02,2.5\n3,US,2024-01-03,4.0\n"
SECRET = {"PLAN_TEST_SALT": "hunter2-7f"}


def _project(folder: Path) -> Path:
    (folder / "views").mkdir(parents=True)
    (folder / "plan.toml").write_text(TOML)
    (folder / "orders.csv").write_text(ORDERS)
    for name, sql in VIEWS.items():
        (folder / "views" / f"{name}.sql").write_text(sql)
    return folder


def _build(folder: Path, *options: str) -> dict[str, str]:
    """Build, and say for each output whether it was built or reused."""
    answer = plan_cli("build", folder, "--json", *options, env=SECRET)
    assert answer.code == 0, answer.text
    assert SECRET["PLAN_TEST_SALT"] not in answer.text
    return {output["name"]: output["status"] for output in json.loads(answer.out)["outputs"]}


def _values(folder: Path, view: str, expression: str, where: str = "true") -> list[object]:
    sql = f"select {expression} from '{folder}/out/{view}.parquet' where {where} order by 1"
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute(sql).fetchall()]


def test_build_with_other_values_builds_what_reads_them_and_nothing_else(tmp_path: Path) -> None:
    folder = _project(tmp_path / "p")
    assert set(_build(folder).values()) == {"built"}
    assert _values(folder, "regional", "id") == [2]

    again = _build(folder, "--var", "region=US")
    assert _values(folder, "regional", "id") == [3]
    # The clock and a secret leave nothing to compare, so what reads them is built each time.
    assert again == {"aged": "built", "hashed": "built", "regional": "built", "whole": "reused"}

    assert _build(folder, "--profile", "prod", "--var", "since=2024-01-01")["whole"] == "built"
    assert _values(folder, "regional", "id") == [3]
    assert _build(folder, "--profile", "prod", "--var", "since=2025-01-01")["whole"] == "reused"
    assert _values(folder, "regional", "id") == []


def test_build_with_a_pinned_clock_reuses_what_tells_the_time(tmp_path: Path) -> None:
    folder = _project(tmp_path / "p")
    pinned = ("--var", "now=2024-01-31T12:00:00Z")
    assert _build(folder, *pinned)["aged"] == "built"
    assert _values(folder, "aged", "age", "id = 1") == [30]
    assert _build(folder, *pinned)["aged"] == "reused"
    assert _build(folder, "--var", "now=2024-02-01T12:00:00Z")["aged"] == "built"


def test_build_on_processes_reads_a_secret_there_and_leaves_no_trace_of_it(tmp_path: Path) -> None:
    folder = _project(tmp_path / "p")
    _build(folder, "--executor", "multiprocessing", "--max-tasks", "2")
    assert _values(folder, "hashed", "token = md5('EU' || 'hunter2-7f')", "id = 1") == [True]
    leaks = [path for path in folder.rglob("*") if path.is_file() and b"hunter2-7f" in path.read_bytes()]
    assert leaks == []


def test_build_without_the_environment_of_a_secret_runs_nothing(tmp_path: Path) -> None:
    folder = _project(tmp_path / "p")
    answer = plan_cli("build", folder)
    assert answer.code == 2
    assert "the environment has no `${PLAN_TEST_SALT}`" in answer.err
    assert not list((folder / "out").glob("*.parquet"))


def test_validate_names_the_environment_of_a_secret_that_is_not_set(tmp_path: Path) -> None:
    folder = _project(tmp_path / "p")

    assert plan_cli("validate", folder, env=SECRET).code == 0
    answer = plan_cli("validate", folder)

    assert answer.code == 2
    assert "views         4        4        0 " in answer.out
    assert "the environment has no `${PLAN_TEST_SALT}`" in answer.text


def test_commands_refuse_values_that_do_not_fit(tmp_path: Path) -> None:
    folder = _project(tmp_path / "p")
    for given, said in {
        "regoin=US": "Did you mean `region`?",
        "since=tomorrow": "`tomorrow` is no value of the variable `since`",
        "since": "`--var since` gives no value",
        "salt=pepper": "is secret and cannot be given on the command line",
    }.items():
        answer = plan_cli("validate", folder, "--var", given)
        assert answer.code == 2, given
        assert said in answer.err
        assert "pepper" not in answer.text
