"""Forecasts, held against an independent simulation and the bounds of list schedules."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_scheduler import EdgeSchedule, UnknownTask, WorkersRefused, forecast, forecast_routed, predict, schedule_edges


def random_schedule(seed: int, count: int) -> EdgeSchedule:
    chooser = random.Random(seed)
    names = [f"t{index:02d}" for index in range(count)]
    density = chooser.choice([0.05, 0.2, 0.6])
    edges = [(a, b) for index, a in enumerate(names) for b in names[index + 1 :] if chooser.random() < density]
    return schedule_edges(names, edges, {name: float(chooser.randint(0, 4)) for name in names})


def simulate_second_by_second(schedule: EdgeSchedule, workers: int) -> dict[str, tuple[float, float]]:
    """Start ready tasks in schedule order whenever a worker is free; costs are whole seconds, some of them 0."""
    inputs = {task: [a for a, b in schedule.edges if b == task] for task in schedule.ordered_tasks}
    times: dict[str, tuple[float, float]] = {}
    clock = 0.0
    while len(times) < len(schedule.ordered_tasks) or any(end > clock for _, end in times.values()):
        # Tasks without duration free their worker within the same second, after all others of that moment started.
        done_now = {task for task, (_, end) in times.items() if end <= clock}
        started = True
        while started:
            started = False
            busy = sum(end > clock or task not in done_now for task, (_, end) in times.items())
            for task in schedule.ordered_tasks:
                if busy < workers and task not in times and all(producer in done_now for producer in inputs[task]):
                    times[task] = (clock, clock + schedule.task_costs[task])
                    busy += 1
            fresh = {task for task, (_, end) in times.items() if end <= clock} - done_now
            if fresh:
                done_now |= fresh
                started = True
        clock += 1
    return times


@given(st.integers(0, 2**32 - 1), st.integers(0, 14), st.integers(1, 5))
def test_predict_random_graph_equals_independent_simulation(seed: int, count: int, workers: int) -> None:
    schedule = random_schedule(seed, count)
    predicted = predict(schedule, schedule.edges, workers)
    expected = simulate_second_by_second(schedule, workers)
    assert {task.task: (task.start_seconds, task.end_seconds) for task in predicted} == expected


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 6))
def test_forecast_random_graph_keeps_bounds(seed: int, count: int, workers: int) -> None:
    schedule = random_schedule(seed, count)
    (result,) = forecast(schedule, schedule.edges, [workers])
    total, length = sum(schedule.task_costs.values()), schedule.critical_path_length_weighted
    assert result.makespan_seconds >= result.lower_bound_seconds >= max(length, total / workers) - 1e-9
    assert result.makespan_seconds <= total / workers + (1 - 1 / workers) * length + 1e-9
    assert result.utilisation * result.makespan_seconds * workers == pytest.approx(total)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_forecast_one_worker_takes_all_and_many_take_the_critical_path(seed: int, count: int) -> None:
    schedule = random_schedule(seed, count)
    alone, crowd = forecast(schedule, schedule.edges, [1, count])
    assert alone.makespan_seconds == sum(schedule.task_costs.values())
    assert crowd.makespan_seconds == schedule.critical_path_length_weighted


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 4))
def test_predict_slots_never_overlap(seed: int, count: int, workers: int) -> None:
    schedule = random_schedule(seed, count)
    by_slot: dict[int, list[tuple[float, float]]] = {}
    for task in predict(schedule, schedule.edges, workers):
        by_slot.setdefault(task.slot, []).append((task.start_seconds, task.end_seconds))
    assert max(by_slot) < workers
    for spans in by_slot.values():
        spans.sort()
        assert all(first[1] <= second[0] for first, second in pairwise(spans))


@given(st.integers(0, 2**32 - 1), st.integers(0, 16), st.integers(1, 4))
def test_forecast_routed_one_executor_equals_predict(seed: int, count: int, workers: int) -> None:
    schedule = random_schedule(seed, count)
    routed = forecast_routed(schedule, schedule.edges, slots={"local": workers}, executor_of=lambda _: "local")
    assert routed.tasks == predict(schedule, schedule.edges, workers)
    (plain,) = forecast(schedule, schedule.edges, [workers])
    assert routed.makespan_seconds == plain.makespan_seconds
    assert routed.lower_bound_seconds == plain.lower_bound_seconds
    assert routed.utilisation == {"local": plain.utilisation}


@given(st.integers(0, 2**32 - 1), st.integers(1, 16), st.integers(1, 3), st.integers(1, 3))
def test_forecast_routed_two_executors_keep_slots_inputs_and_bound(seed: int, count: int, near: int, far: int) -> None:
    schedule = random_schedule(seed, count)

    def route(task: str) -> str:
        return "remote" if schedule.task_costs[task] >= 2 else "local"

    routed = forecast_routed(schedule, schedule.edges, slots={"local": near, "remote": far}, executor_of=route)
    ends = {task.task: task.end_seconds for task in routed.tasks}
    starts = {task.task: task.start_seconds for task in routed.tasks}
    assert all(starts[consumer] >= ends[producer] for producer, consumer in schedule.edges)
    assert all((task.slot < near) == (route(task.task) == "local") for task in routed.tasks)
    assert max(task.slot for task in routed.tasks) < near + far
    assert max(ends.values()) == routed.makespan_seconds >= routed.lower_bound_seconds
    # No slot idles while a task of its executor is ready.
    slots = {"local": near, "remote": far}
    for task, start in starts.items():
        inputs_ready = max((ends[producer] for producer, consumer in schedule.edges if consumer == task), default=0.0)
        if start > inputs_ready:
            busy = [
                other for other in starts if route(other) == route(task) and starts[other] <= inputs_ready < ends[other]
            ]
            assert len(busy) == slots[route(task)]


def test_forecast_routed_full_executor_does_not_hold_up_another() -> None:
    schedule = schedule_edges(["a", "b", "c"], [], {"a": 9, "b": 8, "c": 1})
    routed = forecast_routed(
        schedule,
        [],
        slots={"local": 1, "remote": 1},
        executor_of=lambda task: "local" if task == "c" else "remote",
    )
    assert {task.task: task.start_seconds for task in routed.tasks} == {"a": 0, "b": 9, "c": 0}
    assert (routed.makespan_seconds, routed.lower_bound_seconds) == (17, 17)


def test_forecast_routed_executor_without_slots_is_refused() -> None:
    schedule = random_schedule(1, 3)
    with pytest.raises(WorkersRefused, match="routed to `ray`"):
        forecast_routed(schedule, schedule.edges, slots={"local": 1}, executor_of=lambda _: "ray")


def test_forecast_cpu_over_cores_bounds_makespan() -> None:
    schedule = schedule_edges(["a", "b"], [], {"a": 4, "b": 4})
    (free,) = forecast(schedule, [], [2])
    (bound,) = forecast(schedule, [], [2], cpu_seconds=12, cores=2)
    assert (free.makespan_seconds, free.lower_bound_seconds) == (4, 4)
    assert (bound.makespan_seconds, bound.lower_bound_seconds) == (6, 6)


def test_forecast_no_workers_is_refused() -> None:
    schedule = random_schedule(1, 3)
    with pytest.raises(WorkersRefused, match="0 workers"):
        forecast(schedule, schedule.edges, [2, 0])


def test_forecast_unknown_task_in_edge_is_refused() -> None:
    schedule = random_schedule(1, 3)
    with pytest.raises(UnknownTask, match="`zz`"):
        predict(schedule, [("t00", "zz")], 2)


def test_forecast_nothing_to_do_takes_no_time() -> None:
    schedule = schedule_edges([], [], {})
    (result,) = forecast(schedule, [], [4])
    assert (result.makespan_seconds, result.lower_bound_seconds, result.utilisation) == (0, 0, 0)
