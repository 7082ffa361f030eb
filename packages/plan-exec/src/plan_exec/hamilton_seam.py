"""The seam to Hamilton: a driver with one tagged node per task, whose graph executor is ours.

Hamilton's own task-based executor starts tasks first in, first out, looks at every task after each completion and
spins while it waits. Its driver takes another graph executor, which is what happens here: the driver validates the
graph, calls the hooks of a graph's execution, and leaves the tasks to `run`.
"""

# Hamilton is typed in part: its functions and mappings lack parameters. `Any` is what its signatures say, and what a
# function of the user's takes and gives.
# pyright: reportUnknownMemberType=false

import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context, copy_context
from types import ModuleType
from typing import Any, TypeGuard, cast

from hamilton import driver, graph, node
from hamilton.execution import executors, grouping
from hamilton.io.materialization import ExtractorFactory
from hamilton.lifecycle import base as lifecycle_base

from plan_contracts import ErrorPayload, RoutingDecision, TaskOutcome, TaskStatus
from plan_exec.errors import AdapterFailed, NodeNotSupported
from plan_exec.hamilton_nodes import UNIT, UNITS, scan_nodes, scope_of, task_node
from plan_exec.tags import TagValue

_LOGGERS = ("hamilton.driver", "hamilton.execution.executors")

LifecycleAdapter = lifecycle_base.LifecycleAdapter
"""A lifecycle adapter of Hamilton's, such as a tracker or a progress bar."""


def is_adapter(found: object) -> TypeGuard[LifecycleAdapter]:
    """Say whether something is a lifecycle adapter, made and ready."""
    return isinstance(found, LifecycleAdapter)


class PlanExecutionManager(executors.ExecutionManager):
    """Knows where each task runs; a task without a route is an error, never a default.

    Parameters
    ----------
    routes
        A decision for each task.
    """

    def __init__(self, routes: Mapping[str, RoutingDecision]) -> None:
        super().__init__([])
        self._routes = routes

    def route(self, task: str) -> RoutingDecision:
        """Give where a task runs, and why."""
        return self._routes[task]

    def get_executor_for_task(self, task: grouping.TaskImplementation) -> executors.TaskExecutor:
        """Refuse: tasks go to the dispatcher as requests, never to Hamilton's executors as objects."""
        raise NotImplementedError(f"the task {task.task_id} is run by the plan's dispatcher")


class PlanGraphExecutor(driver.GraphExecutor):
    """Runs the tasks of a graph through a function of ours.

    Parameters
    ----------
    run
        Runs every task and gives their outcomes by name.
    manager
        Where tasks run.
    """

    def __init__(self, run: Callable[[str], Mapping[str, TaskOutcome]], manager: PlanExecutionManager) -> None:
        self._run = run
        self.execution_manager = manager

    def validate(self, nodes_to_execute: list[node.Node]) -> None:
        """Accept nothing but tasks that have a route, and the nodes of scans before theirs."""
        for each in nodes_to_execute:
            self.execution_manager.route(each.name.partition(".")[0])

    def execute(
        self,
        fg: graph.FunctionGraph,
        final_vars: list[Any],
        overrides: dict[str, Any],
        inputs: dict[str, Any],
        run_id: str,
    ) -> dict[str, Any]:
        """Run the graph; `Any` is what Hamilton's signature says."""
        del fg, overrides, inputs
        outcomes = self._run(run_id)
        return {name: outcomes[name] for name in final_vars}


class _TaskNodes(ExtractorFactory):
    """Adds the nodes to a graph that has none; Hamilton's factories are its public door for made-up nodes."""

    def __init__(self, nodes: Sequence[node.Node]) -> None:
        super().__init__("", [])
        self._nodes = list(nodes)

    def generate_nodes(self, fn_graph: graph.FunctionGraph) -> list[node.Node]:
        """Give every node."""
        del fn_graph
        return self._nodes


