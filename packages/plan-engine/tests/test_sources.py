"""Rows from every kind of file, through a compiled project and a worker's request, and what bad files are told."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather, ipc
from test_runtime import request, run, runtime

from plan_contracts import (
    CompiledProject,
    DataFormat,
    DatasetRef,
    Exactness,
    PlanError,
    ResultStatus,
    load_project_file,
)
from plan_engine import compile_project

PEOPLE = pa.table({"n": pa.array([1, 2, 3], pa.int64()), "s": pa.array(["a", None, "c"], pa.string())})

pytestmark = pytest.mark.timeout(60)


def project(folder: Path, settings: str, sql: str = "select * from d") -> CompiledProject:
    """Compile a project of one dataset `d` and one view."""
    (folder / "views").mkdir(exist_ok=True)
    (folder / "views" / "v.sql").write_text(sql)
    (folder / "plan.toml").write_text(f'[project]\nname = "test"\n\n[datasets.d]\n{settings}\n')
    return compile_project(folder, load_project_file(folder))


def rows(folder: Path, settings: str, sql: str = "select * from d") -> list[dict[str, object]]:
    """Give the rows of a view over one dataset, as a worker stages them."""
    compiled = project(folder, settings, sql)
    result = run(runtime(), request(folder, sql, {"d": compiled.datasets["d"]}))
    assert result.error is None, result.error
    (output,) = result.outputs
    return pq.read_table(output.ref.uri).to_pylist()


def failure(folder: Path, ref: DatasetRef, sql: str = "select * from d") -> tuple[str, str]:
    """Give code and message of a task that fails."""
    result = run(runtime(), request(folder, sql, {"d": ref}))
    assert result.status is ResultStatus.FAILED
    assert result.error is not None
    assert list((folder / "stage").glob("*.parquet")) == []
    return result.error.code, result.error.message


def refused(folder: Path, settings: str) -> PlanError:
    """Give the error of a project that does not compile."""
    with pytest.raises(PlanError) as caught:
        project(folder, settings)
    return caught.value


def types(compiled: CompiledProject) -> dict[str, str]:
    """Give the types of the dataset's columns."""
    return {column.name: column.type for column in compiled.datasets["d"].columns}


# JSON lines


def test_json_lines_types_of_all_files_are_united(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"n": 1, "tags": ["x"], "who": {"name": "Ada"}}\n\n{"n": 2.5, "tags": null}\n')
    (tmp_path / "b.jsonl").write_text('{"who": {"age": 36}, "only_null": null}')

    assert types(project(tmp_path, 'path = "*.jsonl"')) == {
        "n": "float64",
        "tags": "list<string>",
        "who": "struct<name: string, age: int64>",
        "only_null": "string",
    }
    assert rows(tmp_path, 'path = "*.jsonl"', "select n, tags, who from d order by n") == [
        {"n": 1.0, "tags": ["x"], "who": {"name": "Ada", "age": None}},
        {"n": 2.5, "tags": None, "who": None},
        {"n": None, "tags": None, "who": {"name": None, "age": 36}},
    ]


def test_json_lines_declared_types_win_and_may_name_absent_fields(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"day": "2024-02-29", "amount": 12.30}\n')
    settings = 'path = "d.json"\njson = { types = { day = "date", amount = "decimal(10, 2)", later = "int64" } }'

    assert rows(tmp_path, settings) == [{"day": date(2024, 2, 29), "amount": Decimal("12.30"), "later": None}]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"n": 1}\n{"n": \n', "in line 2: Expecting value"),
        ('[{"n": 1}]\n', 'in line 1: `[{"n": 1}]` is no object'),
        ('{"n": 1}\n7\n', "in line 2: `7` is no object"),
    ],
)
def test_json_lines_broken_line_is_named(text: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(text)

    error = refused(tmp_path, 'path = "d.json"')

    assert error.code == "dataset_unreadable"
    assert place in error.message


def test_json_lines_field_of_two_kinds_names_both_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n": 1}\n')
    (tmp_path / "b.json").write_text('{"n": {"x": 1}}\n')

    error = refused(tmp_path, 'path = "*.json"')

    assert error.code == "dataset_schemas_differ"
    assert error.message.endswith("the field `n` is int64 in `a.json` and struct<x: int64> in `b.json`")


def test_json_lines_value_of_another_type_is_found_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"n": {"x": 1}}\n{"n": {"x": "one"}}\n')
    ref = project_of_text(tmp_path, '{"n": {"x": 1}}\n', "d.json")

    code, message = failure(tmp_path, ref)

    assert code == "query_failed"
    assert message.endswith(f'(line 2 of `{tmp_path}/d.json`: `n.x` is "one", which is no int64)')


