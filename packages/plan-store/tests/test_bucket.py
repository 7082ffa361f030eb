"""The store in a bucket: the same promises as in a folder, against a real server process."""

# pyarrow's stubs leave the type parameters of tables open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest
from faulty_objects import FaultyObjects, Killed, store_over
from msgspec.structs import replace
from recording import BEGINNING, KEY, draft, finished, record, run_id, staged, start
from s3_server import BUCKET, SECRET, credentials, gate, s3_server

from plan_contracts import OutputRecord, OutputStatus
from plan_contracts.testing import FakeClock
from plan_store import OutputsUnwritable, PlanStore, ProjectLocked, StoreUnwritable
from plan_store.bucket_objects import BucketObjects
from plan_store.object_place import open_objects

pytestmark = pytest.mark.timeout(180)

_NUMBERS = count()


@pytest.fixture(scope="module")
def port() -> Generator[int]:
    """Give the port of a server that all tests of this module share."""
    with s3_server() as found, credentials(found):
        yield found


@pytest.fixture
def url(port: int) -> str:  # the server must run
    """Give a place of its own for a test."""
    return f"s3://{BUCKET}/test-{next(_NUMBERS)}"


def open_bucket(url: str, folder: Path, *, read_only: bool = False) -> PlanStore:
    """Open a store in a bucket whose clock stands still."""
    return PlanStore.open(url, clock=FakeClock(BEGINNING), read_only=read_only, folder=folder)


def rows(store: PlanStore) -> Counter[tuple[str, str]]:
    """Give every event with the number of times that it is read."""
    found = store.sql("select run_id, event_payload_hash from events").to_pylist()
    return Counter((row["run_id"], row["event_payload_hash"]) for row in found)


