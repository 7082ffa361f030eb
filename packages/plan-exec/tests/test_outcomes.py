"""Which tasks succeed, fail and are skipped, in every way of running them, with reachability as the oracle."""

import dataclasses
import tempfile
from pathlib import Path

import networkx as nx
import pytest
from executing import PROCESSES, SERIAL, THREADS, WAYS, named, outcome_of, run, statuses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from plan_contracts import OutputStatus, ScanUnitFinished, TaskFinished, TaskStatus
from plan_contracts.testing import RecordingSink
from plan_exec.testing import Scenario, calls_of, scenario

Dag = tuple[list[str], list[tuple[str, str]], set[str]]
EXAMPLES = {SERIAL: 40, THREADS: 60, PROCESSES: 6}


@st.composite
def dags(draw: st.DrawFn) -> Dag:
    """Give names, edges and which tasks fail."""
    count = draw(st.integers(1, 12))
    names = [f"t{index:02d}" for index in draw(st.permutations(range(count)))]
    edges = [
        (names[before], names[after])
        for after in range(count)
        for before in range(after)
        if draw(st.integers(0, 99)) < 25
    ]
    return names, edges, set(draw(st.lists(st.sampled_from(names), max_size=3)))


def _scenario(dag: Dag, folder: Path) -> Scenario:
    names, edges, failing = dag
    text = ";".join([*names, *(f"{producer} -> {consumer}" for producer, consumer in edges)])
    return scenario(text, folder, scripts=dict.fromkeys(failing, "fail"))


def _below(graph: "nx.DiGraph[str]", name: str) -> set[str]:
    return set(nx.descendants(graph, name))  # pyright: ignore[reportUnknownMemberType] - a decorated function


