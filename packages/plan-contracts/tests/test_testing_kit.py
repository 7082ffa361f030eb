"""The test kit: its fakes keep the promises of the ports, and its checks can fail."""

from pathlib import Path

import pytest

from plan_contracts import (
    Clock,
    Committer,
    CostTable,
    DatasetRef,
    Envelope,
    EventSink,
    HistorySource,
    NameRefused,
    NodeKind,
    NotCanonical,
    OutputStatus,
    Placement,
    TaskHistoryEntry,
    TaskRetried,
    TaskStarted,
    encode_json_pretty,
    encode_msgpack,
)
from plan_contracts.golden_cases import schedules
from plan_contracts.golden_cases.execution import DIVISION
from plan_contracts.testing import (
    FakeClock,
    FakeHistory,
    GoldenMismatch,
    MemoryCommitter,
    RecordingSink,
    StagedMismatch,
    assert_goldens,
    definition_of,
    graph,
    staged_file,
    task_graph,
)

KEY, OTHER_KEY = "a" * 64, "b" * 64


def test_graph_of_a_text_has_sorted_nodes_and_edges_and_no_duplicates() -> None:
    built = graph("b -> c; a -> c -> d\n a -> c; lonely")
    assert [node.name for node in built.nodes] == ["a", "b", "c", "d", "lonely"]
    assert [(edge.producer, edge.consumer) for edge in built.edges] == [("a", "c"), ("b", "c"), ("c", "d")]
    kinds = {node.name: node.kind for node in built.nodes}
    assert [name for name, kind in kinds.items() if kind is NodeKind.DATASET] == ["a", "b"]


def test_graph_of_lists_joins_each_with_each() -> None:
    edges = {(edge.producer, edge.consumer) for edge in graph("a, b -> c, d").edges}
    assert edges == {("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")}


def test_graph_takes_datasets_and_requirements_as_given() -> None:
    built = graph("a -> b", datasets=(), requires={("a", "b"): {"y": "int64", "x": "string"}})
    assert {node.kind for node in built.nodes} == {NodeKind.SQL_VIEW}
    requirement = built.edges[0].requirement
    assert requirement is not None
    assert [(column.name, column.type) for column in requirement.columns] == [("x", "string"), ("y", "int64")]


def test_graph_with_a_bad_name_is_refused() -> None:
    with pytest.raises(NameRefused):
        graph("a -> ")
    with pytest.raises(NameRefused):
        task_graph("a.b -> c")


def test_task_graph_has_one_task_per_view() -> None:
    built = task_graph("a -> b", costs={"b": 2.0})
    assert [(task.name, task.views, task.declared_cost) for task in built.tasks] == [
        ("a", ("a",), None),
        ("b", ("b",), 2.0),
    ]
    assert built.tasks[0].definition == definition_of("a") != definition_of("b")


def test_fakes_satisfy_the_ports(tmp_path: Path) -> None:
    clock: Clock = FakeClock()
    sink: EventSink = RecordingSink()
    committer: Committer = MemoryCommitter(tmp_path)
    history: HistorySource = FakeHistory()
    sink.flush()
    assert (clock.monotonic(), committer.current(), history.past_entries(3)) == (0.0, (), {})


def test_fake_clock_goes_on_only_when_told() -> None:
    clock = FakeClock(unix_ms=1000)
    clock.advance(0.25)
    assert (clock.unix_ms(), clock.monotonic(), clock.unix_ms()) == (1250, 0.25, 1250)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_recording_sink_gives_events_of_one_type_in_order() -> None:
    sink = RecordingSink()
    events = [TaskStarted(task="a", attempt=number, executor=Placement.DASK) for number in (1, 2)]
    retried = TaskRetried(task="a", attempt=1, delay_seconds=0.0, error=DIVISION)
    for event in (events[0], retried, events[1]):
        sink.emit(event)
    assert sink.events == (events[0], retried, events[1])
    assert sink.of_type(TaskStarted) == tuple(events)
    assert sink.flushed_count == 0
    sink.flush()
    assert sink.flushed_count == 3


def test_recording_sink_refuses_what_a_store_cannot_hold() -> None:
    with pytest.raises(NotCanonical):
        RecordingSink().emit(TaskRetried(task="a", attempt=1, delay_seconds=float("nan"), error=DIVISION))


def test_recording_sink_names_events_of_unknown_kinds() -> None:
    class Foreign(Envelope, frozen=True, kw_only=True, tag="foreign"):
        """An event that the contracts do not know."""

    sink = RecordingSink()
    sink.emit(Foreign())
    with pytest.raises(AssertionError, match="unknown kinds were emitted: foreign"):
        _ = sink.events


