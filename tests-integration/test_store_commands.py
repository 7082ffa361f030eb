"""The commands that look after a store, the saved queries, and builds whose store and outputs are in a bucket."""

import json
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pytest
from s3_server import BUCKET, KEY_ID, SECRET, credentials, s3_server

from command_line import plan_cli
from plan_store.object_place import open_objects

EXAMPLE = Path(__file__).resolve().parents[1] / "docs" / "examples" / "shop"
QUERIES = ("slowest-tasks", "regressions", "predicted-against-actual", "critical-path", "flaky-tasks", "tag-costs")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Give a copy of the example."""
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".plan", "out"))
    return folder


@pytest.mark.timeout(300)
def test_store_commands_on_a_project_that_was_built_often(shop: Path) -> None:
    for _ in range(4):
        assert plan_cli("build", shop, "--full").code == 0
    counted = plan_cli("events", shop, "--sql", "select count(*) as n from events", "--json").out

    answers = {name: plan_cli("events", shop, "--query", name, "--json") for name in QUERIES}
    assert [answer.code for answer in answers.values()] == [0] * len(QUERIES)
    slowest = [json.loads(line)["task"] for line in answers["slowest-tasks"].out.splitlines()]
    assert sorted(slowest) == ["best_customers", "monthly_revenue", "paid_orders"]
    steps = [json.loads(line) for line in answers["critical-path"].out.splitlines()]
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    assert sum(step["share"] for step in steps) == pytest.approx(1.0)
    assert "slowest-tasks" in plan_cli("events", shop, "--queries").out
    assert plan_cli("events", shop, "--query", "slowest").code == 2

    before = json.loads(plan_cli("store", "info", shop, "--json").out)
    done = json.loads(plan_cli("store", "compact", shop, "--json").out)
    after = json.loads(plan_cli("store", "info", shop, "--json").out)
    assert (before["runs"], before["compacted_segments"], after["segments"]) == (4, 0, 0)
    assert done["replaced_segments"] == before["segments"]
    assert plan_cli("events", shop, "--sql", "select count(*) as n from events", "--json").out == counted
    files = [str(path) for path in (shop / ".plan" / "events").rglob("*.parquet")]
    rows = ds.dataset(files).count_rows()
    assert duckdb.sql(f"select count(*) from read_parquet({files})").fetchall() == [(rows,)]
    assert f'{{"n":{rows}}}' == counted.strip().replace(" ", "")

    would = json.loads(plan_cli("store", "prune", shop, "--keep", "2", "--dry-run", "--json").out)
    pruned = json.loads(plan_cli("store", "prune", shop, "--keep", "2", "--json").out)
    assert pruned["runs"] == would["runs"]
    assert len(pruned["runs"]) == 2
    assert len(json.loads(plan_cli("runs", shop, "--json").out)["runs"]) == 2
    assert plan_cli("store", "verify", shop).code == 0
    assert "reused" in plan_cli("build", shop).out
    assert plan_cli("store", "prune", shop, "--older-than", "soon").code == 2


BUILDS = int(os.environ.get("PLAN_STORE_BUILDS", "4"))
"""Builds before the saved queries are asked; `nox -s history` sets 20."""


@pytest.mark.timeout(120 + 20 * BUILDS)
def test_saved_queries_after_many_builds_answer_what_they_say(shop: Path) -> None:
    plan = shop / "plan.toml"
    view = next((shop / "views").glob("*.sql")).name.removesuffix(".sql")
    plan.write_text(plan.read_text() + f'\n[views.{view}]\ntags = ["mart"]\n\n[datasets.orders.contract]\n')
    plan.write_text(plan.read_text() + 'unique = [["order_id"]]\n')
    codes = [plan_cli("build", shop, "--full").code for _ in range(BUILDS - 2)]
    orders = shop / "data" / "orders.csv"
    whole = orders.read_text()
    orders.write_text(whole + whole.splitlines()[1] + "\n")
    codes.append(plan_cli("build", shop).code)
    orders.write_text(whole)
    codes.append(plan_cli("build", shop, "--full").code)
    assert codes == [0] * (BUILDS - 2) + [1, 0]

    answers = {name: asked(shop, "--query", name) for name in QUERIES}
    slowest = [row["actual_seconds"] for row in answers["slowest-tasks"]]
    assert slowest == sorted(slowest, reverse=True)
    assert len(slowest) >= 3
    assert {row["task"] for row in answers["predicted-against-actual"]} == {
        row["task"] for row in answers["slowest-tasks"]
    }
    assert all(row["ratio"] > 1.2 and row["run_before"] for row in answers["regressions"])
    assert sum(row["share"] for row in answers["critical-path"]) == pytest.approx(1.0)
    (flaky,) = answers["flaky-tasks"]
    assert (flaky["failed"], flaky["with_retries"]) == (1, 0)
    assert {row["tag"] for row in answers["tag-costs"]} == {"mart", "(untagged)"}
    mart = next(row for row in answers["tag-costs"] if row["tag"] == "mart")
    assert (mart["runs"], mart["tasks"]) == (BUILDS - 1, BUILDS - 1)

    counted = "select status, count(*) as n from runs group by 1 order by 1"
    assert asked(shop, "--sql", counted) == [{"status": "failed", "n": 1}, {"status": "succeeded", "n": BUILDS - 1}]
    failed = "select subject, name, verdict, offending_rows from checks where verdict = 'failed'"
    assert asked(shop, "--sql", failed) == [
        {"subject": "orders", "name": "unique(order_id)", "verdict": "failed", "offending_rows": 1}
    ]
    for table in ("events", "runs", "tasks", "checks", "outputs", "schedules", "validations", "decisions"):
        (row,) = asked(shop, "--sql", f"select count(*) as n, count(distinct run_id) as runs from {table}")
        assert row["n"] >= row["runs"] > 0, table


def asked(project: Path, *arguments: str) -> list[dict[str, Any]]:
    """Give the rows that `plan-cli events` prints."""
    answer = plan_cli("events", project, *arguments, "--json")
    assert answer.code == 0, answer.text
    return [json.loads(line) for line in answer.out.splitlines()]


@pytest.mark.timeout(200)
def test_store_verify_quarantine_moves_a_damaged_segment_and_queries_go_on(shop: Path) -> None:
    assert plan_cli("build", shop).code == 0
    assert plan_cli("build", shop).code == 0
    spoilt = min((shop / ".plan" / "events").rglob("*.parquet"))
    spoilt.chmod(0o644)
    spoilt.write_bytes(spoilt.read_bytes()[:-10])
    assert plan_cli("events", shop).code == 4

    moved = plan_cli("store", "verify", shop, "--quarantine")

    assert moved.code == 4
    assert "quarantine" in moved.out
    assert plan_cli("events", shop).code == 0
    assert plan_cli("store", "verify", shop).code == 0
    assert plan_cli("build", shop).code == 0


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    """Run an S3-compatible server for the tests of this module."""
    with s3_server() as found, credentials(found):
        yield found


@pytest.mark.timeout(300)
def test_build_in_a_bucket_leaves_no_secret_in_any_byte(port: int, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert port
    planted = {
        "SHOP_SALT": "planted-salt-5d1f",
        "DATABASE_URL": "postgres://me:planted-password@db/x",
        "LAKE_KEY": "planted-lake-key",
        "LAKE_SECRET": "planted-lake-secret",
    }
    open_objects(f"s3://{BUCKET}").put("lake/towns.csv", b"town,people\nUlm,130\nOber,7\n")
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    with (shop / "plan.toml").open("a") as file:
        file.write('\n[vars]\nsalt = { secret = "${SHOP_SALT}" }\n')
        file.write(f'\n[profiles.cloud]\nstore = "s3://{BUCKET}/plan"\noutputs = "s3://{BUCKET}/out"\n')
        file.write(f'\n[datasets.towns]\npath = "s3://{BUCKET}/lake/towns.csv"\n')
        file.write(f'[datasets.towns.storage_options]\nendpoint = "http://127.0.0.1:{port}"\nregion = "us-east-1"\n')
        file.write('access_key_id = "${LAKE_KEY}"\nsecret_access_key = "${LAKE_SECRET}"\n')
        file.write('\n[profiles.wrong]\nstore = "s3://me:planted-url-password@bucket/plan"\n')
    (shop / "views" / "salted.sql").write_text("select md5(concat('x', $salt)) as digest from paid_orders\n")
    (shop / "views" / "peopled.sql").write_text("select town, people from towns\n")
    (shop / "views" / "failing.sql").write_text("select cast(concat('x', $salt) as int) as n from paid_orders\n")

    shown = [
        plan_cli("build", shop, "--profile", "cloud"),
        plan_cli("build", shop, "--profile", "cloud", "--json"),
        plan_cli("build", shop, "--profile", "wrong"),
        plan_cli("build", shop),
        plan_cli("runs", shop, "--profile", "cloud", "--run", "latest"),
        plan_cli("store", "verify", shop, "--profile", "cloud"),
        plan_cli("store", "info", shop, "--profile", "cloud"),
        plan_cli("plan", shop, "--json"),
        plan_cli("diff", shop, "--profile", "cloud"),
        plan_cli("events", shop, "--json", "--sql", "select payload_json(event_payload_msgpack) from events"),
        plan_cli("events", shop, "--json", "--sql", "select * from tasks"),
    ]

    codes = [1, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0]
    assert [answer.code for answer in shown] == codes, [answer.text for answer in shown]
    assert any('"peopled"' in answer.text and "succeeded" in answer.text for answer in shown)
    secrets = [SECRET, "planted-salt-5d1f", "planted-password", "planted-url-password"]
    secrets += ["planted-lake-key", "planted-lake-secret"]
    places = {f"output of command {number}": answer.text.encode() for number, answer in enumerate(shown)}
    places |= {str(path): path.read_bytes() for path in shop.rglob("*") if path.is_file() and path.name != "plan.toml"}
    objects = open_objects(f"s3://{BUCKET}")
    places |= {key: objects.get(key) for key in objects.keys("")}
    assert len(places) > 30
    found = [
        (secret, place) for secret in (*secrets, KEY_ID) for place, data in places.items() if secret.encode() in data
    ]
    assert found == []