def _check(dag: Dag, way: str) -> None:
    names, edges, failing = dag
    graph: nx.DiGraph[str] = nx.DiGraph(edges)
    graph.add_nodes_from(names)
    below = {each for name in failing for each in _below(graph, name)}
    sink = RecordingSink()
    with tempfile.TemporaryDirectory() as folder:
        planned = _scenario(dag, Path(folder))
        report = run(planned, way, sink=sink)
        calls = calls_of(Path(folder))

    assert named(report, TaskStatus.SKIPPED) == below
    assert named(report, TaskStatus.FAILED) == failing - below
    assert named(report, TaskStatus.SUCCEEDED) == set(names) - failing - below
    assert [outcome.task for outcome in report.outcomes] == list(planned.schedule.ordered_tasks)
    assert sorted(event.task for event in sink.of_type(TaskFinished)) == sorted(names)
    assert {call.task for call in calls} == set(names) - below
    ended = {call.task: call.ended for call in calls}
    for call in calls:
        assert call.missing == ()
        for producer in call.inputs:
            producer_ended = ended[producer]
            assert producer_ended is not None
            assert producer_ended <= call.started
    for outcome in report.outcomes:
        if outcome.status is TaskStatus.SKIPPED:
            assert outcome.cause is not None
            assert outcome.task in _below(graph, outcome.cause)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_execute_random_graphs_with_failures_skip_exactly_what_is_below_them(way: str) -> None:
    @settings(max_examples=EXAMPLES[way], deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(dags())
    def check(dag: Dag) -> None:
        _check(dag, way)

    check()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_results_are_handed_on_to_consumers(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> b -> d; a -> c -> d", tmp_path)

    report = run(planned, way)

    inputs = {call.task: call.inputs for call in calls_of(tmp_path)}
    memory = way != PROCESSES
    assert set(statuses(report).values()) == {"succeeded"}
    assert {name: sorted(given) for name, given in inputs.items()} == {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
    assert all(uri.startswith("memory:") is memory for given in inputs.values() for uri in given.values())
    text = (tmp_path / "store" / "outputs" / "d.parquet").read_text().splitlines()
    digests = {record.name: record.sha256 for record in planned.committer.current()}
    assert text == ["d", f"b {digests['b']}", f"c {digests['c']}"]


@pytest.mark.timeout(60)
def test_execute_result_in_memory_is_there_for_a_second_attempt_of_its_consumer(tmp_path: Path) -> None:
    scripts = {"b": "first blink", "d": "first blink"}

    report = run(scenario("a -> b; a -> c; s -> d", tmp_path, scripts=scripts, scans={"s": 3}), THREADS)

    assert named(report, TaskStatus.SUCCEEDED) == {"a", "b", "c", "s", "d"}
    calls = [call for call in calls_of(tmp_path) if call.task in {"b", "c", "d"}]
    assert [call.missing for call in calls] == [()] * 5
    places = {place for call in calls for given in call.places.values() for place in given}
    assert all(place.startswith("memory:") for place in places)
    assert len(places) == 4


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        ("fail", "scripted", "told to fail"),
        ("raise", "runtime_raised", "RuntimeError"),
        ("garbage", "answer_unreadable", "not a result"),
        ("other", "answer_unreadable", "b_of_another"),
        ("lie", "staged_mismatch", "other bytes"),
        ("nothing", "staged_mismatch", "missing"),
        ("escape", "result_misplaced", "outside"),
    ],
)
def test_execute_bad_end_of_a_task_is_its_failure_and_no_others(
    script: str, code: str, says: str, way: str, tmp_path: Path
) -> None:
    report = run(scenario("a -> b -> c; a -> d", tmp_path, scripts={"b": script}), way)

    assert statuses(report) == {"a": "succeeded", "b": "failed", "c": "skipped", "d": "succeeded"}
    error = outcome_of(report, "b").error
    assert error is not None
    assert error.code == code
    assert says in error.message
    assert outcome_of(report, "c").cause == "b"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", [SERIAL, THREADS])
def test_execute_exit_in_a_task_of_this_process_is_a_failure(way: str, tmp_path: Path) -> None:
    report = run(scenario("a -> b; c", tmp_path, scripts={"a": "exit 3"}), way)

    assert statuses(report) == {"a": "failed", "b": "skipped", "c": "succeeded"}
    error = outcome_of(report, "a").error
    assert error is not None
    assert "SystemExit" in error.message


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_fail_fast_starts_nothing_after_the_first_failure(way: str, tmp_path: Path) -> None:
    text = ";".join(["a", *(f"z{index}" for index in range(8))])
    scripts = {"a": "fail", **{f"z{index}": "sleep 0.2" for index in range(8)}}
    planned = scenario(text, tmp_path, scripts=scripts, costs={"a": 5.0})

    kept_going = run(planned, way)
    stopped = run(scenario(text, tmp_path / "again", scripts=scripts, costs={"a": 5.0}), way, fail_fast=True)

    assert sorted(statuses(kept_going).values()) == ["failed", *["succeeded"] * 8]
    assert outcome_of(stopped, "a").status is TaskStatus.FAILED
    skipped = named(stopped, TaskStatus.SKIPPED)
    assert len(skipped) >= (8 if way == SERIAL else 6)  # beside the failing task another may run, and one after it
    assert {outcome_of(stopped, name).cause for name in skipped} == {"a"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_again_reuses_what_has_not_changed_and_full_builds_it(way: str, tmp_path: Path) -> None:
    first = scenario("a -> b -> c; d", tmp_path)
    run(first, way)
    ran = len(calls_of(tmp_path))
    first.committer.next_run()

    again = run(first, way)
    full = run(first, way, full=True)

    assert ran == 4
    assert set(statuses(again).values()) == {"reused"}
    assert set(statuses(full).values()) == {"succeeded"}


@pytest.mark.timeout(60)
def test_execute_again_runs_what_is_volatile_and_with_full_every_unit_of_a_scan(tmp_path: Path) -> None:
    planned = scenario("d -> v -> w", tmp_path, scans={"d": 2})
    tasks = tuple(replace(each, volatile=each.name == "v") for each in planned.tasks.tasks)
    volatile = dataclasses.replace(planned, tasks=replace(planned.tasks, tasks=tasks))
    run(volatile, THREADS)

    again = run(volatile, THREADS)
    full = RecordingSink()
    run(volatile, THREADS, full=True, sink=full)

    assert statuses(again) == {"d": "reused", "v": "succeeded", "w": "reused"}
    assert [event.status for event in full.of_type(ScanUnitFinished)] == [TaskStatus.SUCCEEDED] * 2


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_temporary_result_is_kept_in_the_cache_and_is_no_output(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> t -> b; t -> c", tmp_path, temp=["t"])

    report = run(planned, way)

    kept = outcome_of(report, "t")
    assert set(statuses(report).values()) == {"succeeded"}
    assert [record.name for record in planned.committer.current()] == ["a", "b", "c"]
    assert (kept.outputs, [record.name for record in kept.temp]) == ((), ["t"])
    assert planned.committer.kept == ["t"]
    assert [record.name for record in outcome_of(report, "b").outputs] == ["b"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_again_takes_a_temporary_result_from_the_cache(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> t -> b; t -> c", tmp_path, temp=["t"])
    run(planned, way)
    (tmp_path / "store" / "outputs" / "c.parquet").unlink()
    planned.committer.next_run()

    again = run(planned, way)
    full = run(planned, way, full=True)

    assert statuses(again) == {"a": "reused", "t": "reused", "b": "reused", "c": "succeeded"}
    assert [record.status for record in outcome_of(again, "t").temp] == [OutputStatus.REUSED]
    assert set(statuses(full).values()) == {"succeeded"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_nothing_to_build_starts_no_runtime(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> b -> c; d", tmp_path)
    run(planned, way)
    planned.committer.next_run()

    again = run(planned, way, runtime="no_such_module:nothing")

    assert set(statuses(again).values()) == {"reused"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_damaged_output_is_built_again_and_consumers_are_reused(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> b -> c", tmp_path)
    run(planned, way)
    (tmp_path / "store" / "outputs" / "b.parquet").write_bytes(b"spoilt")
    planned.committer.next_run()

    again = run(planned, way)

    assert statuses(again) == {"a": "reused", "b": "succeeded", "c": "reused"}


def test_execute_empty_schedule_gives_an_empty_report(tmp_path: Path) -> None:
    for way in WAYS:
        assert run(scenario("", tmp_path / way), way).outcomes == ()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_execute_fail_fast_waits_for_a_retry_and_stops_after_the_last(way: str, tmp_path: Path) -> None:
    scripts = {"a": "first blink", "b": "blink"}
    planned = scenario("a -> b -> c; b -> d", tmp_path, scripts=scripts)

    report = run(planned, way, fail_fast=True)

    assert statuses(report) == {"a": "succeeded", "b": "failed", "c": "skipped", "d": "skipped"}
    assert {outcome.task: outcome.attempts for outcome in report.outcomes} == {"a": 2, "b": 4, "c": 0, "d": 0}