def test_fake_history_gives_the_newest_first() -> None:
    entries = [TaskHistoryEntry(task="a", definition=KEY, seconds=float(number)) for number in (1, 2, 3)]
    assert [entry.seconds for entry in FakeHistory(entries).past_entries(2)[KEY]] == [3.0, 2.0]


def test_committer_publishes_what_it_verified_and_reuses_it(tmp_path: Path) -> None:
    committer = MemoryCommitter(tmp_path)
    staged = staged_file("a", Path(committer.stage_uri()) / "attempt-1" / "a.parquet", b"rows", rows=2)
    committer.verify(staged)
    published = committer.publish(staged, KEY)
    assert Path(published.ref.uri).read_bytes() == b"rows"
    assert not Path(staged.ref.uri).exists()
    assert committer.current() == (published.record,)
    reused = committer.reusable("a", KEY)
    assert reused is not None
    assert (reused.record.status, reused.ref) == (OutputStatus.REUSED, published.ref)
    assert committer.reusable("a", OTHER_KEY) is None
    assert committer.reusable("b", KEY) is None
    committer.next_run()
    assert [record.status for record in committer.current()] == [OutputStatus.KEPT]


def test_committer_keeps_temporary_results_by_key_and_lists_them_nowhere(tmp_path: Path) -> None:
    committer = MemoryCommitter(tmp_path)
    kept = committer.keep(staged_file("a", tmp_path / "s" / "a", b"rows"), KEY)
    assert committer.current() == ()
    found = committer.cached("a", KEY)
    assert found is not None
    assert (found.record.status, found.ref) == (OutputStatus.REUSED, kept.ref)
    assert committer.cached("a", OTHER_KEY) is committer.cached("b", KEY) is committer.reusable("a", KEY) is None
    Path(kept.ref.uri).write_bytes(b"rowz")
    assert committer.cached("a", KEY) is None


def test_committer_does_not_reuse_a_damaged_output(tmp_path: Path) -> None:
    committer = MemoryCommitter(tmp_path)
    published = committer.publish(staged_file("a", tmp_path / "s" / "a", b"rows"), KEY)
    Path(published.ref.uri).write_bytes(b"rowz")
    assert committer.reusable("a", KEY) is None


@pytest.mark.parametrize("damage", [b"row", b"rowz"])
def test_committer_refuses_a_staged_file_with_other_bytes(tmp_path: Path, damage: bytes) -> None:
    committer = MemoryCommitter(tmp_path)
    staged = staged_file("a", tmp_path / "s" / "a", b"rows")
    Path(staged.ref.uri).write_bytes(damage)
    with pytest.raises(StagedMismatch, match="other bytes"):
        committer.verify(staged)
    assert committer.verified == []


def test_committer_keeps_the_old_output_when_the_new_one_is_missing(tmp_path: Path) -> None:
    committer = MemoryCommitter(tmp_path)
    old = committer.publish(staged_file("a", tmp_path / "s" / "1", b"old"), KEY)
    lost = staged_file("a", tmp_path / "s" / "2", b"new")
    Path(lost.ref.uri).unlink()
    with pytest.raises(StagedMismatch, match="is missing"):
        committer.verify(lost)
    with pytest.raises(StagedMismatch, match="cannot be replaced"):
        committer.publish(lost, OTHER_KEY)
    assert Path(old.ref.uri).read_bytes() == b"old"
    assert committer.current() == (old.record,)


def test_goldens_of_a_folder_are_given_by_case(tmp_path: Path) -> None:
    (tmp_path / "costs.json").write_bytes(encode_json_pretty(schedules.COSTS))
    (tmp_path / "costs.msgpack").write_bytes(encode_msgpack(schedules.COSTS))
    (tmp_path / "bad.invalid.json").write_text('{"costs": 1}')
    assert assert_goldens(tmp_path, CostTable) == {"costs": schedules.COSTS}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("costs.json", b'{"costs":{}}', "is not what the document encodes to"),
        ("costs.json", b'{"costs":1}', "Not a valid CostTable"),
        ("costs.msgpack", b"\x80", "is not what costs.json encodes to"),
        ("lonely.msgpack", b"\x80", "there is no lonely.json"),
        ("good.invalid.json", b'{"costs":{}}', "it is accepted"),
        ("bad.error.json", b'{"code":"x","stage":"y","message":"z"}', "refused with another error"),
    ],
)
def test_golden_that_disagrees_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / "costs.json").write_bytes(encode_json_pretty(schedules.COSTS))
    (tmp_path / "bad.invalid.json").write_text('{"costs": 1}')
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GoldenMismatch, match=message) as caught:
        assert_goldens(tmp_path, CostTable)
    assert name.split(".", maxsplit=1)[0] in str(caught.value)


def test_folder_without_goldens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldenMismatch, match="holds no golden"):
        assert_goldens(tmp_path, DatasetRef)