def test_objects_put_if_absent_has_one_winner_among_threads(url: str) -> None:
    won: list[int] = []

    def put(number: int) -> None:
        if open_objects(url).put_if_absent("a/one", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    objects = open_objects(url)
    assert objects.get("a/one") == str(won[0]).encode()
    assert objects.put_if_absent("a/one", objects.get("a/one"))
    assert not objects.put_if_absent("a/one", b"other")
    assert objects.keys("a") == ["a/one"]
    objects.delete("a/one")
    objects.delete("a/one")
    assert not objects.exists("a/one")
    with pytest.raises(FileNotFoundError):
        objects.get("a/one")


def test_store_in_a_bucket_records_reads_compacts_prunes_and_verifies(url: str, tmp_path: Path) -> None:
    store = open_bucket(url, tmp_path)
    for number in range(1, 6):
        record(store, number)
    before = rows(store)

    done = store.compact()

    assert done.new_segments == 1
    assert rows(store) == before
    assert store.sql(f"select count(*) as n from events where run_id = '{run_id(3)}'").to_pylist() == [{"n": 5}]
    assert store.sql("select count(*) as n from tasks").to_pylist() == [{"n": 10}]
    assert store.ask("slowest-tasks").num_rows == 2
    assert len(store.prune(keep=2).runs) == 3
    assert len(rows(store)) == 10
    assert store.verify() == ()
    assert store.info().place == url
    reading = open_bucket(url, tmp_path / "nowhere", read_only=True)
    assert len(reading.runs()) == 2
    assert reading.artifact(reading.manifest("latest").artifact_ids.run_manifest or "")
    assert not (tmp_path / "nowhere").exists()


def test_store_in_a_bucket_flipped_bit_is_found_and_quarantined(url: str, tmp_path: Path) -> None:
    store = open_bucket(url, tmp_path)
    record(store, 1)
    record(store, 2)
    objects = open_objects(url)
    key = objects.keys("events")[0]
    data = objects.get(key)
    objects.put(key, data[:50] + bytes([data[50] ^ 1]) + data[51:])

    found = store.verify()

    assert objects.shown(key) in {damage.subject for damage in found}
    assert store.quarantine(found)[0].startswith(f"{url}/quarantine/")
    assert store.verify() == ()


def test_store_in_a_bucket_killed_at_each_put_of_a_compaction_loses_nothing(url: str, tmp_path: Path) -> None:
    store = open_bucket(url, tmp_path)
    at = 0
    while True:
        at += 1
        for number in (2 * at, 2 * at + 1):
            record(store, number, ["a"])
        expected = rows(store)
        objects = FaultyObjects(open_objects(url), at, Killed(), after=True)
        try:
            store_over(objects, tmp_path).compact()
        except Killed:
            assert rows(store) == expected, at
            store.compact()
        assert rows(store) == expected, at
        if objects.operations < at or at > 24:
            break
    assert store.verify() == ()


def test_project_lock_in_a_bucket_holds_between_working_folders(url: str, tmp_path: Path) -> None:
    one, other = open_bucket(url, tmp_path / "one"), open_bucket(url, tmp_path / "other")
    with one.project_lock("shop"), pytest.raises(ProjectLocked, match="process"), other.project_lock("shop"):
        pass
    with other.project_lock("shop"):
        pass


def test_server_that_fails_every_third_request_loses_and_doubles_nothing(port: int, url: str, tmp_path: Path) -> None:
    with gate(port) as failing, credentials(failing.port):
        failing.fail_every = 3
        store = open_bucket(url, tmp_path)
        for number in range(1, 4):
            record(store, number)
        expected = rows(store)
        store.compact()
        assert rows(store) == expected
        assert failing.failed > 20
    assert all(times == 1 for times in expected.values())
    assert len(expected) == 15
    assert open_bucket(url, tmp_path).verify() == ()


def test_server_that_dies_and_comes_back_is_waited_for(port: int, url: str, tmp_path: Path) -> None:
    with gate(port) as mortal, credentials(mortal.port):
        store = open_bucket(url, tmp_path)
        with store.begin_run(draft(1)) as writer:
            mortal.away = True
            writer.emit(finished("a"))
            back = threading.Timer(3.0, lambda: setattr(mortal, "away", False))
            back.start()
            writer.flush()
            back.join()
            writer.put_manifest(draft(1))
        assert mortal.failed > 0
    assert open_bucket(url, tmp_path).sql("select task from tasks").to_pylist() == [{"task": "a"}]


def test_outputs_in_a_bucket_are_put_under_new_names_and_reused(url: str, tmp_path: Path) -> None:
    store = open_bucket(f"{url}/store", tmp_path / "working")
    outputs = f"{url}/out"
    first = store.committer(draft(1), outputs)
    first.prepare()
    result = staged(first, 3)
    first.verify(result)
    published = first.publish(result, KEY)
    first.sync()
    manifest = draft(1, outputs=first.current())
    with store.begin_run(manifest) as writer:
        writer.put_manifest(manifest)

    assert published.record.uri == f"v/{KEY}/{result.sha256}.parquet"
    assert Path(published.ref.uri).is_file()
    assert open_objects(outputs).keys("v") == [published.record.uri]
    assert store.verify_outputs("shop", "", outputs) == ()

    for folder in ("working", "another-machine"):
        again = open_bucket(f"{url}/store", tmp_path / folder).committer(draft(2), outputs)
        again.prepare()
        reused = again.reusable("v", KEY)
        assert reused is not None
        assert reused.record.status is OutputStatus.REUSED
        assert Path(reused.ref.uri).stat().st_size == result.bytes
        again.sync()

    second = store.committer(draft(3), outputs)
    second.prepare()
    newer = second.publish(staged(second, 5), "2" * 64)
    assert second.current() == (newer.record,)
    assert len(open_objects(outputs).keys("v")) == 2
    open_objects(outputs).delete(newer.record.uri)
    third = store.committer(replace(draft(4)), outputs)
    third.prepare()
    assert third.reusable("v", "2" * 64) is None


LARGE_BYTES = 96 << 20

FETCHER = """
import resource, sys
from pathlib import Path
from plan_contracts.testing import FakeClock
from plan_store import PlanStore
from recording import BEGINNING, KEY, draft


def peak_bytes():
    status = Path("/proc/self/status")  # on Linux `ru_maxrss` is that of the parent too
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1024 * next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))


url, folder = sys.argv[1], Path(sys.argv[2])
store = PlanStore.open(f"{url}/store", clock=FakeClock(BEGINNING), folder=folder)
committer = store.committer(draft(2), f"{url}/out")
committer.prepare()
before = peak_bytes()
reused = committer.reusable("v", KEY)
damages = store.verify_outputs("shop", "", f"{url}/out")
grown = peak_bytes() - before
print(reused is not None and Path(reused.ref.uri).stat().st_size, len(damages), grown)
"""


def test_large_output_in_a_bucket_is_reused_and_verified_in_bounded_memory(url: str, tmp_path: Path) -> None:
    large = tmp_path / "large.parquet"
    block = random.Random(5).randbytes(1 << 20)
    with large.open("wb") as file:
        for _ in range(LARGE_BYTES >> 20):
            file.write(block)
    with large.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    objects = open_objects(f"{url}/out")
    assert isinstance(objects, BucketObjects)
    output = OutputRecord(
        name="v",
        uri=f"v/{KEY}/{sha256}.parquet",
        rows=1,
        bytes=LARGE_BYTES,
        sha256=sha256,
        build_key=KEY,
        status=OutputStatus.BUILT,
    )
    objects.put_file(output.uri, large)
    manifest = draft(1, outputs=(output,))
    with open_bucket(f"{url}/store", tmp_path / "here").begin_run(manifest) as writer:
        writer.put_manifest(manifest)

    with start(FETCHER, url, tmp_path / "there") as fetcher:
        size, damages, grown = map(int, fetcher.communicate(timeout=150)[0].split())

    assert (size, damages) == (LARGE_BYTES, 0)
    assert grown < LARGE_BYTES // 2, f"{grown >> 20} MiB"


def test_old_outputs_in_a_bucket_are_collected_by_age_but_never_what_the_newest_manifest_lists(
    url: str, tmp_path: Path
) -> None:
    now_ms = int(time.time() * 1000)
    store = PlanStore.open(f"{url}/store", clock=FakeClock(now_ms + 7_200_000), folder=tmp_path)
    outputs = f"{url}/out"
    for number, key in ((1, "1" * 64), (2, "2" * 64)):
        made = store.committer(draft(number), outputs)
        made.prepare()
        made.publish(staged(made, number), key)
        made.sync()
        manifest = draft(number, outputs=made.current())
        with store.begin_run(manifest) as writer:
            writer.put_manifest(manifest)

    assert store.prune(keep=2, outputs=outputs).outputs == 0
    assert store.prune(keep=1, outputs=outputs, dry_run=True).outputs == 1
    assert store.prune(keep=1, outputs=outputs).outputs == 1
    assert [key.split("/")[1] for key in open_objects(outputs).keys("v")] == ["2" * 64]
    assert store.verify_outputs("shop", "", outputs) == ()


def test_place_that_is_no_bucket_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreUnwritable, match="S3-compatible"):
        open_bucket("ftp://somewhere/x", tmp_path)
    with pytest.raises(StoreUnwritable, match="holds credentials") as caught:
        open_bucket(f"s3://me:{SECRET}@bucket/x", tmp_path)
    assert SECRET not in str(caught.value)
    store = PlanStore.open(tmp_path / "s", clock=FakeClock(BEGINNING))
    with pytest.raises(OutputsUnwritable, match="S3-compatible"):
        store.committer(draft(1), "ftp://somewhere/x")


def test_bucket_that_does_not_exist_is_told_in_one_message(port: int, tmp_path: Path) -> None:
    assert port
    store = open_bucket("s3://no-such-bucket/x", tmp_path)
    with pytest.raises(StoreUnwritable, match="cannot be written"):
        store.begin_run(draft(1))
    assert isinstance(open_objects("s3://no-such-bucket/x"), BucketObjects)