def project_of_text(folder: Path, text: str, name: str, settings: str = "") -> DatasetRef:
    """Compile over other content than lies there afterwards, as if the fault lay below the rows that are looked at."""
    from msgspec.structs import replace

    present = (folder / name).read_bytes()
    (folder / name).write_text(text)
    ref = project(folder, f'path = "{name}"\n{settings}').datasets["d"]
    (folder / name).write_bytes(present)
    from plan_engine.source_files import local_file

    return replace(ref, versions=(local_file(str(folder / name)).version,))


# Arrow IPC


@pytest.mark.parametrize("kind", ["file", "stream", "feather"])
def test_arrow_files_and_streams_are_read(kind: str, tmp_path: Path) -> None:
    table = PEOPLE.append_column("e", PEOPLE["s"].dictionary_encode())
    if kind == "feather":
        feather.write_feather(table, str(tmp_path / "d.feather"), compression="zstd")
    elif kind == "file":
        with ipc.new_file(str(tmp_path / "d.arrow"), table.schema) as writer:
            writer.write_table(table)
    else:
        with ipc.new_stream(str(tmp_path / "d.arrows"), table.schema) as writer:
            writer.write_table(table)
    settings = 'path = "d.*"'

    evidence = project(tmp_path, settings).evidence.entries["d"]

    expected = (None, Exactness.UNKNOWN) if kind == "stream" else (3, Exactness.EXACT)
    assert (evidence.rows, evidence.exactness) == expected
    assert rows(tmp_path, settings, "select n, s from d") == PEOPLE.to_pylist()


def test_arrow_files_of_different_types_are_read_into_the_wider_one(tmp_path: Path) -> None:
    for name, table in (("a", pa.table({"n": pa.array([1], pa.int32())})), ("b", PEOPLE)):
        with ipc.new_file(str(tmp_path / f"{name}.arrow"), table.schema) as writer:
            writer.write_table(table)
    settings = 'path = "*.arrow"\nabsent_columns = "null"'

    assert types(project(tmp_path, settings)) == {"n": "int64", "s": "string"}
    assert rows(tmp_path, settings, "select s, n from d order by n, s") == [
        {"s": "a", "n": 1},
        {"s": None, "n": 1},
        {"s": None, "n": 2},
        {"s": "c", "n": 3},
    ]


def test_arrow_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.arrow").write_bytes(b"ARROW1\0\0 and then nothing of the kind")

    assert "d.arrow" in refused(tmp_path, 'path = "d.arrow"').message


# hive partitions


def _partitioned(folder: Path, ending: str, write: Callable[[Path], object]) -> None:
    for part in ("year=2024/town=K%C3%B8ge", "year=2024/town=a%2Fb", "year=2023/town=__HIVE_DEFAULT_PARTITION__"):
        (folder / "d" / part).mkdir(parents=True)
        write(folder / "d" / part / f"1.{ending}")


ODD_VALUES = ("{x}", "[1]", "~", "a|b", 'd"d', "a\\b", "<x>", "a=b", "a+b", "a b", "50%", "50%41", "日本")

