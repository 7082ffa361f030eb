"""Which results stay in memory, held against a search of everything; and plans whose results do not all fit."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from executing import AT_ONCE, SERIAL, THREADS, run, statuses
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from simulating import NoAdapters

from plan_contracts import (
    DataFormat,
    DatasetRef,
    ExecutionMode,
    ExecutionPolicy,
    ExecutorChoice,
    ExecutorConfig,
    ExecutorKind,
    Placement,
    ResultSpilled,
    ResultStatus,
    RetryPolicy,
    StagedOutput,
    TaskMetrics,
    TaskResult,
    TaskScheduling,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec.announcer import Announcer
from plan_exec.executors.executor import Attempt
from plan_exec.progress import NoListener
from plan_exec.retention import Retention
from plan_exec.task_state import TaskState
from plan_exec.task_states import task_states
from plan_exec.testing import Scenario, calls_of, scenario

BUDGET, SLOTS = 100, 3


@dataclass(kw_only=True)
class Holder:
    """A memory in which everything is written down."""

    sizes: dict[str, int] = field(default_factory=dict[str, int])
    spilled: list[str] = field(default_factory=list[str])

    def spill(self, uri: str) -> None:
        """Drop a result that is there."""
        del self.sizes[uri]
        self.spilled.append(uri)

    def release(self, uri: str) -> None:
        """Forget a result that is there."""
        del self.sizes[uri]


class Replay:
    """A plan whose tasks start, end, fail and pause as chance has it, beside a model that looks at everything."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = Random(seed)
        self.planned = scenario(_graph(self.chance), folder)
        self.states = _states(self.planned)
        self.holder = Holder()
        self.sink = RecordingSink()
        announcer = Announcer(self.sink, NoListener(), FakeClock(), NoAdapters)
        self.retention = Retention(
            self.states, BUDGET, {Placement.THREADPOOL: SLOTS}, lambda placement: self.holder, announcer
        )
        self.reading: dict[Attempt, set[str]] = {}
        self.largest = 0
        self.expected: list[str] = []

    def step(self) -> bool:
        """Let one thing happen; say whether there is anything left to happen."""
        running = {attempt.task for attempt in self.reading}
        ready = [
            state
            for state in self.states.values()
            if not state.final
            and state.task.name not in running
            and all(self.states[name].final for name in state.producers)
        ]
        if ready and len(running) < SLOTS and (not running or self.chance.random() < 0.6):
            self._start(self.chance.choice(ready))
        elif running:
            self._end(self.chance.choice(sorted(self.reading)))
        else:
            return False
        return True

    def _start(self, state: TaskState) -> None:
        state.attempts += 1
        attempt = Attempt(state.task.name, state.attempts)
        held = set(self.holder.sizes) & {f"mem:{name}" for name in state.producers}
        given = self.retention.begin(attempt, state)
        assert {ref.uri for ref in given.values()} == held
        self.reading[attempt] = held

    def _end(self, attempt: Attempt) -> None:
        state = self.states[attempt.task]
        if self.chance.random() < 0.7:
            result = self._result(state, attempt)
            self.retention.keep(state, result)
            state.final = True
            self.retention.consumer_is_final(state)
        self.retention.end(attempt)
        del self.reading[attempt]
        assert all(self._is_needed(uri) for uri in self.holder.sizes)
        expected = self._expected_spills()
        self.retention.make_room()
        assert self.holder.spilled == self.expected + expected
        self.expected += expected

    def _result(self, state: TaskState, attempt: Attempt) -> TaskResult:
        size = self.chance.choice([1, 10, 30, 60])
        view, uri = state.task.name, f"mem:{state.task.name}"
        memory = None
        wanted = self.retention.is_wanted(state)
        assert wanted is any(not self.states[name].final for name in state.consumers)
        if wanted:
            self.largest = max(self.largest, size)
            if sum(self.holder.sizes.values()) + size <= BUDGET:
                self.holder.sizes[uri] = size
                memory = DatasetRef(uri=uri, format=DataFormat.MEMORY, columns=(), bytes=size)
                state.in_memory = {view: memory}
        file = DatasetRef(uri=f"/{view}", format=DataFormat.PARQUET, columns=())
        staged = StagedOutput(
            view=view,
            ref=file,
            sha256="0" * 64,
            rows=1,
            bytes=1,
            memory=memory,
            memory_bytes=size if wanted else None,
        )
        return TaskResult(
            run_id="r",
            task=view,
            attempt=attempt.number,
            status=ResultStatus.SUCCEEDED,
            outputs=(staged,),
            metrics=TaskMetrics(wall_seconds=0.0),
            worker="w",
        )

    def _next_reader(self, uri: str) -> int | None:
        places = [state.index for state in self.states.values() if uri[4:] in state.producers and not state.final]
        return min(places, default=None)

    def _is_needed(self, uri: str) -> bool:
        return self._next_reader(uri) is not None or any(uri in read for read in self.reading.values())

    def _expected_spills(self) -> list[str]:
        """Search for what is read last, again and again, until enough is free."""
        sizes, gone = dict(self.holder.sizes), list[str]()
        most = BUDGET - min(BUDGET // 2, SLOTS * self.largest)
        while sum(sizes.values()) > most:
            idle = [uri for uri in sizes if not any(uri in read for read in self.reading.values())]
            if not idle:
                break
            last = min(idle, key=lambda uri: (-(self._next_reader(uri) or 0), -sizes[uri], uri))
            gone.append(last)
            del sizes[last]
        return gone


def _graph(chance: Random) -> str:
    names = [f"t{index:02d}" for index in range(chance.randint(2, 25))]
    edges = [
        f"{names[one]} -> {names[two]}" for two in range(len(names)) for one in range(two) if chance.random() < 0.2
    ]
    return ";".join([*names, *edges])


def _states(planned: Scenario) -> dict[str, TaskState]:
    config = ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=SLOTS)
    choice = ExecutorChoice(mode=ExecutionMode.PLAN_PARALLEL, config=config, reason="as tested")
    return task_states(planned.schedule, planned.requests, planned.tasks, choice, ExecutionPolicy())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_retention_lets_go_of_what_a_search_finds_to_be_read_last(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        replay = Replay(seed, Path(folder))
        while replay.step():
            pass

    assert replay.holder.sizes == {}
    spilled = replay.sink.of_type(ResultSpilled)
    assert [f"mem:{event.view}" for event in spilled] == replay.holder.spilled


def test_retention_of_random_plans_spills_often_enough_to_be_tested() -> None:
    with tempfile.TemporaryDirectory() as folder:
        replays = [Replay(seed, Path(folder)) for seed in range(20)]
        for replay in replays:
            while replay.step():
                pass

    assert sum(len(replay.holder.spilled) for replay in replays) > 20


WIDE = ";".join(f"t{index} -> r{index} -> all; t{index} -> all" for index in range(8))
GIVING = {f"t{index}": "give 1000" for index in range(8)}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", [SERIAL, THREADS])
def test_plan_beyond_the_budget_reads_by_file_what_was_spilled_and_the_rest_in_memory(way: str, tmp_path: Path) -> None:
    sink = RecordingSink()

    report = run(scenario(WIDE, tmp_path, scripts=GIVING), way, sink=sink, policy=replace(AT_ONCE, retain_bytes=5000))

    assert set(statuses(report).values()) == {"succeeded"}
    calls = {call.task: call for call in calls_of(tmp_path)}
    assert not [call.missing for call in calls.values() if call.missing]
    assert 0 < max(call.held for call in calls.values()) <= 5000
    spilled = [event.view for event in sink.of_type(ResultSpilled)]
    assert spilled
    assert len(set(spilled)) == len(spilled)
    in_memory = {event.decision.task: set(event.decision.in_memory) for event in sink.of_type(TaskScheduling)}
    for name, call in calls.items():
        assert {view for view, uri in call.inputs.items() if uri.startswith("memory:")} == in_memory[name]
    assert not in_memory["all"] & set(spilled)
    assert any(in_memory.values())


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", [SERIAL, THREADS])
def test_plan_without_a_budget_hands_everything_on_by_file(way: str, tmp_path: Path) -> None:
    sink = RecordingSink()

    run(scenario(WIDE, tmp_path, scripts=GIVING), way, sink=sink, policy=replace(AT_ONCE, retain_bytes=0))

    assert sink.of_type(ResultSpilled) == ()
    assert {uri for call in calls_of(tmp_path) for uri in call.inputs.values() if uri.startswith("memory:")} == set()


@pytest.mark.timeout(60)
def test_plan_with_room_for_everything_spills_nothing(tmp_path: Path) -> None:
    sink = RecordingSink()

    run(scenario(WIDE, tmp_path, scripts=GIVING), THREADS, sink=sink)

    assert sink.of_type(ResultSpilled) == ()
    assert all(uri.startswith("memory:") for call in calls_of(tmp_path) for uri in call.inputs.values())


@pytest.mark.timeout(60)
def test_task_that_is_tried_again_after_its_input_was_spilled_reads_the_file(tmp_path: Path) -> None:
    # While `late` pauses after its first attempt, `filler` takes its slot, which lets `x` end; there is room for one
    # of two results then, and `late` comes last in the schedule of those that read one.
    scripts = {"a": "give 1000", "late": "first blink", "x": "await filler; give 1000", "y": "await filler"}
    costs = {"a": 90.0, "x": 80.0, "y": 70.0, "late": 2.0, "filler": 1.0}
    policy = ExecutionPolicy(retries=RetryPolicy(base_seconds=2.0, jitter=0.0), retain_bytes=2500)
    sink = RecordingSink()

    report = run(
        scenario("a -> late; x -> y; filler", tmp_path, scripts=scripts, costs=costs), THREADS, sink=sink, policy=policy
    )

    assert set(statuses(report).values()) == {"succeeded"}
    first, second = [call for call in calls_of(tmp_path) if call.task == "late"]
    assert first.inputs["a"].startswith("memory:")
    assert [(event.view, event.next_reader) for event in sink.of_type(ResultSpilled)] == [("a", "late")]
    assert not second.inputs["a"].startswith("memory:")
    assert second.missing == ()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", [SERIAL, THREADS])
def test_scan_whose_units_do_not_all_fit_is_read_by_file_and_holds_nothing(way: str, tmp_path: Path) -> None:
    sink = RecordingSink()
    planned = scenario("d -> v; d -> w", tmp_path, scans={"d": 6}, scripts={"d": "give 1000"})

    report = run(planned, way, sink=sink, policy=replace(AT_ONCE, retain_bytes=3500))

    assert set(statuses(report).values()) == {"succeeded"}
    readers = [call for call in calls_of(tmp_path) if call.task in {"v", "w"}]
    assert [len(call.places["d"]) for call in readers] == [6, 6]
    assert not [place for call in readers for place in call.places["d"] if place.startswith("memory:")]
    assert [call.missing for call in readers] == [(), ()]
    assert [call.held for call in readers] == [0, 0]


@pytest.mark.timeout(60)
def test_scan_with_units_from_the_cache_is_read_by_file_and_holds_nothing(tmp_path: Path) -> None:
    failing = scenario("d -> v", tmp_path / "first", scans={"d": 4}, scripts={"d": "unit 0003 fail"})
    mended = scenario("d -> v", tmp_path / "second", scans={"d": 4})
    run(failing, SERIAL)

    run(mended, SERIAL, committer=failing.committer)

    (reader,) = [call for call in calls_of(tmp_path / "second") if call.task == "v"]
    assert not [place for place in reader.places["d"] if place.startswith("memory:")]
    assert (reader.held, reader.missing) == (0, ())
