"""The benchmarks run, on little, and print every figure that they are there for; nothing is asked of the figures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent / "benchmarks"
TIME_LIMIT_SECONDS = 240


def figures(name: str, *arguments: str) -> str:
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=TIME_LIMIT_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(TIME_LIMIT_SECONDS)
def test_benchmark_of_contracts_prints_time_and_ratio_of_each_way() -> None:
    shown = figures("bench_contracts", "1000", "1000")
    assert "schedule of 1,000 tasks" in shown
    assert "1,000 events" in shown
    timed = {line[:36].strip(): line[36:] for line in shown.splitlines() if re.search(r"\d m?s\b", line)}
    assert {"import plan_contracts", "artifact_id", "encode_msgpack and payload_hash", "decode_json"} <= set(timed)
    compared = {what for what, rest in timed.items() if re.search(r"ratio \d+\.\d\d, median \d+\.\d\d", rest)}
    assert compared == {"encode_msgpack", "decode_msgpack"}


@pytest.mark.timeout(TIME_LIMIT_SECONDS)
def test_benchmark_of_the_scheduler_prints_a_figure_for_every_shape_and_contender() -> None:
    shown = figures("bench_scheduler", "1000", "0.01")
    for contender in ("numpy levels", "rustworkx", "graphlib", "networkx", "dask order"):
        assert contender in shown
    for shape in ("layered", "wide", "skewed", "windowed", "chain"):
        assert re.search(rf"^{shape} +1,000 .*(?: +[\d,]+ +[\d.]+x){{5}}$", shown, re.MULTILINE), shown
    assert shown.count("(made)") == 3
