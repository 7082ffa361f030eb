"""What `plan-cli validate` says of each kind of breakage, word for word.

The messages are golden files in `goldens/breakages/`; `UPDATE_GOLDENS=1` writes them anew.
"""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import os
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plan_cli.commands.validate import validate

GOLDENS = Path(__file__).parent / "goldens" / "breakages"

ORDERS = pa.table(
    {
        "order_id": pa.array([1, 2, 2], pa.int64()),
        "customer_id": pa.array([10, None, 20], pa.int64()),
        "amount": pa.array([Decimal("1.50"), Decimal("2.00"), Decimal("0.50")], pa.decimal128(12, 2)),
        "status": pa.array(["paid", "open", "void"], pa.string()),
        "placed_on": pa.array([date(2025, 1, 1)] * 3, pa.date32()),
    }
)
CUSTOMERS = pa.table(
    {
        "customer_id": pa.array([10, 20], pa.int64()),
        "name": pa.array(["Ada", "Mei"], pa.string()),
        "Town": pa.array(["Ulm", None], pa.string()),
        "since": pa.array([date(2024, 1, 1)] * 2, pa.date32()),
    }
).replace_schema_metadata({"owner": "crm"})

TOML = """\
[project]
name = "shop"

[datasets.orders]
path = "data/orders.parquet"

[datasets.customers]
path = "data/customers.parquet"
"""


@dataclass(frozen=True)
class Broken:
    """A project that does not fit together."""

    code: int
    views: dict[str, str]
    toml: str = ""


def _view(sql: str, toml: str = "", code: int = 3) -> Broken:
    return Broken(code, {"v": sql}, toml)


def _customers(contract: str, code: int = 3) -> Broken:
    """Declare a contract for the dataset `customers`, which ends plan.toml."""
    return Broken(code, {"v": "select name from customers\n"}, f"contract = {{ {contract} }}\n")


def _output(contract: str) -> Broken:
    return Broken(3, {"v": "select order_id from orders\n"}, f"\n[views.v]\ncontract = {{ {contract} }}\n")


JOIN = "from orders o\njoin customers c on o.customer_id = c.customer_id\n"

