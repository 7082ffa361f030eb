"""Outputs: verified before they are published, replaced whole, and current as long as their bytes are."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
import os
import random
import signal
import time
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from recording import KEY, committer, draft, open_store, parquet, staged, start

from plan_contracts import OutputRecord, OutputStatus
from plan_store import OutputCommitter, OutputsUnwritable, PublishFailed, StagedFileDiffers


def finish(folder: Path, made: OutputCommitter, number: int = 1) -> None:
    """Record the run, so that the next one knows its outputs."""
    made.sync()
    manifest = draft(number, outputs=made.current())
    with open_store(folder / "store").begin_run(manifest) as writer:
        writer.put_manifest(manifest)


def publish(folder: Path, rows: int = 3, number: int = 1) -> OutputRecord:
    """Publish a view in a run of its own."""
    made = committer(folder, number)
    result = staged(made, rows)
    made.verify(result)
    published = made.publish(result, KEY)
    finish(folder, made, number)
    return published.record


def test_publish_puts_exactly_the_staged_bytes_in_place(tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = staged(made)
    data = Path(result.ref.uri).read_bytes()

    made.verify(result)
    published = made.publish(result, KEY)
    made.sync()

    assert (tmp_path / "out" / "v.parquet").read_bytes() == data
    assert published.ref.uri == str(tmp_path / "out" / "v.parquet")
    assert published.record == OutputRecord(
        name="v",
        uri="v.parquet",
        rows=3,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        build_key=KEY,
        status=OutputStatus.BUILT,
    )
    assert not Path(made.stage_uri()).exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["v.parquet"]


@pytest.mark.parametrize("lie", ["rows", "bytes", "sha256", "truncated", "gone", "elsewhere", "no parquet"])
def test_verify_refuses_what_differs_from_the_workers_word(lie: str, tmp_path: Path) -> None:
    publish(tmp_path)
    before = (tmp_path / "out" / "v.parquet").read_bytes()
    made = committer(tmp_path, 2)
    result = staged(made, 5)
    path = Path(result.ref.uri)
    if lie == "rows":
        result = msgspec.structs.replace(result, rows=4)
    elif lie == "bytes":
        result = msgspec.structs.replace(result, bytes=result.bytes + 1)
    elif lie == "sha256":
        result = msgspec.structs.replace(result, sha256="0" * 64)
    elif lie == "truncated":
        path.write_bytes(path.read_bytes()[:-10])
    elif lie == "gone":
        path.unlink()
    elif lie == "elsewhere":
        result = parquet(tmp_path / "elsewhere.parquet", 5)
    else:
        path.write_bytes(b"no parquet at all")

    with pytest.raises(StagedFileDiffers, match="`v`") as caught:
        made.verify(result)

    assert caught.value.exit_code == 1
    assert (tmp_path / "out" / "v.parquet").read_bytes() == before


def test_publish_that_fails_leaves_the_old_output(tmp_path: Path) -> None:
    publish(tmp_path)
    before = (tmp_path / "out" / "v.parquet").read_bytes()
    made = committer(tmp_path, 2)
    result = staged(made, 5)
    Path(result.ref.uri).unlink()

    with pytest.raises(PublishFailed, match="still in place"):
        made.publish(result, KEY)

    assert (tmp_path / "out" / "v.parquet").read_bytes() == before


@pytest.mark.parametrize("view", ["../v", "a/b", "", ".hidden"])
def test_publish_refuses_names_that_leave_the_folder(view: str, tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = msgspec.structs.replace(staged(made), view=view)

    with pytest.raises(ValueError, match="name"):
        made.publish(result, KEY)

    assert [path.name for path in (tmp_path / "out").iterdir()] == []


def test_reusable_gives_the_output_of_an_earlier_run_with_the_same_key(tmp_path: Path) -> None:
    built = publish(tmp_path)

    made = committer(tmp_path, 2)
    reused = made.reusable("v", KEY)

    assert reused is not None
    assert reused.record == msgspec.structs.replace(built, status=OutputStatus.REUSED)
    assert Path(reused.ref.uri).exists()
    assert made.reusable("v", "2" * 64) is None
    assert made.reusable("w", KEY) is None


@pytest.mark.parametrize("spoil", ["flip", "truncate", "delete", "replace"])
def test_reusable_damaged_output_is_not_reused(spoil: str, tmp_path: Path) -> None:
    publish(tmp_path)
    path = tmp_path / "out" / "v.parquet"
    data = path.read_bytes()
    if spoil == "flip":
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    elif spoil == "truncate":
        path.write_bytes(data[:-1])
    elif spoil == "delete":
        path.unlink()
    else:
        other = parquet(tmp_path / "other.parquet", 3)
        Path(other.ref.uri).write_bytes(data[:-1] + b"x")
        Path(other.ref.uri).replace(path)

    made = committer(tmp_path, 2)

    assert made.reusable("v", KEY) is None
    assert made.current() == ()


def test_reusable_without_the_cache_of_digests_reads_the_file_again(tmp_path: Path) -> None:
    publish(tmp_path)
    cache = tmp_path / "store" / "verified.msgpack"
    assert cache.exists()
    cache.write_bytes(b"\xc1 damaged")

    assert committer(tmp_path, 2).reusable("v", KEY) is not None


def test_current_lists_built_reused_and_kept_and_drops_views_that_are_gone(tmp_path: Path) -> None:
    first = committer(tmp_path, 1)
    for view in ("built", "gone", "kept", "reused"):
        first.publish(staged(first, 3, view), KEY)
    finish(tmp_path, first)
    second = committer(tmp_path, 2)
    second.expect_views(["built", "kept", "reused", "failed"])
    second.publish(staged(second, 9, "built"), "2" * 64)
    second.reusable("reused", KEY)

    current = {record.name: (record.status.value, record.rows) for record in second.current()}

    assert current == {"built": ("built", 9), "kept": ("kept", 3), "reused": ("reused", 3)}
    assert (tmp_path / "out" / "gone.parquet").exists()


def test_prepare_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(OutputsUnwritable, match="out") as caught:
        committer(tmp_path)

    assert caught.value.exit_code == 2


def test_prepare_outputs_on_another_file_system_are_staged_beside_them(tmp_path: Path) -> None:
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    outputs = shared / f"plan-store-{os.getpid()}" / "out"
    made = open_store(tmp_path / "store").committer(draft(), outputs)
    try:
        made.prepare()
        result = staged(made)
        made.verify(result)
        made.publish(result, KEY)
        made.sync()

        assert pq.read_metadata(outputs / "v.parquet").num_rows == 3
        assert [path.name for path in outputs.parent.iterdir()] == ["out"]
    finally:
        for path in sorted(outputs.parent.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        outputs.parent.rmdir()


PUBLISHER = """
import sys
from pathlib import Path
from recording import KEY, committer, staged

made = committer(Path(sys.argv[1]), int(sys.argv[2]))
print("ready", flush=True)
rows = 1
while True:
    rows = rows % 5000 + 1
    result = staged(made, rows)
    made.verify(result)
    made.publish(result, KEY)
"""


@pytest.mark.timeout(90)
def test_publish_killed_at_any_moment_leaves_a_whole_output(tmp_path: Path) -> None:
    chance = random.Random(20260102)
    publish(tmp_path)
    path = tmp_path / "out" / "v.parquet"
    for number in range(2, 14):
        publisher = start(PUBLISHER, tmp_path, str(number))
        assert publisher.stdout is not None
        publisher.stdout.readline()
        until = time.monotonic() + chance.uniform(0.0, 0.15)
        while time.monotonic() < until:
            with path.open("rb") as file:  # opened once: some readers open a path twice, and may get two outputs
                table = pq.ParquetFile(file).read()
            assert table.column("n").to_pylist() == list(range(table.num_rows))
        publisher.send_signal(signal.SIGKILL)
        publisher.communicate(timeout=20)

        table = pq.read_table(path)
        assert table.column("n").to_pylist() == list(range(table.num_rows))
        assert [each.name for each in (tmp_path / "out").iterdir()] == ["v.parquet"]
