"""Documents that name what lies outside of the store or the outputs: refused and named; nothing there is touched."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from recording import KEY, committer, draft, open_store, parquet, record, run_id, segments, staged

from plan_contracts import OutputRecord, OutputStatus, decode_msgpack, encode_msgpack, payload_hash
from plan_contracts.store_records import CompactedSegment, LedgerEntry, RunMarker, SegmentLedger
from plan_store import StagedFileDiffers, StoreDamaged


@pytest.mark.parametrize("way", ["dots", "link", "absolute"])
def test_verify_refuses_a_staged_file_outside_of_the_stage(way: str, tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = parquet(tmp_path / "elsewhere" / "v.parquet", 5)
    stage = Path(made.stage_uri())
    up = "/".join(".." for _ in stage.relative_to(tmp_path).parts)
    (stage / "link").symlink_to(tmp_path / "elsewhere")
    named = {
        "dots": f"{stage}/{up}/elsewhere/v.parquet",
        "link": f"{stage}/link/v.parquet",
        "absolute": result.ref.uri,
    }[way]
    assert Path(named).exists()

    with pytest.raises(StagedFileDiffers, match="outside the staging folder"):
        made.verify(replace(result, ref=replace(result.ref, uri=named)))


def test_verify_refuses_a_staged_file_that_is_a_link(tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = parquet(tmp_path / "elsewhere" / "v.parquet", 5)
    link = Path(made.stage_uri()) / "v.parquet"
    link.symlink_to(result.ref.uri)

    with pytest.raises(StagedFileDiffers, match="`v` cannot be read"):
        made.verify(replace(result, ref=replace(result.ref, uri=str(link))))


@pytest.mark.parametrize("retired", [True, False])
def test_ledger_that_names_a_file_outside_is_damaged_and_the_file_stays(retired: bool, tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    record(store, 1)
    other = open_store(tmp_path / "other")
    record(other, 2)
    (foreign, *_) = segments(tmp_path / "other")
    key = f"events/../../{foreign.relative_to(tmp_path)}"
    counts = (CompactedSegment(key=key, rows=1, bytes=1, runs=(run_id(2),)),)
    ledger = SegmentLedger(token="t", segments=() if retired else counts, retired=(key,) if retired else ())
    entry = tmp_path / "store" / "ledger" / "000000000001.msgpack"
    entry.parent.mkdir()
    data = encode_msgpack(ledger)
    entry.write_bytes(encode_msgpack(LedgerEntry(ledger=data, sha256=payload_hash(data))))

    with pytest.raises(StoreDamaged, match="no segment of this store"):
        store.compact()
    with pytest.raises(StoreDamaged, match="no segment of this store"):
        store.sql("select * from events")
    assert str(entry) in {damage.subject for damage in store.verify()}
    store.quarantine(store.verify())
    assert store.verify() == ()
    assert store.sql("select * from events").num_rows == 5
    assert foreign.exists()


@pytest.mark.parametrize("uri", ["../elsewhere.parquet", "/{folder}/elsewhere.parquet"])
def test_manifest_that_names_an_output_outside_is_named_and_nothing_is_reused(uri: str, tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = staged(made)
    elsewhere = tmp_path / "elsewhere.parquet"
    elsewhere.write_bytes(Path(result.ref.uri).read_bytes())
    outside = OutputRecord(
        name="v",
        uri=uri.format(folder=str(tmp_path).strip("/")),
        rows=result.rows,
        bytes=result.bytes,
        sha256=result.sha256,
        build_key=KEY,
        status=OutputStatus.BUILT,
    )
    manifest = draft(1, outputs=(outside,))
    store = open_store(tmp_path / "store")
    with store.begin_run(manifest) as writer:
        writer.put_manifest(manifest)

    now = committer(tmp_path, 2)
    assert now.reusable("v", KEY) is None
    assert now.current() == ()
    named = tmp_path / "store" / "runs" / run_id(1) / "manifest.msgpack"
    assert [damage.subject for damage in store.verify()] == [str(named)]
    (damage,) = store.verify_outputs("shop", "", tmp_path / "out")
    assert "outside of the outputs" in damage.message
    assert elsewhere.exists()


def test_marker_that_names_another_folder_collects_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    store.begin_run(draft(1)).close()
    path = tmp_path / "store" / "runs" / run_id(1) / "running.msgpack"
    marker = decode_msgpack(path.read_bytes(), RunMarker)
    path.chmod(0o644)
    path.write_bytes(encode_msgpack(replace(marker, draft=replace(marker.draft, run_id=".."))))
    (tmp_path / "store" / "scratch").mkdir()

    assert store.recover_interrupted("shop") == ()
    assert path.exists()
