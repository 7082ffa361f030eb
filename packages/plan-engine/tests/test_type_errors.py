"""Messages about types, told in the words of the view."""

from pathlib import Path

import pyarrow as pa
import pytest
from project_builder import compiled

from plan_contracts import SourceColumn, SourceLocation, ViewSource
from plan_engine.type_errors import explain_types

SCHEMAS = {
    "orders": pa.schema({"id": pa.int64(), "amount": pa.decimal128(12, 2), "note": pa.string(), "day": pa.date32()}),
    "towns": pa.schema({"id": pa.int64(), "Name": pa.string()}),
}


def told(sql: str, text: str) -> tuple[str, SourceLocation | None]:
    """Explain a message of the engine's about a statement."""
    found = explain_types(ViewSource(name="v", path="views/v.sql", sql=sql), text, SCHEMAS)
    assert found is not None
    return found.message, found.location


def at(line: int, column: int) -> SourceLocation:
    return SourceLocation(file="views/v.sql", line=line, column=column)


@pytest.mark.parametrize(
    ("sql", "text", "message", "place"),
    [
        (
            "select id,\n  o.amount * coalesce(o.note, 'a') as x from orders o",
            "Cannot coerce arithmetic expression Decimal128(12, 2) * Utf8 to valid types",
            "`o.amount * coalesce(o.note, 'a')`: `*` does not take decimal(12, 2) and string: "
            "`o.amount` is decimal(12, 2) in `orders` and `coalesce(o.note, 'a')` is string; cast one of them",
            at(2, 3),
        ),
        (
            "select id + 1, (id + 2) + note from orders",
            "Cannot coerce arithmetic expression Int64 + Utf8 to valid types",
            "`(id + 2) + note`: `+` does not take int64 and string: "
            "`(id + 2)` is int64 and `note` is string in `orders`; cast one of them",
            at(1, 16),
        ),
        (
            'select 1 as a from orders join towns on day = "Name"',
            "Cannot infer common argument type for comparison operation Date32 = Utf8",
            '`day = "Name"`: `=` does not take date32 and string: '
            '`day` is date32 in `orders` and `"Name"` is string in `towns`; cast one of them',
            at(1, 41),
        ),
        (
            "select abs(id), abs(note) from orders",
            "No function takes the arguments `abs(Utf8)`; a cast may help",
            "`abs(note)`: `abs` does not take string: `note` is string in `orders`",
            at(1, 17),
        ),
    ],
)
def test_message_names_expression_types_and_where_they_come_from(
    sql: str, text: str, message: str, place: SourceLocation
) -> None:
    assert told(sql, text) == (message, place)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Cannot coerce arithmetic expression Int64 / Utf8 to valid types",
            "`/` does not take int64 and string",
        ),
        ("No function takes the arguments `sqrt(Utf8)`; a cast may help", "`sqrt` does not take string"),
        (
            "Failed to coerce then (Int64) and else (Date32) to common types in CASE WHEN expression",
            "the branches of a CASE are int64 and date32; cast one of them",
        ),
    ],
)
def test_expression_that_is_not_found_in_the_text_has_no_place(text: str, message: str) -> None:
    assert told("select id from orders", text) == (message, None)


def test_columns_of_a_message_are_followed_through_the_views_between(tmp_path: Path) -> None:
    views = {
        "first": "select order_id, status as state from orders",
        "second": "select order_id as id, upper(state) as state from first",
        "both": "select order_id as id, status || customer_id as state from orders",
        "sum_up": "select state * id as x from second",
        "mixed": "select state * id as x from both",
    }

    found = {finding.view: finding for finding in compiled(tmp_path, views).findings}

    assert found["sum_up"].message.endswith(
        "cast one of them; `state` of `second` comes from `state` of `first` (string), and that from `status` of "
        "`orders` (string); `id` of `second` comes from `order_id` of `first` (int64), and that from `order_id` of "
        "`orders` (int64)"
    )
    assert found["sum_up"].columns == (
        SourceColumn(table="second", column="state"),
        SourceColumn(table="second", column="id"),
    )
    assert found["mixed"].message.endswith(
        "cast one of them; `id` of `both` comes from `order_id` of `orders` (int64)"
    ), "a column that is made of several is not followed"


def test_message_of_an_unknown_form_is_not_explained() -> None:
    view = ViewSource(name="v", path="views/v.sql", sql="select id from orders")
    assert explain_types(view, "Something else went wrong", SCHEMAS) is None


@pytest.mark.parametrize("sql", ["+", "select +", "a + ", "case", "abs(", ") + (", "select a.+ b"])
def test_any_text_is_explained_without_an_exception(sql: str) -> None:
    for text in (
        "Cannot coerce arithmetic expression Int64 + Utf8 to valid types",
        "No function takes the arguments `abs(Utf8)`; a cast may help",
        "Failed to coerce then (Int64) and else (Date32) to common types in CASE WHEN expression",
        "Cannot create filter with non-boolean predicate 'a' returning Int64",
        "Incompatible inputs for Union: Previous inputs were of type Int64, "
        "but got incompatible type Utf8 on column 'a'",
    ):
        told(sql, text)