FORMATS: dict[str, Callable[[Path], object]] = {
    "parquet": lambda path: pq.write_table(PEOPLE, path),
    "csv": lambda path: path.write_text("n,s\n1,a\n2,\n3,c\n"),
    "json": lambda path: path.write_text('{"n": 1, "s": "a"}\n{"n": 2}\n{"n": 3, "s": "c"}\n'),
    "arrow": lambda path: feather.write_feather(PEOPLE, str(path), compression="uncompressed"),
}


@pytest.mark.parametrize("ending", FORMATS)
def test_partitions_become_columns_in_every_format(ending: str, tmp_path: Path) -> None:
    _partitioned(tmp_path, ending, FORMATS[ending])

    assert types(project(tmp_path, 'path = "d"')) == {"n": "int64", "s": "string", "year": "int64", "town": "string"}
    assert rows(
        tmp_path,
        'path = "d"',
        "select town, year, count(*) as c, max(s) as m from d group by 1, 2 order by 2 desc, 1",
    ) == [
        {"town": "Køge", "year": 2024, "c": 3, "m": "c"},
        {"town": "a/b", "year": 2024, "c": 3, "m": "c"},
        {"town": None, "year": 2023, "c": 3, "m": "c"},
    ]


@pytest.mark.parametrize("value", ODD_VALUES)
def test_partitions_of_any_text_are_found_by_filters(value: str, tmp_path: Path) -> None:
    folder = tmp_path / "d" / f"k={value.replace('%', '%25')}"
    folder.mkdir(parents=True)
    pq.write_table(PEOPLE, folder / "1.parquet")

    assert rows(tmp_path, 'path = "d"', f"select count(*) as c from d where k = '{value}'") == [{"c": 3}]


def test_partitions_with_leading_zeros_are_numbers_that_filters_find(tmp_path: Path) -> None:
    for month in ("08", "9"):
        (tmp_path / "d" / f"month={month}").mkdir(parents=True)
        pq.write_table(PEOPLE, tmp_path / "d" / f"month={month}" / "1.parquet")

    assert rows(tmp_path, 'path = "d"', "select count(*) as c from d where month = 8") == [{"c": 3}]


def test_partitions_declared_types_win(tmp_path: Path) -> None:
    (tmp_path / "d" / "zip=04109").mkdir(parents=True)
    pq.write_table(PEOPLE, tmp_path / "d" / "zip=04109" / "1.parquet")
    settings = 'path = "d"\npartitions = { zip = "string" }'

    assert rows(tmp_path, settings, "select distinct zip from d") == [{"zip": "04109"}]


def test_partitions_are_plain_folders_where_hive_is_false(tmp_path: Path) -> None:
    _partitioned(tmp_path, "parquet", FORMATS["parquet"])

    assert types(project(tmp_path, 'path = "d"\nhive = false')) == {"n": "int64", "s": "string"}


def _other_keys(folder: Path) -> None:
    (folder / "d" / "month=1").mkdir(parents=True)
    pq.write_table(PEOPLE, folder / "d" / "month=1" / "1.parquet")


