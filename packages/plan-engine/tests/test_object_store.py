"""Datasets in an object store, against a real S3 server: rows, snapshots, statistics, and what goes wrong."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from pyarrow import feather
from s3_service import BUCKET, falling_silent, s3_service, upload
from test_runtime import request, run, runtime
from test_scans import scanned
from test_sources import PEOPLE, failure, project, refused, types

from plan_contracts import DatasetRef, Exactness, TaskInput, encode_json, encode_msgpack
from plan_engine.data_source import source_of

pytestmark = pytest.mark.timeout(120)

SECRET = "s3cr3t/very+secret"
OPTIONS = 'storage_options = { endpoint = "%s", access_key_id = "${LAKE_KEY}", secret_access_key = "${LAKE_SECRET}" }'


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Give a running service."""
    with s3_service() as started:
        yield started


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the names that the options refer to their values, and no others."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAKE_KEY", "AKIAEXAMPLE")
    monkeypatch.setenv("LAKE_SECRET", SECRET)


def settings(path: str, endpoint: str, more: str = "") -> str:
    """Give the section of a dataset in the bucket."""
    return f'path = "s3://{BUCKET}/{path}"\n{OPTIONS % endpoint}\n{more}'


def rows(folder: Path, ref: DatasetRef, sql: str) -> list[dict[str, object]]:
    """Give the rows of a view, as a worker stages them."""
    result = run(runtime(), request(folder, sql, {"d": ref}))
    assert result.error is None, result.error
    return pq.read_table(result.outputs[0].ref.uri).to_pylist()


