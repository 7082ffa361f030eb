"""Column types as people, pyarrow and DataFusion spell them, held against the libraries themselves."""

# pyarrow-stubs leave parts of these functions without types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false, reportArgumentType=false

import datafusion
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan_contracts import CanonicalType, TypeNotCanonical, canonical_type, parse_type
from plan_contracts.testing.strategies import column_types
from plan_contracts.type_spellings import MAX_TYPE_DEPTH, MAX_TYPE_TEXT

ARROW_TYPES: list[tuple[pa.DataType, str]] = [
    (pa.null(), "null"),
    (pa.bool_(), "bool"),
    (pa.int8(), "int8"),
    (pa.int16(), "int16"),
    (pa.int32(), "int32"),
    (pa.int64(), "int64"),
    (pa.uint8(), "uint8"),
    (pa.uint16(), "uint16"),
    (pa.uint32(), "uint32"),
    (pa.uint64(), "uint64"),
    (pa.float16(), "float16"),
    (pa.float32(), "float32"),
    (pa.float64(), "float64"),
    (pa.string(), "string"),
    (pa.large_string(), "string"),
    (pa.string_view(), "string"),
    (pa.binary(), "binary"),
    (pa.large_binary(), "binary"),
    (pa.binary_view(), "binary"),
    (pa.binary(4), "fixed_binary(4)"),
    (pa.date32(), "date32"),
    (pa.date64(), "date64"),
    (pa.time32("s"), "time32(s)"),
    (pa.time32("ms"), "time32(ms)"),
    (pa.time64("us"), "time64(us)"),
    (pa.time64("ns"), "time64(ns)"),
    (pa.timestamp("s"), "timestamp(s)"),
    (pa.timestamp("ms"), "timestamp(ms)"),
    (pa.timestamp("us"), "timestamp(us)"),
    (pa.timestamp("ns"), "timestamp(ns)"),
    (pa.timestamp("us", "UTC"), "timestamp(us, UTC)"),
    (pa.timestamp("us", "+00:00"), "timestamp(us, UTC)"),
    (pa.timestamp("ns", "+02:00"), "timestamp(ns, +02:00)"),
    (pa.timestamp("ns", "Europe/Berlin"), "timestamp(ns, Europe/Berlin)"),
    (pa.timestamp("ms", "America/Port-au-Prince"), "timestamp(ms, America/Port-au-Prince)"),
    (pa.duration("s"), "duration(s)"),
    (pa.duration("us"), "duration(us)"),
    (pa.month_day_nano_interval(), "interval(month_day_nano)"),
    (pa.decimal32(5, 2), "decimal(5, 2)"),
    (pa.decimal64(12, 2), "decimal(12, 2)"),
    (pa.decimal128(15, 2), "decimal(15, 2)"),
    (pa.decimal128(10, -2), "decimal(10, -2)"),
    (pa.decimal256(50, 3), "decimal(50, 3)"),
    (pa.list_(pa.int32()), "list<int32>"),
    (pa.list_(pa.field("element", pa.int32(), nullable=False)), "list<int32>"),
    (pa.large_list(pa.string()), "list<string>"),
    (pa.list_(pa.int32(), 3), "list<int32>"),
    (pa.list_(pa.list_(pa.int32(), 3), 2), "list<list<int32>>"),
    (pa.list_view(pa.int8()), "list<int8>"),
    (pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))]), "struct<a: int32, b: list<string>>"),
    (pa.struct([pa.field("a b", pa.int32(), nullable=False), ("c", pa.bool_())]), 'struct<"a b": int32, c: bool>'),
    (pa.struct([("größe", pa.int32()), ("sum(t.x)", pa.date32())]), 'struct<größe: int32, "sum(t.x)": date32>'),
    (pa.struct([]), "struct<>"),
    (pa.map_(pa.string(), pa.int64()), "map<string, int64>"),
    (pa.map_(pa.string(), pa.int64(), keys_sorted=True), "map<string, int64>"),
    (pa.map_(pa.string(), pa.map_(pa.int8(), pa.binary())), "map<string, map<int8, binary>>"),
    (pa.dictionary(pa.int8(), pa.string()), "dictionary<string>"),
    (pa.dictionary(pa.int32(), pa.int64(), ordered=True), "dictionary<int64>"),
    (pa.run_end_encoded(pa.int32(), pa.string()), "string"),
    (pa.list_(pa.struct([("k", pa.timestamp("us", "UTC")), ("v", pa.decimal128(9, 2))])),
     "list<struct<k: timestamp(us, UTC), v: decimal(9, 2)>>"),
]  # fmt: skip

DATAFUSION_UNFOLDS = {"dictionary", "run_end_encoded"}
"""Layouts that DataFusion turns into plain columns when a view reads them."""


