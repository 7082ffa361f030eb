"""Compaction: few segments instead of many, and the store reads the same before, after and whenever it is killed."""

# pyarrow's stubs leave the type parameters of tables open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import contextlib
import errno
import shutil
import threading
from collections import Counter
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from faulty_objects import FaultyObjects, Killed, faulty_store, store_over
from recording import draft, finished, open_store, record, run_id, segments, start

from plan_store import PlanStore, StoreDamaged, StoreUnwritable
from plan_store.compaction import compact_store
from plan_store.layout import Layout
from plan_store.ledger import KEPT_ENTRIES, commit, newest_entry, succeed
from plan_store.local_objects import LocalObjects

RUNS = 6


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a store with several finished runs."""
    store = open_store(tmp_path / "store")
    for number in range(1, RUNS + 1):
        record(store, number)
    return tmp_path / "store"


def rows(store: PlanStore) -> Counter[tuple[str, str]]:
    """Give every event with the number of times that it is read."""
    found = store.sql("select run_id, event_payload_hash from events").to_pylist()
    return Counter((row["run_id"], row["event_payload_hash"]) for row in found)


def test_compact_finished_runs_leaves_one_segment_with_the_same_events(root: Path) -> None:
    store = open_store(root)
    before, tasks, many = rows(store), store.sql("select * from tasks").num_rows, len(segments(root))

    done = store.compact()

    assert rows(store) == before
    assert store.sql("select * from tasks").num_rows == tasks
    assert len(segments(root)) == 1
    assert (done.replaced_segments, done.new_segments, done.rows) == (many, 1, sum(before.values()))
    assert store.verify() == ()
    assert store.info().compacted_segments == 1
    assert store.sql(f"select count(*) as n from events where run_id = '{run_id(3)}'").to_pylist() == [{"n": 5}]


def test_compact_twice_changes_nothing(root: Path) -> None:
    store = open_store(root)
    store.compact()
    names = [path.name for path in segments(root)]

    again = store.compact()

    assert again.replaced_segments == again.new_segments == 0
    assert [path.name for path in segments(root)] == names


def test_compact_later_runs_join_the_small_compacted_segment(root: Path) -> None:
    store = open_store(root)
    store.compact()
    for number in range(RUNS + 1, 2 * RUNS + 1):
        record(store, number)
    before = rows(store)

    store.compact()

    assert rows(store) == before
    assert len(segments(root)) == 1


def test_compact_running_runs_segments_are_left_alone(root: Path) -> None:
    store = open_store(root)
    with store.begin_run(draft(9)) as writer:
        writer.emit(finished("a"))
        writer.flush()
        writer.emit(finished("b"))
        writer.flush()
        store.compact()

        assert sum(run_id(9) in path.name for path in segments(root)) == 2
        writer.emit(finished("c"))
    assert store.sql(f"select * from events where run_id = '{run_id(9)}'").num_rows == 3


def test_compact_damaged_segment_is_named_and_left_where_it_is(root: Path) -> None:
    spoilt = segments(root)[2]
    spoilt.chmod(0o644)
    spoilt.write_bytes(spoilt.read_bytes()[:-20])
    store = open_store(root)

    done = store.compact()

    assert done.damaged == (str(spoilt),)
    assert spoilt.exists()
    with pytest.raises(StoreDamaged, match=spoilt.name):
        rows(store)


def test_compacted_segment_is_read_by_other_readers_of_parquet(root: Path) -> None:
    store = open_store(root)
    before = rows(store)
    store.compact()

    table = ds.dataset([str(path) for path in segments(root)]).to_table()

    assert Counter(zip(table["run_id"].to_pylist(), table["event_payload_hash"].to_pylist(), strict=True)) == before


@pytest.mark.timeout(300)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", [Killed(), OSError(errno.ENOSPC, "No space left"), OSError(errno.EIO, "I/O error")])
def test_compact_fault_at_each_operation_loses_and_doubles_nothing(
    fault: BaseException, after: bool, root: Path, tmp_path: Path
) -> None:
    expected = rows(open_store(root))
    at = 0
    while True:
        at += 1
        copy = tmp_path / f"copy{at}"
        shutil.copytree(root, copy)
        store, objects = faulty_store(copy, at, fault, after=after)
        try:
            store.compact()
        except (Killed, StoreUnwritable):
            assert rows(open_store(copy)) == expected, at
            open_store(copy).compact()
        assert rows(open_store(copy)) == expected, at
        assert open_store(copy).verify() == (), at
        assert open_store(copy).info().orphan_segments == 0, at
        assert len(segments(copy)) == 1, at
        shutil.rmtree(copy)
        if objects.operations < at:
            break
    assert at > 20


class InterruptingObjects(FaultyObjects):
    """Lets another compaction run in between, at a chosen operation."""

    def __init__(self, folder: Path, at: int) -> None:
        super().__init__(LocalObjects(folder), 0, Killed(), after=False)
        self._folder = folder
        self._when = at

    def keys(self, folder: str) -> list[str]:
        """List."""
        self._interrupt()
        return super().keys(folder)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Put."""
        self._interrupt()
        return super().put_if_absent(key, data)

    def get(self, key: str) -> bytes:
        """Read."""
        self._interrupt()
        return super().get(key)

    def delete(self, key: str) -> None:
        """Remove."""
        self._interrupt()
        super().delete(key)

    def _interrupt(self) -> None:
        if self.operations + 1 == self._when:
            self._when = 0
            open_store(self._folder).compact()