CASES: dict[str, Broken] = {
    # columns
    "missing_column": _view("select\n    order_id,\n    amuont\nfrom orders\n"),
    "missing_column_by_alias": _view(f"select o.order_di\n{JOIN}"),
    "missing_column_that_another_input_has": _view(f"select o.name\n{JOIN}"),
    "missing_column_in_filter": _view("select order_id\nfrom orders\nwhere staus = 'paid'\n"),
    "missing_column_of_either_input": _view(f"select order_id, nmae\n{JOIN}"),
    "missing_column_of_a_cte": _view("with c as (select name from customers)\nselect c.town from c\n"),
    "missing_column_behind_a_cte": _view("with c as (select nmae from customers)\nselect c.nmae from c\n"),
    "missing_column_in_using": _view("select name\nfrom orders\njoin customers using (custmer_id)\n"),
    "missing_column_in_subquery": _view(
        "select name\nfrom customers c\nwhere exists (select 1 from orders o where o.custmer_id = c.customer_id)\n"
    ),
    "column_with_capitals_not_quoted": _view("select town from customers\n"),
    "many_missing_columns": Broken(
        3,
        {
            "a": "select ordr_id,\n    amont\nfrom orders\nwhere sttus = 1\n",
            "b": "select nam from customers\n",
            "c": "select x from b\n",
        },
    ),
    "ambiguous_column": _view(f"select customer_id\n{JOIN}"),
    "repeated_output_column": _view("select 1 as a, 2 as a\n"),
    "repeated_output_column_of_a_join": _view(f"select *\n{JOIN}"),
    # tables
    "unknown_table": _view("select order_id\nfrom ordrs\n"),
    "unknown_tables": _view("select 1 as a\nfrom ordrs\njoin custmers on true\n"),
    "cycle": Broken(3, {"a": "select x from b\n", "b": "select x\nfrom a\n"}),
    "view_that_reads_itself": Broken(3, {"a": "select x from a\n"}),
    "blocked_views": Broken(
        3, {"a": "select nope from orders\n", "b": "select nope from a\n", "c": "select nope from b\n"}
    ),
    # types
    "type_of_arithmetic": _view("select amount + status as x\nfrom orders\n"),
    "type_of_function": _view("select sum(status) as x\nfrom orders\n"),
    "type_of_comparison": _view("select order_id\nfrom orders\nwhere placed_on > amount\n"),
    "type_of_condition": _view("select order_id\nfrom orders\nwhere amount\n"),
    "type_of_union": _view("select order_id, placed_on from orders\nunion all\nselect order_id, amount from orders\n"),
    "type_of_case": _view("select case when status = 'paid' then amount else placed_on end as x\nfrom orders\n"),
    "type_of_join": _view("select order_id\nfrom orders\njoin customers on orders.amount = customers.since\n"),
    "type_from_another_view": Broken(
        3,
        {
            "a": "select order_id, status as amount from orders\n",
            "b": "select order_id,\n    sum(amount) as total\nfrom a\ngroup by order_id\n",
        },
    ),
    # the rest of SQL
    "unknown_function": _view("select lenght(status) as x\nfrom orders\n"),
    "function_with_too_few_arguments": _view("select date_trunc('month') as x\nfrom orders\n"),
    "column_not_grouped": _view("select status, amount\nfrom orders\ngroup by status\n"),
    "aggregate_in_where": _view("select status\nfrom orders\nwhere sum(amount) > 1\n"),
    "union_of_different_widths": _view("select order_id from orders\nunion all\nselect 1 as a, 2 as b\n"),
    "syntax": _view("select order_id\nfrom orders\nwhere where amount > 1\n", code=2),
    # contracts
    "contract_column_missing": _output('columns = { order_id = "int64", order_di = "int64" }'),
    "contract_type_differs": _output('columns = { order_id = "string" }'),
    "contract_metadata": _customers('metadata = { owner = "sales", licence = "none" }'),
    "contract_too_few_rows": _customers("min_rows = 5"),
    "contract_too_many_rows": _customers("max_rows = 1"),
    "contract_bounds_contradict": _customers("min_rows = 5, max_rows = 1", code=2),
    "contract_rule_about_no_column": _customers('unique = ["id"], accepted_values = { twon = ["Ulm"] }'),
    "contract_expression_about_no_column": _customers('expressions = { early = "sinse < now()" }'),
    "contract_expression_reads_a_table": _customers('expressions = { e = "name in (select status from orders)" }'),
    "contract_expression_is_no_sql": _customers('expressions = { early = "since < " }'),
    "contract_unknown_key": _customers('uniqe = ["name"]', code=2),
    "contract_values_not_listed": _customers('accepted_values = { name = "Ada" }', code=2),
    "contract_of_many_readers": Broken(
        3,
        dict.fromkeys("abcde", "select name from customers\n"),
        "contract = { min_rows = 5 }\n",
    ),
    "checks_to_run": Broken(
        0,
        {"v": "select customer_id, name from customers\n"},
        'contract = { unique = ["name"], not_null = ["since"], min_rows = 1 }\n'
        '\n[views.v]\ncontract = { unique = ["name"], expressions = { positive = "customer_id > 0" } }\n',
    ),
}


def _write(project: Path, broken: Broken) -> None:
    (project / "data").mkdir(parents=True)
    (project / "views").mkdir()
    pq.write_table(ORDERS, project / "data" / "orders.parquet")
    pq.write_table(CUSTOMERS, project / "data" / "customers.parquet")
    (project / "plan.toml").write_text(TOML + broken.toml)
    for name, sql in broken.views.items():
        (project / "views" / f"{name}.sql").write_text(sql)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", CASES)
def test_validate_says_of_a_breakage_what_the_golden_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = CASES[name]
    _write(tmp_path / "shop", broken)
    monkeypatch.chdir(tmp_path)

    code = validate(Path("shop"))

    said = capsys.readouterr()
    assert code == broken.code, said.out + said.err
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(said.out + said.err)
    assert golden.exists(), f"{golden} is missing; UPDATE_GOLDENS=1 writes it"
    assert said.out + said.err == golden.read_text()


def test_every_golden_is_of_a_case() -> None:
    assert sorted(path.stem for path in GOLDENS.iterdir()) == sorted(CASES)
