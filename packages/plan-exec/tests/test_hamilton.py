"""What Hamilton's lifecycle adapters see of an execution."""

import logging
from pathlib import Path
from typing import Any

import pytest
from executing import WAYS, run
from hamilton.lifecycle import GraphExecutionHook, NodeExecutionHook

from plan_exec.testing import scenario


class Watcher(NodeExecutionHook, GraphExecutionHook):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.tags: dict[str, dict[str, Any]] = {}
        self.ended: dict[str, bool] = {}
        self.errors: dict[str, str] = {}
        self.graph: list[str] = []

    def run_before_node_execution(self, *, node_name: str, node_tags: dict[str, Any], **rest: Any) -> None:
        """Remember the tags."""
        self.tags[node_name] = node_tags

    def run_after_node_execution(self, *, node_name: str, success: bool, error: Exception | None, **rest: Any) -> None:
        """Remember the end."""
        self.ended[node_name] = success
        if error is not None:
            self.errors[node_name] = str(error)

    def run_before_graph_execution(self, **rest: Any) -> None:
        """Remember the beginning."""
        self.graph.append("before")

    def run_after_graph_execution(self, *, success: bool, **rest: Any) -> None:
        """Remember the end."""
        self.graph.append(f"after {success}")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_adapters_see_every_task_that_runs_with_all_its_tags(way: str, tmp_path: Path) -> None:
    watcher = Watcher()
    planned = scenario("a -> b -> c; d -> e", tmp_path, scripts={"d": "fail"}, costs={"b": 2.5})

    run(planned, way, adapters=[watcher])

    assert watcher.graph == ["before", "after True"]
    assert watcher.ended == {"a": True, "b": True, "c": True, "d": False}
    assert "told to fail" in watcher.errors["d"]
    assert watcher.tags["b"] == {
        "layer": "execution",
        "kind": "task",
        "task_name": "b",
        "task_kind": "view",
        "task_cost": "2.500000",
        "bottom_level_cost": "3.500000",
        "slack": "0.000000",
        "on_critical_path": "true",
        "schedule_index": str(planned.schedule.ordered_tasks.index("b")),
        "generation_index": "1",
    }
    assert watcher.tags["d"]["on_critical_path"] == "false"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_adapters_hear_of_an_execution_in_which_nothing_runs(way: str, tmp_path: Path) -> None:
    planned = scenario("a -> b", tmp_path)
    run(planned, way)
    planned.committer.next_run()
    watcher = Watcher()

    run(planned, way, adapters=[watcher])

    assert watcher.graph == ["before", "after True"]
    assert watcher.ended == {}


@pytest.mark.timeout(60)
def test_failing_task_leaves_nothing_in_hamiltons_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hamilton"):
        run(scenario("a -> b", tmp_path, scripts={"a": "raise"}), "threads")

    assert caplog.records == []