@pytest.mark.parametrize(("arrow_type", "expected"), ARROW_TYPES, ids=str)
def test_text_of_a_pyarrow_type_is_understood(arrow_type: pa.DataType, expected: str) -> None:
    assert canonical_type(str(arrow_type)) == expected


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("arrow_type", "expected"), ARROW_TYPES, ids=str)
def test_text_of_a_datafusion_type_is_understood(arrow_type: pa.DataType, expected: str) -> None:
    context = datafusion.SessionContext()
    schema = pa.schema([pa.field("c", arrow_type)])
    batch = pa.RecordBatch.from_arrays([pa.array([], type=arrow_type)], schema=schema)
    context.register_record_batches("t", [[batch]])
    rows = context.sql("select arrow_typeof(t.c) as spelled from (select 1) left join t on true").to_pylist()
    spelled = rows[0]["spelled"]
    assert canonical_type(spelled) in {expected, expected.removeprefix("dictionary<").removesuffix(">")}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "sql_type",
    ["boolean", "tinyint", "smallint", "int", "integer", "bigint", "int unsigned", "bigint unsigned", "real", "float",
     "double", "double precision", "varchar", "varchar(10)", "char(3)", "text", "date", "decimal(12, 2)",
     "numeric(9, 3)", "bytea", "interval"],
)  # fmt: skip
def test_sql_type_means_what_it_means_to_datafusion(sql_type: str) -> None:
    context = datafusion.SessionContext()
    rows = context.sql(f"select arrow_typeof(cast(null as {sql_type})) as spelled").to_pylist()
    assert canonical_type(sql_type) == canonical_type(rows[0]["spelled"])


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("TEXT", "string"),
        ("character varying(20)", "string"),
        ("timestamp", "timestamp(us)"),
        ("timestamptz", "timestamp(us, UTC)"),
        ("timestamp with time zone", "timestamp(us, UTC)"),
        ("timestamp(3) without time zone", "timestamp(ms)"),
        ("timestamp_ns", "timestamp(ns)"),
        ("datetime", "timestamp(us)"),
        ("time", "time64(us)"),
        ("decimal(5)", "decimal(5, 0)"),
        ("bigint[]", "list<int64>"),
        ("varchar(3)[][]", "list<list<string>>"),
        ("array<struct<a:int,b:string>>", "list<struct<a: int32, b: string>>"),
        (
            "struct<sorted: int8, true: int8, metadata: bool, field: date>",
            "struct<sorted: int8, true: int8, metadata: bool, field: date32>",
        ),
        ("struct(a int, b text)", "struct<a: int32, b: string>"),
        ("map(text, double)", "map<string, float64>"),
        ("Timestamp(Microsecond, None)", "timestamp(us)"),
        ('Timestamp(Nanosecond, Some("Europe/Berlin"))', "timestamp(ns, Europe/Berlin)"),
        ("Interval(YearMonth)", "interval(year_month)"),
        ("Time64(Nanosecond)", "time64(ns)"),
        ("Dictionary(Int32, Utf8)", "dictionary<string>"),
        ('Struct("a\\"b": Int32)', 'struct<"a\\"b": int32>'),
        ('Field { name: "item", data_type: Int32, nullable: true }', None),
        (
            'List(Field { name: "item", data_type: Int32, nullable: true, dict_id: 0, metadata: {"a": "}"} })',
            "list<int32>",
        ),
        ('Struct([Field { "a": nullable Int32 }, Field { "b": Utf8, metadata: {} }])', "struct<a: int32, b: string>"),
        (
            'Map(Field { name: "entries", data_type: Struct([Field { name: "key", data_type: Utf8 }, '
            'Field { name: "value", data_type: Int64 }]), nullable: false }, false)',
            "map<string, int64>",
        ),
        ('RunEndEncoded("run_ends": non-null Int32, "values": Utf8)', "string"),
        ('List(nullable Int32, field: \'element\', metadata: {"PARQUET:field_id": "3"})', "list<int32>"),
    ],
)
def test_spelling_has_its_canonical_form(spelled: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(TypeNotCanonical):
            canonical_type(spelled)
    else:
        assert canonical_type(spelled) == expected


@given(column_types())
def test_canonical_text_is_its_own_canonical_form(text: str) -> None:
    assert canonical_type(text) == text
    assert str(parse_type(text)) == text


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), column_types()), max_size=4))
def test_struct_with_any_field_names_reads_back(fields: list[tuple[str, str]]) -> None:
    built = CanonicalType(
        "struct",
        children=tuple(parse_type(text) for _, text in fields),
        field_names=tuple(name for name, _ in fields),
    )
    assert parse_type(str(built)) == built


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a type is missing"),
        ("int65", "`int65` is not known"),
        ("decimal", "needs whole numbers in brackets"),
        ("decimal(77, 2)", "precision of decimal lies between 1 and 76"),
        ("decimal32(10, 2)", "precision of decimal32 lies between 1 and 9"),
        ("decimal(5, 6)", "scale is not larger"),
        ("list", "needs the type of its items"),
        ("list<int64", "`>` is missing at the end"),
        ("list<int64, int8>", "does not hold 2 types"),
        ("map<int8>", "does not hold 1 types"),
        ("map<null, int8>", "are never null"),
        ("map<bool, map<null, bool>>", "are never null"),
        ("int64 foo", "`foo` is left over"),
        ("time32(ns)", "has no unit `ns`"),
        ("timestamp(fortnight)", "`fortnight` is no unit of time"),
        ("dense_union<a: int8=0>", "`dense_union` is not known"),
        ("extension<arrow.uuid>", "`extension` is not known"),
        ("struct<a>", "a field needs a name and a type"),
        ("list<" * (MAX_TYPE_DEPTH + 1), "nested more than 64 deep"),
        ("x" * (MAX_TYPE_TEXT + 1), "characters; 65536 are read"),
    ],
    ids=lambda each: each[:24],
)
def test_text_that_is_no_type_is_refused(text: str, message: str) -> None:
    with pytest.raises(TypeNotCanonical, match=message):
        canonical_type(text)


def test_misspelled_type_gets_a_suggestion() -> None:
    with pytest.raises(TypeNotCanonical) as caught:
        canonical_type("list<strng>")
    assert caught.value.suggestion == "Did you mean `string`?"


@settings(max_examples=400)
@given(
    st.lists(
        st.sampled_from([*"ab1 <>()[]{},:\"'\\", "int8", "list<", "struct<", "map(", "Field {", "a: "]), max_size=24
    )
)
def test_any_text_is_a_type_or_refused(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        spelled = canonical_type(text)
    except TypeNotCanonical:
        return
    assert canonical_type(spelled) == spelled
