"""Python views in whole builds: beside SQL, on every executor, reused, held to what they declare, failing clearly."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from command_line import plan_cli

SHOP = Path(__file__).parent.parent / "docs" / "examples" / "shop"
MODULE = '''"""Scores of customers."""

import pyarrow as pa
import pyarrow.compute as pc
from datafusion import DataFrame, col
from datafusion import functions as f

from plan_engine import view


@view(
    requires={"paid_orders": {"customer_id": "int64", "amount": "decimal(12, 2)"}},
    output={"customer_id": "int64", "score": "float64"},
    tags=["ml"],
)
def scores(paid_orders: pa.Table, *, rate: float) -> pa.Table:
    return _scored(paid_orders, rate)


@view(output={"customer_id": "int64", "total": "float64"})
def totals(scores: DataFrame) -> DataFrame:
    return scores.aggregate([col("customer_id")], [f.sum(col("score")).alias("total")])


def sampled(scores: pa.RecordBatchReader) -> pa.RecordBatchReader:
    return scores


def _scored(orders: pa.Table, rate: float) -> pa.Table:
    score = pc.multiply(orders["amount"].cast(pa.float64()), rate)
    return pa.table({"score": score, "customer_id": orders["customer_id"]})
'''
REPORT = "select c.name, t.total from totals t join customers c on c.customer_id = t.customer_id where t.total > 0"
WAYS = {
    "serial": ["--mode", "deterministic_serial"],
    "threads": ["--executor", "threadpool", "--max-tasks", "2"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "2"],
}


def _project(folder: Path, module: str = MODULE) -> Path:
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".plan", "out"))
    (folder / "views" / "models").mkdir()
    (folder / "views" / "models" / "scores.py").write_text(module)
    (folder / "views" / "report.sql").write_text(REPORT)
    with (folder / "plan.toml").open("a") as settings:
        settings.write("\n[vars]\nrate = 0.5\n")
    return folder


def _build(folder: Path, *options: str) -> dict[str, str]:
    answer = plan_cli("build", folder, "--json", *options)
    assert answer.code == 0, answer.text
    return {output["name"]: output["status"] for output in json.loads(answer.out)["outputs"]}


def _line(text: str) -> int:
    """Give the line of the module that begins with the text."""
    return 1 + next(number for number, line in enumerate(MODULE.splitlines()) if line.strip().startswith(text))


def _query(sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("way", WAYS)
def test_build_with_functions_gives_the_same_rows_on_every_executor_and_reuses_them(way: str, tmp_path: Path) -> None:
    folder = _project(tmp_path / "shop")
    built = _build(folder, *WAYS[way])
    assert set(built.values()) == {"built"}
    assert {"scores", "totals", "sampled", "report"} < built.keys()
    out = folder / "out"
    expected = _query(
        f"select c.name, sum(p.amount::double * 0.5) from '{out}/paid_orders.parquet' p "
        f"join read_csv('{folder}/data/customers.csv') c using (customer_id) group by all order by all"
    )
    found = _query(f"select name, total from '{out}/report.parquet' order by all")
    assert [(name, pytest.approx(total)) for name, total in expected] == found

    assert set(_build(folder, *WAYS[way]).values()) == {"reused"}
    varied = _build(folder, *WAYS[way], "--var", "rate=2.0")
    assert {name for name, status in varied.items() if status == "built"} == {"scores", "totals", "sampled", "report"}


def test_validate_shows_which_edges_of_functions_are_not_validated(tmp_path: Path) -> None:
    folder = _project(tmp_path / "shop")
    answer = plan_cli("validate", folder, "--json")
    assert answer.code == 0
    results = {result["task"]: result for result in json.loads(answer.out)["task_results"]}
    assert [name for name, result in results.items() if result["status"] == "not_validated"] == ["sampled", "totals"]
    assert [edge["status"] for edge in results["sampled"]["edges"]] == ["not_validated"]

    shown = plan_cli("validate", folder).out
    assert f"not validated: sampled ({folder}/views/models/scores.py)" in shown
    assert "what it needs of `scores` is not known, so this edge is not validated" in shown


def test_validate_holds_a_function_to_the_columns_that_it_requires(tmp_path: Path) -> None:
    answer = plan_cli("validate", _project(tmp_path / "shop", MODULE.replace('"amount": "dec', '"amuont": "dec')))
    assert answer.code == 3
    assert "`paid_orders` has no column `amuont`; did you mean `amount`?" in answer.out
    assert "blocked by: scores" in answer.out


def test_validate_of_a_query_over_an_undeclared_output_shows_the_declaration(tmp_path: Path) -> None:
    folder = _project(tmp_path / "shop")
    (folder / "views" / "few.sql").write_text("select score from sampled limit 3")
    answer = plan_cli("validate", folder)
    assert answer.code == 3
    assert f"above line {_line('def sampled')} of views/models/scores.py write" in answer.out
    assert '`@view(output={"score": "string"})`' in answer.out


def test_build_of_a_function_that_raises_shows_the_users_lines_and_keeps_the_old_output(tmp_path: Path) -> None:
    folder = _project(tmp_path / "shop")
    _build(folder)
    before = (folder / "out" / "scores.parquet").read_bytes()
    module = folder / "views" / "models" / "scores.py"
    module.write_text(MODULE.replace("    score = pc", '    raise ValueError("no rate")\n    score = pc'))

    answer = plan_cli("build", folder, "--executor", "multiprocessing", "--max-tasks", "2")

    assert answer.code == 1
    assert "failed     scores  The Python view `scores` raised ValueError: no rate\n" in answer.out
    assert (
        f"      views/models/scores.py:{_line('return _scored')} in scores: return _scored(paid_orders, rate)\n"
        in answer.out
    )
    assert f"      views/models/scores.py:{_line('score = pc')} in _scored: raise" in answer.out
    assert "python_runner" not in answer.text
    assert (folder / "out" / "scores.parquet").read_bytes() == before


def test_build_of_a_function_that_gives_other_columns_shows_the_declaration(tmp_path: Path) -> None:
    folder = _project(tmp_path / "shop", MODULE.replace('"score": score', '"points": score'))
    answer = plan_cli("build", folder)
    assert answer.code == 1
    assert "there is no column `score`" in answer.out
    assert '-> Declare what it gives: `@view(output={"points": "float64", "customer_id": "int64"})`.' in answer.out


def test_build_of_a_query_that_is_to_be_fused_into_a_function_keeps_it_in_the_cache(tmp_path: Path) -> None:
    folder = _project(tmp_path / "shop")
    with (folder / "plan.toml").open("a") as settings:
        settings.write(
            '\n[views.paid_orders]\nmaterialize = "ephemeral"\n\n[views.totals]\nmaterialize = "ephemeral"\n'
        )
    outputs = _build(folder)
    kept = {path.stem for path in (folder / ".plan" / "cache").rglob("*.parquet")}
    assert {"paid_orders", "totals"} <= kept
    assert not {"paid_orders", "totals"} & outputs.keys()