class HamiltonRun:
    """A driver for one execution.

    Parameters
    ----------
    dependencies
        Producers of each task, by task; in schedule order.
    tags
        Tags of each task.
    routes
        Where each task runs.
    adapters
        The user's lifecycle adapters.
    units
        Keys of the units of each scan, in order.
    """

    def __init__(
        self,
        dependencies: Mapping[str, Sequence[str]],
        tags: Mapping[str, Mapping[str, TagValue]],
        routes: Mapping[str, RoutingDecision],
        adapters: Sequence[LifecycleAdapter],
        units: Mapping[str, Sequence[str]],
    ) -> None:
        self._units = units
        nodes = [
            each
            for name, producers in dependencies.items()
            for each in (
                scan_nodes(name, producers, tags[name]) if name in units else (task_node(name, producers, tags[name]),)
            )
        ]
        self._manager = PlanExecutionManager(routes)
        self._names = list(dependencies)
        _quieten()
        builder = driver.Builder().with_materializers(_TaskNodes(nodes)).with_adapters(*adapters)
        self.driver = builder.build()
        # The driver wraps whatever it was given.
        adapter_set = cast(lifecycle_base.LifecycleAdapterSet, self.driver.adapter)
        self._hooks = NodeHooks(adapter_set, {each.name: each for each in nodes})

    def execute(self, run: Callable[[], Mapping[str, TaskOutcome]]) -> Mapping[str, TaskOutcome]:
        """Execute every task through `run`, with the hooks of a graph's execution around it; give the outcomes."""

        def run_graph(run_id: str) -> Mapping[str, TaskOutcome]:
            self._hooks.run_id = run_id
            self._hooks.grouped()
            return run()

        self.driver.graph_executor = PlanGraphExecutor(run_graph, self._manager)
        wanted: list[Any] = list(self._names)  # Hamilton's parameter takes functions and variables too
        return cast(dict[str, TaskOutcome], self.driver.execute(wanted))

    def before(self, task: str) -> None:
        """Call the hooks before a task; a scan is expanded first."""
        if task in self._units:
            self._hooks.expand(f"{task}.{UNITS}", self._units[task])
        self._hooks.before(task, {})

    def after(self, outcome: TaskOutcome) -> None:
        """Call the hooks after a task."""
        error = None if outcome.error is None else RuntimeError(outcome.error.message)
        self._hooks.after(outcome.task, outcome if outcome.status is TaskStatus.SUCCEEDED else None, error)

    def before_unit(self, task: str, unit: str) -> None:
        """Call the hooks before a unit of a scan."""
        self._hooks.before(f"{task}.{UNIT}", {f"{task}.{UNITS}": unit}, unit)

    def after_unit(self, task: str, unit: str, error: ErrorPayload | None) -> None:
        """Call the hooks after a unit of a scan."""
        reason = None if error is None else RuntimeError(error.message)
        self._hooks.after(f"{task}.{UNIT}", unit if error is None else None, reason, unit)


class NodeHooks:
    """Calls the adapters' hooks around each node, in the caller's thread.

    Each node has a context of its own, since adapters keep what is open in context variables, as if nodes did not
    overlap in one thread.

    Parameters
    ----------
    adapters
        The user's lifecycle adapters.
    nodes
        The nodes by name.
    """

    def __init__(self, adapters: lifecycle_base.LifecycleAdapterSet, nodes: Mapping[str, node.Node]) -> None:
        self._adapters = adapters
        self._nodes = nodes
        self._contexts: dict[tuple[str, str], Context] = {}
        self._listened_to = bool(adapters.sync_hooks)
        self.run_id = ""

    def grouped(self) -> None:
        """Call the hook that hears of every task before the first one."""
        self._call("post_task_group", task_ids=list(self._nodes))

    def before(self, name: str, inputs: Mapping[str, Any], unit: str = "") -> None:
        """Call the hooks before a node, or before one unit of it; its inputs are whatever its function takes."""
        if not self._listened_to:
            return
        context = self._contexts[name, unit] = copy_context()
        context.run(self._before, self._nodes[name], dict(inputs), unit)

    def after(self, name: str, result: Any, error: Exception | None, unit: str = "") -> None:
        """Call the hooks after a node, or after one unit of it; its result is whatever its function gives."""
        if not self._listened_to:
            return
        self._contexts.pop((name, unit)).run(self._after, self._nodes[name], result, error, unit)

    def expand(self, name: str, units: Sequence[str]) -> None:
        """Call the hooks around a node that gives the units of a block, and the one that hears of each of them."""
        self.before(name, {})
        self._call("post_task_expand", task_id=name, parameters={f"{index}": unit for index, unit in enumerate(units)})
        self.after(name, list(units), None)

    def compute(self, name: str, inputs: Mapping[str, Any]) -> Any:
        """Call a node's function, in the way that an adapter wants it where one does."""
        each = self._nodes[name]
        if self._adapters.does_method("do_node_execute", is_async=False):
            return self._adapters.call_lifecycle_method_sync(
                "do_node_execute", run_id=self.run_id, node_=each, kwargs=dict(inputs), task_id=name
            )
        return cast(Any, each(**inputs))  # a function of the user's may give anything

    def _before(self, each: node.Node, inputs: dict[str, Any], unit: str) -> None:
        scope = scope_of(each, unit)
        self._call("pre_task_submission", inputs=inputs, overrides={}, **scope)
        self._call("pre_task_execute", inputs=inputs, overrides={}, **scope)
        self._call("pre_node_execute", node_=each, kwargs=inputs, task_id=scope["task_id"])

    def _after(self, each: node.Node, result: Any, error: Exception | None, unit: str) -> None:
        success = error is None
        results = {each.name: result} if success else None
        end: dict[str, Any] = {"success": success, "error": error}
        scope = scope_of(each, unit)
        self._call("post_node_execute", node_=each, kwargs={}, result=result, task_id=scope["task_id"], **end)
        self._call("post_task_execute", results=results, **end, **scope)
        self._call("post_task_return", result=results, **end, **scope)

    def _call(self, hook: str, **arguments: Any) -> None:
        """Call one hook; the arguments are as different as Hamilton's hooks."""
        for adapter in self._adapters.sync_hooks.get(hook, ()):
            try:
                getattr(adapter, hook)(run_id=self.run_id, **arguments)
            except Exception as reason:
                name, about = type(adapter).__name__, arguments.get("task_id")
                where = f"`{hook}`" + (f" of `{about}`" if about is not None else "")
                message = f"The adapter `{name}` raised {type(reason).__name__} in {where}: {reason}"
                mend = "Mend the adapter, or take it out of `adapters` under `[execution]` (or `--adapter`)."
                raise AdapterFailed(message, subject=name, suggestion=mend) from reason