def _column_of_that_name(folder: Path) -> None:
    (folder / "d" / "n=1").mkdir(parents=True)
    pq.write_table(PEOPLE, folder / "d" / "n=1" / "1.parquet")
    for part in ("year=2024", "year=2023"):
        for path in sorted((folder / "d" / part).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        (folder / "d" / part).rmdir()


def _nothing(_folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("settings", "change", "words"),
    [
        ("", _other_keys, "`month=1/1.parquet` and `year=2023/town=__HIVE_DEFAULT_PARTITION__/1.parquet`"),
        ("", _column_of_that_name, "has a column `n` in its files and in the names of its folders"),
        ('partitions = { month = "int64" }', _nothing, "no folder `month=…`"),
        ('partitions = { town = "int64" }', _nothing, "has a `town` that is no int64"),
    ],
)
def test_partitions_that_do_not_fit_are_named(
    settings: str, change: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    _partitioned(tmp_path, "parquet", FORMATS["parquet"])
    change(tmp_path)

    assert words in refused(tmp_path, f'path = "d"\n{settings}').message


# files that differ


def test_parquet_files_are_read_into_the_narrowest_common_types(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": pa.array([1], pa.int16()), "x": pa.array([1], pa.int32())}), tmp_path / "a.parquet")
    later = pa.table({"x": pa.array([2.5], pa.float32()), "n": pa.array([Decimal("7.25")], pa.decimal128(9, 2))})
    pq.write_table(later, tmp_path / "b.parquet")

    assert types(project(tmp_path, 'path = "*.parquet"')) == {"n": "decimal(9, 2)", "x": "float64"}
    assert rows(tmp_path, 'path = "*.parquet"', "select x, n from d order by x") == [
        {"x": 1.0, "n": Decimal("1.00")},
        {"x": 2.5, "n": Decimal("7.25")},
    ]


def test_parquet_files_that_lack_a_column_are_refused_unless_null_is_asked_for(tmp_path: Path) -> None:
    pq.write_table(PEOPLE, tmp_path / "a.parquet")
    pq.write_table(PEOPLE.drop_columns("s"), tmp_path / "b.parquet")

    error = refused(tmp_path, 'path = "*.parquet"')

    assert error.code == "dataset_schemas_differ"
    assert 'absent_columns = "null"' in str(error)
    asked = 'path = "*.parquet"\nabsent_columns = "null"'
    assert rows(tmp_path, asked, "select count(*) as c, count(s) as s from d") == [{"c": 6, "s": 2}]


# CSV


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("﻿a;b\n1;'x;y'\n", "delimiter = ';', quote = \"'\"", [{"a": 1, "b": "x;y"}]),
        ("1,x\n2,y\n", "header = false", [{"column_1": 1, "column_2": "x"}, {"column_1": 2, "column_2": "y"}]),
        ('# made by hand\na,b\n1,"say ""hi"""\n', 'comment = "#"', [{"a": 1, "b": 'say "hi"'}]),
        ('a,b\n1,"say \\"hi\\""\n', "escape = '\\'", [{"a": 1, "b": 'say "hi"'}]),
        (
            "a,b\nNA,x\n-,\n3,y\n",
            'null = ["NA", "-"]',
            [{"a": None, "b": "x"}, {"a": None, "b": None}, {"a": 3, "b": "y"}],
        ),
        ("a,b\n1,007\n", 'types = { b = "string" }', [{"a": 1, "b": "007"}]),
        ('a,b\n1,"two\nlines"\n', "header = true", [{"a": 1, "b": "two\nlines"}]),
    ],
)
def test_csv_is_read_as_it_is_written(
    text: str, options: str, expected: list[dict[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text(text)

    assert rows(tmp_path, f'path = "d.csv"\ncsv = {{ {options} }}') == expected


def test_csv_line_of_another_width_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text('a,b\n1,"x\ny"\n3\n')

    error = refused(tmp_path, 'path = "*.csv"')

    assert f"`{tmp_path}/b.csv`" in error.message
    assert error.message.endswith("in line 4: it has 1 fields, and 2 are expected")


@pytest.mark.parametrize("options", ["", 'csv = { null = "NA" }'])
def test_csv_value_of_another_type_is_found_when_it_is_read(options: str, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text('a,b\n1,"x\ny"\nzz,y\n')
    ref = project_of_text(tmp_path, "a,b\n1,x\n", "d.csv", options)

    code, message = failure(tmp_path, ref)

    assert code == "query_failed"
    assert message.endswith(f"(line 4 of `{tmp_path}/d.csv`: `zz` in field 1 is no int64)")


# files that change, and files that are bad


@pytest.mark.parametrize("after", [False, True])
def test_file_replaced_during_the_build_is_named(after: bool, tmp_path: Path) -> None:
    pq.write_table(PEOPLE, tmp_path / "d.parquet")
    ref = project(tmp_path, 'path = "d.parquet"').datasets["d"]
    if after:
        asked, engine = request(tmp_path, "select * from d", {"d": ref}), runtime()
        assert run(engine, asked).error is None
        for staged in (tmp_path / "stage").glob("*.parquet"):
            staged.unlink()
    pq.write_table(PEOPLE.slice(0, 2), tmp_path / "new.parquet")
    (tmp_path / "new.parquet").replace(tmp_path / "d.parquet")

    code, message = failure(tmp_path, ref)

    assert code == "dataset_changed"
    assert f"`{tmp_path}/d.parquet`" in message


def test_footer_that_lies_about_its_rows_is_named(tmp_path: Path) -> None:
    pq.write_table(PEOPLE, tmp_path / "d.parquet")
    data = (tmp_path / "d.parquet").read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    begin = len(data) - 8 - length
    # The number of rows is the third field of the footer; zigzag makes the byte 06 of 3.
    place = data.index(b"\x16\x06\x19", begin)
    (tmp_path / "d.parquet").write_bytes(data[: place + 1] + b"\x54" + data[place + 2 :])

    message = refused(tmp_path, 'path = "d.parquet"').message

    assert message.endswith("its footer speaks of 42 rows, and its row groups of 3")


def test_footer_that_places_columns_outside_the_file_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": list(range(10_000))}), tmp_path / "d.parquet")
    data = (tmp_path / "d.parquet").read_bytes()
    length = int.from_bytes(data[-8:-4], "little") + 8
    (tmp_path / "d.parquet").write_bytes(data[:4] + data[-length:])

    assert "places `n` outside the file" in refused(tmp_path, 'path = "d.parquet"').message


def test_broken_link_among_whole_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    pq.write_table(PEOPLE, tmp_path / "d" / "1.parquet")
    (tmp_path / "d" / "2.parquet").symlink_to(tmp_path / "gone.parquet")

    for path in ("d", "d/*.parquet"):
        error = refused(tmp_path, f'path = "{path}"')
        assert error.code == "dataset_unreadable"
        assert f"`{tmp_path}/d/2.parquet`, which belongs to the dataset `d`, is a broken link" in error.message


@pytest.fixture
def unreadable() -> Iterator[Path]:
    """Give a project that somebody without rights looks at, with a folder that they must not list."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "d" / "shut").mkdir(parents=True)
        pq.write_table(PEOPLE, folder / "d" / "1.parquet")
        pq.write_table(PEOPLE, folder / "d" / "shut" / "2.parquet")
        project(folder, 'path = "d"')
        folder.chmod(0o755)
        (folder / "d" / "shut").chmod(0)
        root = os.geteuid() == 0
        if root:  # rights do not bind root, so the test looks with the eyes of another user
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            (folder / "d" / "shut").chmod(0o755)


@pytest.mark.parametrize("path", ["d", "d/*/*.parquet", "d/**/*.parquet"])
def test_folder_without_permission_is_named_and_not_skipped(path: str, unreadable: Path) -> None:
    from plan_contracts import DatasetSection
    from plan_engine.dataset_files import find_datasets

    found, (error,) = find_datasets(unreadable, {"d": DatasetSection(path=path)})

    assert found == {}
    assert error.code == "dataset_unreadable"
    assert (
        f"`{unreadable}/d/shut`, which belongs to the dataset `d`, cannot be read: Permission denied" in error.message
    )


def test_file_without_rows_gives_no_rows(tmp_path: Path) -> None:
    pq.write_table(PEOPLE.slice(0, 0), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("n,s\n")

    assert project(tmp_path, 'path = "a.parquet"').evidence.entries["d"].rows == 0
    assert rows(tmp_path, 'path = "a.parquet"') == []
    assert rows(tmp_path, 'path = "b.csv"') == []


def test_file_of_5000_columns_is_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({f"c{index}": [index] for index in range(5000)}), tmp_path / "d.parquet")

    assert rows(tmp_path, 'path = "d.parquet"', "select c4999 - c1 as x from d") == [{"x": 4998}]


def test_links_that_lead_in_a_circle_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    pq.write_table(PEOPLE, tmp_path / "d" / "1.parquet")
    (tmp_path / "d" / "self").symlink_to(tmp_path / "d")

    assert [file.path for file in project(tmp_path, 'path = "d"').snapshots["d"].files] == ["d/1.parquet"]


@pytest.mark.parametrize("kind", [DataFormat.PARQUET, DataFormat.CSV, DataFormat.JSON, DataFormat.ARROW])
def test_snapshot_of_equal_copies_is_equal_and_of_changed_ones_is_not(kind: DataFormat, tmp_path: Path) -> None:
    ids: list[str] = []
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        FORMATS[kind.value](tmp_path / name / f"d.{kind.value}")
        if name == "three":
            other = PEOPLE.set_column(0, "n", pa.array([1, 2, 4], pa.int64()))
            if kind is DataFormat.PARQUET:
                pq.write_table(other, tmp_path / name / "d.parquet")
            elif kind is DataFormat.ARROW:
                feather.write_feather(other, str(tmp_path / name / "d.arrow"), compression="uncompressed")
            else:
                path = tmp_path / name / f"d.{kind.value}"
                path.write_text(path.read_text().replace("3", "4"))
        ids.append(project(tmp_path / name, f'path = "d.{kind.value}"').snapshots["d"].content_id)

    assert ids[0] == ids[1] != ids[2]


# Nested types, names and encodings as they come


def test_maps_and_fields_of_any_name_are_read(tmp_path: Path) -> None:
    kinds = {
        "props": pa.map_(pa.string(), pa.string()),
        "odd": pa.struct([("dc:title", pa.string()), ("a, b", pa.list_(pa.struct([("x>y", pa.int32())])))]),
    }
    there: dict[str, list[object]] = {
        "props": [[("k", "v")], None],
        "odd": [{"dc:title": "t", "a, b": [{"x>y": 1}]}, None],
    }
    pq.write_table(
        pa.table({name: pa.array(there[name], kind) for name, kind in kinds.items()}), tmp_path / "d.parquet"
    )

    assert types(project(tmp_path, 'path = "d.parquet"')) == {
        "props": "map<string, string>",
        "odd": 'struct<"dc:title": string, "a, b": list<struct<"x>y": int32>>>',
    }
    assert rows(tmp_path, 'path = "d.parquet"', "select props, odd from d where odd is not null") == [
        {"props": [("k", "v")], "odd": there["odd"][0]}
    ]


def test_files_of_one_name_that_differ_are_told_apart(tmp_path: Path) -> None:
    for day, table in ((1, PEOPLE), (2, PEOPLE.drop_columns("s"))):
        (tmp_path / f"day={day}").mkdir()
        pq.write_table(table, tmp_path / f"day={day}" / "p.parquet")

    error = refused(tmp_path, 'path = "*/p.parquet"')

    assert "`day=1/p.parquet` has a column `s`, and `day=2/p.parquet` has none" in error.message
    assert str(error.location) == "plan.toml:4:2"


@pytest.mark.parametrize(
    ("name", "text"), [("d.csv", "n;s\n1;M\xfcller\n"), ("d.json", '{"n": 1, "s": "a"}\n{"s": "M\xfcller"}\n')]
)
def test_text_in_another_encoding_is_named_with_its_line(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))

    error = refused(tmp_path, f'path = "{name}"')

    assert "line 2" in error.message
    assert "is not UTF-8" in error.message
    assert "iconv" in str(error.suggestion)


def test_json_lines_without_any_field_are_refused_unless_types_are_declared(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text("")

    error = refused(tmp_path, 'path = "d.json"')

    assert (error.code, "hold no field" in error.message) == ("dataset_unreadable", True)
    assert rows(tmp_path, 'path = "d.json"\njson = { types = { id = "int64" } }') == []


def test_json_lines_field_of_texts_and_numbers_says_that_it_must_be_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"a": "x"}\n{"a": 1}\n')
    result = run(
        runtime(), request(tmp_path, "select * from d", {"d": project(tmp_path, 'path = "d.json"').datasets["d"]})
    )

    assert result.error is not None
    assert "(line 2 of" in result.error.message
    assert result.error.suggestion == "The field holds texts and other values: write all of them as texts in the file."
