"""Contracts: canonical bytes, ids and decoding of a large schedule and of many events, beside plain msgspec.

Run with `python tests-integration/benchmarks/bench_contracts.py [tasks] [events]`, 100,000 tasks and 1,000,000 events
unless given. Each figure is the best of several runs; the two sides of a ratio take turns, and beside it stands the
median of the ratios of the turns, which a moment that was slow for one side does not change. `import` is measured in
fresh processes, from the first statement on.
"""

import gc
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import msgspec

from plan_contracts import (
    CostSource,
    Placement,
    PlanScheduleArtifact,
    TaskStarted,
    TaskStatus,
    artifact_id,
    decode_json,
    decode_msgpack,
    encode_json,
    encode_msgpack,
    event_row,
    payload_hash,
)
from plan_contracts.events import TaskFinished
from plan_contracts.execution import TaskMetrics

IMPORTS = 15


class Timings:
    """Seconds of one action, turn by turn."""

    def __init__(self) -> None:
        self.turns: list[float] = []

    @property
    def best(self) -> float:
        """The shortest."""
        return min(self.turns)

    def beside(self, other: "Timings") -> str:
        """Say how many times another action's time this is: of the shortest ones, and the median over the turns."""
        ratios = [mine / theirs for mine, theirs in zip(self.turns, other.turns, strict=True)]
        return f"ratio {self.best / other.best:.2f}, median {statistics.median(ratios):.2f}"


def in_turns(*actions: Callable[[], object], rounds: int) -> list[Timings]:
    """Measure actions that take turns, so that a slow moment hits all of them; nothing is collected meanwhile."""
    timings = [Timings() for _ in actions]
    for _ in range(rounds):
        gc.collect()
        gc.disable()
        for action, found in zip(actions, timings, strict=True):
            begin = time.perf_counter()
            action()
            found.turns.append(time.perf_counter() - begin)
        gc.enable()
    return timings