class FunctionGraph:
    """The functions of the user's modules that lead to what is wanted, driven by Hamilton's driver and run by ours.

    Parameters
    ----------
    modules
        Modules of Hamilton functions.
    config
        What decides between functions when the graph is built.
    adapters
        The user's lifecycle adapters.
    """

    def __init__(
        self, modules: Sequence[ModuleType], config: Mapping[str, Any], adapters: Sequence[LifecycleAdapter]
    ) -> None:
        _quieten()
        self._driver = (
            driver.Builder().with_modules(*modules).with_config(dict(config)).with_adapters(*adapters).build()
        )

    def execute(
        self,
        wanted: Sequence[str],
        inputs: Mapping[str, Any],
        overrides: Mapping[str, Any],
        run: "Callable[[FunctionRun], Mapping[str, Any]]",
    ) -> dict[str, Any]:
        """Check inputs and types as Hamilton does, then leave the nodes to `run`, which gives values by name."""
        self._driver.graph_executor = _FunctionExecutor(
            run, cast(lifecycle_base.LifecycleAdapterSet, self._driver.adapter)
        )
        final: list[Any] = list(wanted)  # Hamilton's parameter takes functions and variables too
        return cast(dict[str, Any], self._driver.execute(final, inputs=dict(inputs), overrides=dict(overrides)))


class FunctionRun:
    """One execution of a module's functions.

    Parameters
    ----------
    hooks
        Calls functions, and the adapters around them.
    nodes
        The functions that are to run.
    given
        Inputs and configuration, by name.
    wanted
        What is asked for.
    """

    def __init__(
        self, hooks: NodeHooks, nodes: Mapping[str, node.Node], given: Mapping[str, Any], wanted: Sequence[str]
    ) -> None:
        self.hooks = hooks
        self.given = dict(given)
        self.wanted = tuple(wanted)
        self.takes = {name: tuple(each.input_types) for name, each in nodes.items()}
        """Names of what each function takes, optional ones included."""
        self.tags = {name: {key: str(value) for key, value in each.tags.items()} for name, each in nodes.items()}


class _FunctionExecutor(driver.GraphExecutor):
    def __init__(
        self, run: Callable[[FunctionRun], Mapping[str, Any]], adapters: lifecycle_base.LifecycleAdapterSet
    ) -> None:
        self._run = run
        self._adapters = adapters

    def validate(self, nodes_to_execute: list[node.Node]) -> None:
        """Refuse what one function per task cannot be."""
        for each in nodes_to_execute:
            if each.node_role in (node.NodeType.EXPAND, node.NodeType.COLLECT):
                message = f"The function `{each.name}` is Parallelizable or takes a Collect"
                mend = "Return a list and take it in the next function, or use Hamilton's own driver."
                raise NodeNotSupported(message, subject=each.name, suggestion=mend)

    def execute(
        self,
        fg: graph.FunctionGraph,
        final_vars: list[Any],
        overrides: dict[str, Any],
        inputs: dict[str, Any],
        run_id: str,
    ) -> dict[str, Any]:
        """Run the graph; `Any` is what Hamilton's signature says."""
        given = {**fg.config, **inputs, **overrides}
        found, _ = fg.get_upstream_nodes(final_vars, given, overrides)
        nodes = {each.name: each for each in found if not each.user_defined and each.name not in given}
        hooks = NodeHooks(self._adapters, nodes)
        hooks.run_id = run_id
        hooks.grouped()
        values = {**given, **self._run(FunctionRun(hooks, nodes, given, final_vars))}
        return {name: values[name] for name in final_vars}


def _quieten() -> None:
    """Keep Hamilton from logging tracebacks and its request for help; errors are reported by us."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