@pytest.mark.timeout(300)
def test_compact_second_compaction_at_each_operation_loses_and_doubles_nothing(root: Path, tmp_path: Path) -> None:
    expected = rows(open_store(root))
    at = 0
    while True:
        at += 1
        copy = tmp_path / f"copy{at}"
        shutil.copytree(root, copy)
        objects = InterruptingObjects(copy, at)
        store_over(objects, copy).compact()
        assert rows(open_store(copy)) == expected, at
        assert open_store(copy).verify() == (), at
        assert len(segments(copy)) == 1, at
        shutil.rmtree(copy)
        if objects.operations < at:
            break
    assert at > 20


def test_compact_while_a_reader_has_listed_the_segments_it_asks_again(root: Path) -> None:
    expected = rows(open_store(root))
    for at in range(1, 12):
        for number in range(10 + at, 12 + at):
            record(open_store(root), number)
        expected = rows(open_store(root))
        reader = store_over(InterruptingObjects(root, at), root)
        assert len(list(reader.past_entries(3))) == 0
        assert reader.verify() == (), at
    assert rows(open_store(root)) == expected


COMPACTOR = """
import sys
from pathlib import Path
from recording import open_store

store = open_store(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    store.compact()
"""

APPENDER = """
import sys
from pathlib import Path
from recording import open_store, record

store, first = open_store(Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + 4):
    record(store, number, ["a", "b", "c"])
"""


@pytest.mark.timeout(300)
def test_compact_beside_eight_writers_and_two_readers_loses_and_doubles_nothing(root: Path) -> None:
    writers = [start(APPENDER, root, str(first)) for first in range(10, 42, 4)]
    compactors = [start(COMPACTOR, root, "30") for _ in range(2)]
    wrong: list[Counter[tuple[str, str]]] = []
    before = rows(open_store(root))
    stop = threading.Event()

    def query() -> None:
        store, seen = open_store(root, read_only=True), before
        while not stop.is_set():
            now = rows(store)
            if now & seen != seen or max(now.values()) > 1:
                wrong.append(now)
            seen = now

    readers = [threading.Thread(target=query) for _ in range(2)]
    for reader in readers:
        reader.start()
    for process in (*writers, *compactors):
        process.communicate(timeout=240)
        assert process.returncode == 0
    stop.set()
    for reader in readers:
        reader.join()

    assert wrong == []
    store = open_store(root)
    assert store.sql("select count(distinct run_id) as n from events").to_pylist() == [{"n": RUNS + 32}]
    assert store.sql("select count(*) as n from tasks").to_pylist() == [{"n": RUNS * 2 + 32 * 3}]
    store.compact()
    assert store.verify() == ()
    assert store.info().orphan_segments == 0


def test_ledger_two_writers_of_one_number_have_one_winner(root: Path) -> None:
    objects = LocalObjects(root)
    before = newest_entry(objects)

    first = commit(objects, before, succeed(objects, before, (), ()))
    second = commit(objects, before, succeed(objects, before, (), ()))

    assert first is not None
    assert second is None


def test_ledger_writer_that_slept_through_a_hundred_entries_has_not_won(root: Path) -> None:
    objects = LocalObjects(root)
    stale = newest_entry(objects)
    for _ in range(2 * KEPT_ENTRIES):
        now = newest_entry(objects)
        commit(objects, now, succeed(objects, now, (), ()))

    assert len(objects.keys("ledger")) <= KEPT_ENTRIES + 2
    assert commit(objects, stale, succeed(objects, stale, (), ())) is None


def test_ledger_flipped_bit_is_damage_that_verify_names_and_quarantine_mends(root: Path) -> None:
    expected = rows(open_store(root))
    compact_store(Layout(LocalObjects(root), root))
    record(open_store(root), 20)
    after = rows(open_store(root))
    entry = max((root / "ledger").iterdir())
    whole = entry.read_bytes()
    entry.chmod(0o644)
    for place in range(0, len(whole), 5):
        entry.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert str(entry) in {damage.subject for damage in open_store(root).verify()}, place

    store = open_store(root)
    moved = store.quarantine(store.verify())

    assert [Path(path).name for path in moved] == [entry.name]
    assert store.verify() == ()
    assert rows(store) == after
    assert expected <= after


def test_ledger_damaged_between_naming_and_removing_is_mended_without_doubles(root: Path, tmp_path: Path) -> None:
    expected = rows(open_store(root))
    for at in range(1, 60):
        copy = tmp_path / f"copy{at}"
        shutil.copytree(root, copy)
        store, _ = faulty_store(copy, at, Killed(), after=True)
        with contextlib.suppress(Killed):
            store.compact()
        entries = sorted((copy / "ledger").glob("*"))
        if entries:
            entries[-1].chmod(0o644)
            entries[-1].write_bytes(b"\xc1")
            whole = open_store(copy)
            whole.quarantine(whole.verify())
        assert rows(open_store(copy)) == expected, at
        shutil.rmtree(copy)