def schedule_of(tasks: int, *, shuffled: bool = False) -> partial[PlanScheduleArtifact]:
    """Give what makes a schedule of as many tasks, of maps in the order of names, as the scheduler's are."""
    chance = random.Random(7)
    by_name = [f"task_{number:06}" for number in range(tasks)]
    costs = [round(chance.lognormvariate(0, 1), 6) for _ in by_name]
    names = chance.sample(by_name, tasks)
    if shuffled:
        by_name = chance.sample(by_name, tasks)
    seconds = dict(zip(by_name, costs, strict=True))
    width = 1000
    return partial(
        PlanScheduleArtifact,
        run_id="20260102T030405.678Z-0a1b2c3d",
        plan_signature="a" * 64,
        reduced_plan_signature="b" * 64,
        task_count=tasks,
        ordered_tasks=tuple(names),
        generations=tuple(tuple(names[start : start + width]) for start in range(0, tasks, width)),
        critical_path_tasks=tuple(names[::width]),
        critical_path_length_weighted=sum(costs[::width]),
        task_costs=seconds,
        cost_sources=dict.fromkeys(by_name, CostSource.STATISTICS),
        cost_table_id="c" * 64,
        bottom_level_costs={name: seconds[name] * 3 for name in by_name},
        earliest_start={name: seconds[name] * 2 for name in by_name},
        slack_by_task={name: seconds[name] / 2 for name in by_name},
        views_by_task={name: (name,) for name in by_name},
        bridge_edges=tuple(zip(names[: tasks // 10], names[tasks // 10 : tasks // 5], strict=True)),
    )


def measure_schedule(tasks: int) -> None:
    """Print encoding, hashing and decoding of one schedule."""
    schedule = schedule_of(tasks)()
    packed, text = encode_msgpack(schedule), encode_json(schedule)
    plain_decoder = msgspec.msgpack.Decoder(PlanScheduleArtifact)
    plain, ours, hashed, identity, json_encoded, made, shuffled = in_turns(
        lambda: msgspec.msgpack.encode(schedule),
        lambda: encode_msgpack(schedule),
        lambda: payload_hash(encode_msgpack(schedule)),
        lambda: artifact_id(schedule),
        lambda: encode_json(schedule),
        schedule_of(tasks),
        schedule_of(tasks, shuffled=True),
        rounds=15,
    )
    decoded, plain_decoded, json_decoded = in_turns(
        lambda: decode_msgpack(packed, PlanScheduleArtifact),
        lambda: plain_decoder.decode(packed),
        lambda: decode_json(text, PlanScheduleArtifact),
        rounds=5,
    )

    def show(what: str, found: Timings, note: str = "") -> None:
        print(f"  {what:<34}{found.best * 1e3:8.1f} ms   {note}".rstrip())

    print(f"schedule of {tasks:,} tasks, {len(packed) / 1e6:.1f} MB of MessagePack")
    show("made, its maps looked at", made, "once, however often it is encoded")
    show("made, its maps in another order", shuffled)
    show("plain msgspec.msgpack.encode", plain)
    show("encode_msgpack", ours, f"{ours.beside(plain)} (at most 1.5)")
    show("encode_msgpack and payload_hash", hashed, "(under 1,000)")
    show("artifact_id", identity, "(under 1,000)")
    show("decode_msgpack", decoded, f"{decoded.beside(plain_decoded)} to plain (under 1,000)")
    show("encode_json", json_encoded)
    show("decode_json", json_decoded)


def measure_events(count: int) -> None:
    """Print the encoding of many events of two kinds, and of whole rows."""
    metrics = TaskMetrics(wall_seconds=1.25, cpu_seconds=1.0, rows_in=1000, rows_out=10, bytes_read=8000)
    events = [
        TaskStarted(task=f"task_{number % 5000:04}", attempt=1, executor=Placement.THREADPOOL)
        if number % 2
        else TaskFinished(
            task=f"task_{number % 5000:04}",
            status=TaskStatus.SUCCEEDED,
            attempts=1,
            definition="d" * 64,
            predicted_seconds=number / 7,
            actual_seconds=number / 8,
            metrics=metrics,
        )
        for number in range(count)
    ]
    plain, ours, rows = in_turns(
        lambda: [msgspec.msgpack.encode(event) for event in events],
        lambda: [encode_msgpack(event) for event in events],
        lambda: [event_row(event, time_unix_ms=5, run_id="r") for event in events],
        rounds=3,
    )
    print(f"{count:,} events, task_started and task_finished in turn")
    print(f"  plain msgspec.msgpack.encode      {plain.best:8.2f} s")
    print(f"  encode_msgpack                    {ours.best:8.2f} s    {ours.beside(plain)} (at most 2)")
    print(f"  event_row, with hash              {rows.best:8.2f} s    {count / rows.best:,.0f} rows/s")


def measure_import() -> None:
    """Print how long it takes to import the package in a fresh process, and how much of it a processor worked."""
    clocks = "time.perf_counter(), time.process_time()"
    program = f"import time; a, b = {clocks}; import {{}}; c, d = {clocks}; print(c - a, d - b)"

    def once(module: str) -> list[float]:
        command = [sys.executable, "-c", program.format(module)]
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        return [float(seconds) * 1e3 for seconds in output.split()]

    once("plan_contracts")  # compiles
    turns = [(once("plan_contracts"), once("msgspec")) for _ in range(IMPORTS)]
    (ours, worked), (below, _) = (map(min, zip(*found, strict=True)) for found in zip(*turns, strict=True))
    note = f"(under 80), of which a processor worked {worked:.1f}; msgspec alone {below:.1f} ms"
    print(f"import plan_contracts               {ours:8.1f} ms   {note}")


def main() -> None:
    """Measure everything."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, msgspec {msgspec.__version__}")
    measure_import()
    measure_schedule(tasks)
    measure_events(events)


if __name__ == "__main__":
    main()
