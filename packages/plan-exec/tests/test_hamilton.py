"""What Hamilton's lifecycle adapters see of an execution."""

# Hamilton is typed in part: its functions and mappings lack parameters.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import logging
from pathlib import Path
from typing import Any

import pytest
from executing import WAYS, run
from hamilton.lifecycle import GraphExecutionHook, NodeExecutionHook

from plan_contracts import Placement, RoutingDecision, TaskKind
from plan_exec.hamilton_seam import HamiltonRun
from plan_exec.tags import node_tags
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


class BlockWatcher(NodeExecutionHook):
    """Remembers tasks in the order of their beginning, and the tags of their nodes."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str]] = []
        self.ended: dict[str, bool] = {}
        self.tags: dict[str, dict[str, Any]] = {}

    def run_before_node_execution(
        self, *, node_name: str, node_tags: dict[str, Any], task_id: str | None, **rest: Any
    ) -> None:
        """Remember task and tags."""
        self.begun.append((node_name, task_id or ""))
        self.tags[node_name] = node_tags

    def run_after_node_execution(self, *, task_id: str | None, success: bool, **rest: Any) -> None:
        """Remember the end."""
        self.ended[task_id or ""] = success


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
def test_adapters_see_a_scan_as_a_block_of_units_with_the_tags_of_the_schedule(way: str, tmp_path: Path) -> None:
    watcher = BlockWatcher()
    planned = scenario("d -> v; e -> v", tmp_path, scans={"d": 3, "e": 0}, scripts={"d": "unit 0001 fail"})

    run(planned, way, slots=1, adapters=[watcher])

    assert watcher.begun[:5] == [
        ("d.units", "d.units"),
        ("d", "d"),
        ("d.unit", "d/0000"),
        ("d.unit", "d/0001"),
        ("e.units", "e.units"),
    ]
    assert watcher.ended == {
        "d.units": True,
        "d/0000": True,
        "d/0001": False,
        "d": False,
        "e.units": True,
        "e/none": True,
        "e": True,
    }
    same = {key: value for key, value in watcher.tags["d"].items() if key != "kind"}
    assert same["schedule_index"] == str(planned.schedule.ordered_tasks.index("d"))
    for name, kind in (("d.units", "units"), ("d.unit", "unit"), ("d", "task")):
        assert watcher.tags[name] == {**same, "kind": kind}


@pytest.mark.timeout(60)
def test_graph_holds_one_expansion_and_one_collection_for_each_scan(tmp_path: Path) -> None:
    planned = scenario("d -> v; e -> v", tmp_path, scans={"d": 3, "e": 2})
    routes = {
        name: RoutingDecision(
            task=name, task_kind=TaskKind.SCAN, task_cost=1.0, executor=Placement.THREADPOOL, reason="the only one"
        )
        for name in ("d", "e", "v")
    }
    dependencies = {"d": (), "e": (), "v": ("d", "e")}
    tags = node_tags(planned.schedule, planned.tasks)

    made = HamiltonRun(dependencies, tags, routes, [], {"d": ("0000", "0001", "0002"), "e": ("0000", "0001")})

    roles = {each.name: each.node_role.name for each in made.driver.graph.nodes.values()}
    assert roles == {
        "d": "COLLECT",
        "d.unit": "STANDARD",
        "d.units": "EXPAND",
        "e": "COLLECT",
        "e.unit": "STANDARD",
        "e.units": "EXPAND",
        "v": "STANDARD",
    }
    assert made.driver.graph.nodes["d"].collect_dependency == "d.unit"


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
