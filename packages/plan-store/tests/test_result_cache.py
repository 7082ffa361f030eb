"""Temporary results: found by what they were built from as long as their bytes are whole, and listed nowhere."""

import os
from pathlib import Path

import msgspec
import pytest
from recording import KEY, committer, open_store, parquet, staged

from plan_contracts import OutputRecord, OutputStatus
from plan_store import PublishFailed
from plan_store.result_cache import ResultCache
from plan_store.verified_files import VerifiedFiles

OTHER = "2" * 64


def keep(folder: Path, number: int = 1, rows: int = 3) -> OutputRecord:
    """Keep the result of a view in a run of its own."""
    made = committer(folder, number)
    result = staged(made, rows)
    made.verify(result)
    kept = made.keep(result, KEY)
    made.sync()
    return kept.record


def test_keep_puts_exactly_the_staged_bytes_into_the_cache(tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = staged(made)
    data = Path(result.ref.uri).read_bytes()

    kept = made.keep(result, KEY)
    made.sync()

    path = tmp_path / "store" / "cache" / KEY / "v.parquet"
    assert (path.read_bytes(), kept.ref.uri) == (data, str(path))
    assert (kept.record.uri, kept.record.rows, kept.record.status) == (f"{KEY}/v.parquet", 3, OutputStatus.BUILT)
    assert (made.current(), list((tmp_path / "out").iterdir())) == ((), [])
    assert not Path(made.stage_uri()).exists()


def test_cached_gives_what_an_earlier_run_kept_for_the_same_key_and_view(tmp_path: Path) -> None:
    kept = keep(tmp_path)

    made = committer(tmp_path, 2)
    found = made.cached("v", KEY)

    assert found is not None
    assert found.record == msgspec.structs.replace(kept, status=OutputStatus.REUSED)
    assert Path(found.ref.uri).exists()
    assert made.cached("v", OTHER) is made.cached("w", KEY) is made.reusable("v", KEY) is None


@pytest.mark.parametrize("spoil", ["flip", "truncate", "delete", "unrecorded", "record"])
def test_cached_damaged_result_is_not_there_and_can_be_kept_again(spoil: str, tmp_path: Path) -> None:
    keep(tmp_path)
    folder = tmp_path / "store" / "cache" / KEY
    path, record = folder / "v.parquet", folder / "v.msgpack"
    data = path.read_bytes()
    if spoil == "flip":
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    elif spoil == "truncate":
        path.write_bytes(data[:-1])
    elif spoil == "delete":
        path.unlink()
    elif spoil == "unrecorded":
        record.unlink()
    else:
        record.write_bytes(b"\xc1 damaged")

    assert committer(tmp_path, 2).cached("v", KEY) is None
    keep(tmp_path, 3, rows=4)
    found = committer(tmp_path, 4).cached("v", KEY)
    assert found is not None
    assert found.record.rows == 4


def test_cached_use_is_seen_from_the_records_time(tmp_path: Path) -> None:
    keep(tmp_path)
    record = tmp_path / "store" / "cache" / KEY / "v.msgpack"
    os.utime(record, (1e9, 1e9))

    committer(tmp_path, 2).cached("v", KEY)

    assert record.stat().st_mtime > 1.5e9


def test_keep_result_staged_on_another_file_system_is_copied(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to stage on")
    result = parquet(elsewhere / f"plan-test-{os.getpid()}.parquet", 3, "v")
    cache = ResultCache(tmp_path / "cache", tmp_path / "tmp", VerifiedFiles(tmp_path / "verified", tmp_path / "tmp"))

    kept = cache.put(result, KEY)

    assert not Path(result.ref.uri).exists()
    assert cache.find("v", KEY) is not None
    assert Path(kept.ref.uri).stat().st_size == result.bytes
    assert list((tmp_path / "tmp").iterdir()) == []


def test_keep_without_a_place_says_which(tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = staged(made)
    (tmp_path / "store" / "cache").write_text("not a folder")

    with pytest.raises(PublishFailed, match=r"cache/1{64}/v\.parquet cannot be put in place") as caught:
        made.keep(result, KEY)
    assert caught.value.subject == "v"


@pytest.mark.parametrize("name", ["../w", "a/b", "", "."])
def test_keep_name_that_would_leave_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    made = committer(tmp_path)
    result = msgspec.structs.replace(staged(made), view=name)

    with pytest.raises(ValueError, match="name"):
        made.keep(result, KEY)
    with pytest.raises(ValueError, match="name"):
        made.cached(name, KEY)


def test_keep_leaves_a_store_that_verifies(tmp_path: Path) -> None:
    keep(tmp_path)

    assert open_store(tmp_path / "store").verify() == ()


def test_release_removes_what_is_not_read_again_until_the_rest_is_small_enough(tmp_path: Path) -> None:
    size = keep(tmp_path / "other").bytes
    made = committer(tmp_path, cache_bytes=2 * size)
    views = ["a", "b", "c", "d"]

    kept = {view: made.keep(staged(made, view=view), KEY) for view in views}
    assert there(tmp_path) == views  # they are still to be read
    for view in ("c", "a"):
        made.release(kept[view])
    assert there(tmp_path) == ["b", "d"]
    made.release(kept["b"])
    assert there(tmp_path) == ["b", "d"]  # there is room
    made.keep(staged(made, view="e"), KEY)
    made.sync()

    assert there(tmp_path) == ["d", "e"]
    assert made.cached("a", KEY) is None
    assert made.cached("d", KEY) is not None


def test_release_leaves_what_another_build_has_used_and_what_earlier_runs_kept(tmp_path: Path) -> None:
    keep(tmp_path)
    made = committer(tmp_path, 2, cache_bytes=0)
    earlier = made.cached("v", KEY)
    assert earlier is not None
    used, unused = (made.keep(staged(made, view=view), KEY) for view in ("used", "unused"))
    assert committer(tmp_path, 3).cached("used", KEY) is not None

    for output in (earlier, used, unused):
        made.release(output)
    made.sync()

    assert there(tmp_path) == ["used", "v"]


def test_release_without_a_bound_removes_nothing(tmp_path: Path) -> None:
    made = committer(tmp_path)

    made.release(made.keep(staged(made), KEY))

    assert there(tmp_path) == ["v"]


def test_discard_removes_a_staged_file_and_nothing_elsewhere(tmp_path: Path) -> None:
    made = committer(tmp_path)
    refused, elsewhere = staged(made), parquet(tmp_path / "mine.parquet", 3)

    for _ in range(2):
        made.discard(refused)
        made.discard(elsewhere)

    assert not Path(refused.ref.uri).exists()
    assert Path(elsewhere.ref.uri).exists()


def there(folder: Path) -> list[str]:
    """Name the views whose results lie in the cache, each with its record."""
    kept = folder / "store" / "cache" / KEY
    names = sorted(path.stem for path in kept.glob("*.parquet"))
    assert names == sorted(path.stem for path in kept.glob("*.msgpack"))
    return names
