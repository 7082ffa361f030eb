"""A write of DataFusion that fails half-way leaves a short file in the stage, and the published output as it was."""

# pyarrow's stubs leave the type parameters of tables open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
from collections.abc import Generator
from pathlib import Path

import pytest
from datafusion import SessionConfig, SessionContext
from recording import KEY, draft, open_store, staged
from s3_server import BUCKET, credentials, s3_server

from plan_contracts import DataFormat, DatasetRef, StagedOutput
from plan_store import OutputCommitter, StagedFileDiffers
from plan_store.object_place import open_objects

ROWS = 200_000
FAILING = f"select n, 10 / (n - {ROWS - 1}) as quotient from numbers"


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    """Run a server for the tests of this module."""
    with s3_server() as found, credentials(found):
        yield found


def fail_to_write(path: Path) -> None:
    """Let DataFusion write a file whose last row fails."""
    context = SessionContext(SessionConfig().with_target_partitions(1).with_batch_size(1024))
    context.sql(f"create table numbers as select value as n from generate_series(0, {ROWS - 1})").collect()
    stored_as = {".parquet": "parquet", ".csv": "csv", ".json": "json"}[path.suffix]
    context.sql(f"copy ({FAILING}) to '{path}' stored as {stored_as}").collect()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_failing_write_never_replaces_the_good_output(place: str, ending: str, port: int, tmp_path: Path) -> None:
    assert port
    outputs = str(tmp_path / "out") if place == "folder" else f"s3://{BUCKET}/{ending}"
    good = made(tmp_path, outputs, 1)
    result = staged(good, 7)
    good.publish(result, KEY)
    good.sync()
    manifest = draft(1, outputs=good.current())
    with open_store(tmp_path / "store").begin_run(manifest) as writer:
        writer.put_manifest(manifest)
    before = {key: open_objects(outputs).get(key) for key in open_objects(outputs).keys("")}

    now = made(tmp_path, outputs, 2)
    short = Path(now.stage_uri()) / f"attempt.{ending}"
    with pytest.raises(Exception, match="Divide by zero"):
        fail_to_write(short)
    if (
        short.exists()
    ):  # a worker that took the short file for its result is found out by the rows that the query counted
        data = short.read_bytes()
        ref = DatasetRef(uri=str(short), format=DataFormat.PARQUET, columns=(), rows=ROWS, bytes=len(data))
        said = StagedOutput(view="v", ref=ref, sha256=hashlib.sha256(data).hexdigest(), rows=ROWS, bytes=len(data))
        with pytest.raises(StagedFileDiffers):
            now.verify(said)
    now.sync()

    assert {key: open_objects(outputs).get(key) for key in open_objects(outputs).keys("")} == before
    assert not short.exists()
    (kept,) = now.current()
    assert kept.sha256 == result.sha256


def made(folder: Path, outputs: str, number: int) -> OutputCommitter:
    """Give a committer that is ready."""
    committer = open_store(folder / "store").committer(draft(number), outputs)
    committer.prepare()
    return committer
