"""The nodes of Hamilton's graph: one for each task, and a block of three for each scan."""

from collections.abc import Mapping, Sequence
from typing import Any

from hamilton import node
from hamilton.execution import grouping
from hamilton.htypes import Collect, Parallelizable

from plan_contracts import TaskOutcome
from plan_exec.tags import TagValue

UNITS, UNIT = "units", "unit"
"""What the nodes of a scan's units are called after the name of its task and a dot, which no task's name holds."""


def scope_of(each: node.Node, unit: str) -> dict[str, Any]:
    """Say what a hook is about, in Hamilton's words; each unit of a block is a task of its own."""
    purposes = grouping.NodeGroupPurpose
    by_role = {node.NodeType.EXPAND: purposes.EXPAND_UNORDERED, node.NodeType.COLLECT: purposes.GATHER}
    scan = each.name.partition(".")[0]
    return {
        "task_id": f"{scan}/{unit}" if unit else each.name,
        "nodes": [each],
        "spawning_task_id": f"{scan}.{UNITS}" if unit else None,
        "purpose": purposes.EXECUTE_BLOCK if unit else by_role.get(each.node_role, purposes.EXECUTE_SINGLE),
    }


def scan_nodes(name: str, producers: Sequence[str], tags: Mapping[str, TagValue]) -> tuple[node.Node, ...]:
    """Make the block of a scan: its units, one of them, and the scan itself, which collects what they gave."""

    def run_elsewhere(**inputs: str) -> TaskOutcome:
        raise NotImplementedError(f"the scan {name} is run by the plan's dispatcher, not by calling its nodes")

    def made(suffix: str, typ: Any, source: node.NodeType, takes: Mapping[str, Any]) -> node.Node:
        return node.Node(
            name=f"{name}.{suffix}" if suffix else name,
            typ=typ,
            doc_string=f"Task {name} of the plan.",
            callabl=run_elsewhere,
            node_source=source,
            input_types={key: (each, node.DependencyType.REQUIRED) for key, each in takes.items()},
            tags={**tags, "kind": suffix or "task"},
            originating_functions=(run_elsewhere,),
        )

    return (
        made(UNITS, Parallelizable[str], node.NodeType.EXPAND, dict.fromkeys(producers, TaskOutcome)),
        made(UNIT, str, node.NodeType.STANDARD, {f"{name}.{UNITS}": str}),
        made("", TaskOutcome, node.NodeType.COLLECT, {f"{name}.{UNIT}": Collect[str]}),
    )


def task_node(name: str, producers: Sequence[str], tags: Mapping[str, TagValue]) -> node.Node:
    """Make the node of a task that runs as a whole."""

    def run_elsewhere(**inputs: TaskOutcome) -> TaskOutcome:
        raise NotImplementedError(f"the task {name} is run by the plan's dispatcher, not by calling its node")

    # The pair of type and kind of dependency spares Hamilton a quadratic rebuild of the mapping.
    inputs: dict[str, Any] = dict.fromkeys(producers, (TaskOutcome, node.DependencyType.REQUIRED))
    return node.Node(
        name=name,
        typ=TaskOutcome,
        doc_string=f"Task {name} of the plan.",
        callabl=run_elsewhere,
        input_types=inputs,
        tags=dict(tags),
        originating_functions=(run_elsewhere,),
    )