def _write(folder: Path, ending: str) -> None:
    for index, part in enumerate(("day=1", "day=2")):
        (folder / part).mkdir(parents=True)
        path = folder / part / f"{index}.{ending}"
        match ending:
            case "parquet":
                pq.write_table(PEOPLE, path, row_group_size=1)
            case "csv":
                path.write_text("n,s\n1,a\n2,\n3,c\n")
            case "json":
                path.write_text('{"n": 1, "s": "a"}\n{"n": 2}\n{"n": 3, "s": "c"}\n')
            case _:
                feather.write_feather(PEOPLE, str(path), compression="uncompressed")


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "arrow"])
def test_every_format_is_read_directly_and_through_a_scan(ending: str, endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", ending)
    upload(endpoint, tmp_path / "files", f"all/{ending}")
    sql = "select day, count(*) as c, max(s) as s from d where n > 1 group by day order by day"

    compiled = project(tmp_path, settings(f"all/{ending}", endpoint), sql)

    expected = [{"day": 1, "c": 2, "s": "c"}, {"day": 2, "c": 2, "s": "c"}]
    assert types(compiled) == {"n": "int64", "s": "string", "day": "int64"}
    assert rows(tmp_path, compiled.datasets["d"], sql) == expected
    scan = compiled.scans["d"]
    assert (scan.is_task, scan.reason) == (True, "`auto`: it lies in an object store, and is fetched once")
    assert rows(tmp_path, scanned(tmp_path, compiled).ref, sql) == expected


def test_footers_tell_rows_and_row_groups_and_etags_the_content(endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", "parquet")
    upload(endpoint, tmp_path / "files", "one")
    upload(endpoint, tmp_path / "files", "two")
    sql = "select n from d where n = 2"

    one = project(tmp_path, settings("one/**/*.parquet", endpoint), sql)
    again = project(tmp_path, settings("one/**/*.parquet", endpoint), sql)

    evidence = one.evidence.entries["d"]
    assert (evidence.rows, evidence.exactness) == (6, Exactness.EXACT)
    assert (one.scans["d"].row_groups_total, one.scans["d"].row_groups_pruned) == (6, 4)
    assert [file.path for file in one.snapshots["d"].files] == [
        f"s3://{BUCKET}/one/day=1/0.parquet",
        f"s3://{BUCKET}/one/day=2/1.parquet",
    ]
    assert one.snapshots == again.snapshots
    pq.write_table(PEOPLE.slice(0, 2), tmp_path / "files" / "day=1" / "0.parquet")
    upload(endpoint, tmp_path / "files", "one")
    assert project(tmp_path, settings("one/**/*.parquet", endpoint), sql).snapshots != one.snapshots


def test_rows_of_text_are_unknown_until_they_are_read(endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", "csv")
    upload(endpoint, tmp_path / "files", "text")

    evidence = project(tmp_path, settings("text", endpoint)).evidence.entries["d"]

    assert (evidence.rows, evidence.exactness) == (None, Exactness.UNKNOWN)


def test_secrets_are_in_no_document_and_no_text(endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", "parquet")
    upload(endpoint, tmp_path / "files", "secret")

    compiled = project(tmp_path, settings("secret", endpoint))
    asked = request(tmp_path, "select n from d", {"d": compiled.datasets["d"]})

    source = source_of("d", f"s3://{BUCKET}/secret", compiled.datasets["d"].storage)
    written = encode_json(compiled) + encode_msgpack(compiled) + encode_msgpack(asked) + repr(vars(source)).encode()
    assert SECRET.encode() not in written
    assert b"AKIAEXAMPLE" not in written


def test_object_replaced_during_the_build_is_named(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    pq.write_table(PEOPLE, tmp_path / "files" / "d.parquet")
    upload(endpoint, tmp_path / "files", "moving")
    ref = project(tmp_path, settings("moving/d.parquet", endpoint)).datasets["d"]
    pq.write_table(PEOPLE.slice(0, 1), tmp_path / "files" / "d.parquet")
    upload(endpoint, tmp_path / "files", "moving")

    code, message = failure(tmp_path, ref)

    assert code == "dataset_changed"
    assert f"`s3://{BUCKET}/moving/d.parquet`" in message


def test_environment_gives_endpoint_and_credentials(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "files", "parquet")
    upload(endpoint, tmp_path / "files", "env")
    for name, value in (("ENDPOINT_URL", endpoint), ("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", SECRET)):
        monkeypatch.setenv(f"AWS_{name}", value)

    compiled = project(tmp_path, f'path = "s3://{BUCKET}/env"')

    assert rows(tmp_path, compiled.datasets["d"], "select count(*) as c from d") == [{"c": 6}]


def test_truncated_object_is_named(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    pq.write_table(PEOPLE, tmp_path / "files" / "d.parquet")
    whole = (tmp_path / "files" / "d.parquet").read_bytes()
    (tmp_path / "files" / "d.parquet").write_bytes(whole[: len(whole) // 2])
    upload(endpoint, tmp_path / "files", "short")

    error = refused(tmp_path, settings("short", endpoint))

    assert error.code == "dataset_unreadable"
    assert f"`s3://{BUCKET}/short/d.parquet`" in error.message


@pytest.mark.parametrize("path", ["nothing/here", "nothing/*.parquet", "nothing.parquet"])
def test_place_without_objects_is_named_with_its_setting(path: str, endpoint: str, tmp_path: Path) -> None:
    error = refused(tmp_path, settings(path, endpoint))

    assert (error.code, str(error.location)) == ("dataset_missing", "plan.toml:5:1")


def test_bucket_that_does_not_exist_is_named(endpoint: str, tmp_path: Path) -> None:
    error = refused(tmp_path, f'path = "s3://nowhere/d"\n{OPTIONS % endpoint}')

    assert (error.code, "`nowhere`" in error.message) == ("dataset_missing", True)


def test_wrong_credential_is_refused_and_not_shown(tmp_path: Path) -> None:
    with s3_service(trusting=False) as suspicious:
        for path in ("d/*.parquet", "d.parquet"):
            error = refused(tmp_path, settings(path, suspicious))

            assert error.code == "dataset_access_refused"
            assert SECRET not in str(error)
            assert "AKIAEXAMPLE" not in str(error)


def test_variable_that_is_not_set_is_named(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAKE_SECRET")

    error = refused(tmp_path, settings("any", endpoint))

    assert error.code == "dataset_access_refused"
    assert "`LAKE_SECRET`, which is not set" in error.message


def test_credentials_in_the_url_are_refused_and_not_shown(tmp_path: Path) -> None:
    error = refused(tmp_path, f'path = "s3://AKIA:{SECRET.replace("/", "%2F")}@{BUCKET}/d"')

    assert error.code == "dataset_missing"
    assert "secret" not in str(error).replace("SECRET", "").replace("credentials", "")


@pytest.mark.parametrize("url", ["gs://bucket/d", "s3:///d", "https://example.com/d.csv"])
def test_url_of_another_kind_is_refused(url: str, tmp_path: Path) -> None:
    assert refused(tmp_path, f'path = "{url}"').code == "dataset_missing"


@pytest.fixture
def deaf() -> Iterator[str]:
    """Give an endpoint that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def dead() -> str:
    """Give an endpoint where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("kind", ["deaf", "dead"])
def test_endpoint_that_does_not_answer_comes_to_a_clear_end(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = str(request.getfixturevalue(kind))
    impatient = OPTIONS.replace("storage_options = {", "storage_options = { timeout_seconds = 0.5, retries = 1,")
    began = time.monotonic()

    error = refused(tmp_path, f'path = "s3://{BUCKET}/d/*.parquet"\n{impatient % address}')

    assert error.code == "dataset_store_unavailable"
    assert address in error.message
    assert (
        f"for `s3://{BUCKET}/d` of the dataset `d` (no answer), after 1 more attempt of at most 0.5 s" in error.message
    )
    assert SECRET not in str(error)
    assert time.monotonic() - began < 60  # not the minutes that clients wait by default


def test_endpoint_that_dies_before_the_task_fails_the_task(dead: str, endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", "parquet")
    upload(endpoint, tmp_path / "files", "dies")
    ref = project(tmp_path, settings("dies", endpoint)).datasets["d"]
    assert ref.storage is not None

    gone = replace(ref, storage=replace(ref.storage, endpoint=dead, timeout_seconds=0.5, retries=0))

    assert failure(tmp_path, gone)[0] == "dataset_store_unavailable"


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_endpoint_that_falls_silent_while_the_query_reads_fails_the_task(
    ending: str, endpoint: str, tmp_path: Path
) -> None:
    _write(tmp_path / "files", ending)
    upload(endpoint, tmp_path / "files", f"silent/{ending}")
    ref = project(tmp_path, settings(f"silent/{ending}", endpoint)).datasets["d"]
    assert ref.storage is not None
    began = time.monotonic()

    with falling_silent(endpoint) as silent:
        storage = replace(ref.storage, endpoint=silent, timeout_seconds=0.2, retries=0)
        code, message = failure(tmp_path, replace(ref, storage=storage))

    assert code == "dataset_store_unavailable"
    assert f"The object store at {silent} does not answer for `s3://{BUCKET}/silent/{ending}/day=" in message
    assert "of the dataset `d` (no answer)" in message
    assert SECRET not in message
    assert time.monotonic() - began < 100  # not the minutes of the client's own limits


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_public_bucket_is_read_without_credentials(ending: str, endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", ending)
    upload(endpoint, tmp_path / "files", f"public/{ending}", public=True)
    options = f'storage_options = {{ endpoint = "{endpoint}", skip_signature = true }}'

    compiled = project(tmp_path, f'path = "s3://{BUCKET}/public/{ending}"\n{options}')

    assert rows(tmp_path, compiled.datasets["d"], "select count(*) as c from d") == [{"c": 6}]
    assert rows(tmp_path, scanned(tmp_path, compiled).ref, "select count(*) as c from d") == [{"c": 6}]


def test_private_object_is_refused_without_signature(endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", "parquet")
    upload(endpoint, tmp_path / "files", "private")
    options = f'storage_options = {{ endpoint = "{endpoint}", skip_signature = true }}'

    error = refused(tmp_path, f'path = "s3://{BUCKET}/private"\n{options}')

    assert error.code == "dataset_access_refused"
    assert "take `skip_signature` out of" in str(error)


def test_missing_credentials_are_told_from_wrong_ones(endpoint: str, tmp_path: Path) -> None:
    impatient = "timeout_seconds = 0.5, retries = 0"

    error = refused(
        tmp_path, f'path = "s3://{BUCKET}/d.parquet"\nstorage_options = {{ endpoint = "{endpoint}", {impatient} }}'
    )

    assert error.code == "dataset_access_refused"
    assert "There are no credentials for" in error.message
    assert "`skip_signature = true`" in str(error.suggestion)


def test_input_of_a_worker_names_no_value(endpoint: str, tmp_path: Path) -> None:
    _write(tmp_path / "files", "parquet")
    upload(endpoint, tmp_path / "files", "given")
    ref = project(tmp_path, settings("given", endpoint)).datasets["d"]

    assert ref.storage is not None
    assert ref.storage.secret_access_key == "${LAKE_SECRET}"
    assert SECRET not in repr(TaskInput(name="d", ref=ref))
