"""The only place that knows rustworkx: questions about the graph as a whole."""

from typing import cast

import rustworkx

from plan_scheduler.edge_arrays import EdgeArrays


def _undirected(graph: EdgeArrays) -> "rustworkx.PyGraph[None, None]":
    built: rustworkx.PyGraph[None, None] = rustworkx.PyGraph(
        multigraph=True, node_count_hint=graph.count, edge_count_hint=len(graph.sources)
    )
    built.add_nodes_from([None] * graph.count)
    built.add_edges_from_no_data(list(zip(graph.sources.tolist(), graph.targets.tolist(), strict=True)))
    return built


def find_bridges(graph: EdgeArrays) -> tuple[list[tuple[int, int]], list[int]]:
    """Give the bridge edges and articulation tasks of the graph without its directions, both ascending.

    Parameters
    ----------
    graph
        Acyclic edges.

    Returns
    -------
    tuple
        Edges (source, target) whose removal disconnects their component, and tasks whose removal does.

    Notes
    -----
    Linear in tasks and edges, and without recursion.
    """
    built = _undirected(graph)
    # An undirected edge comes back in either direction; in an acyclic graph only one of them exists.
    known = set(zip(graph.sources.tolist(), graph.targets.tolist(), strict=True))
    # rustworkx's stubs declare tuples of one; it returns pairs.
    found = cast("set[tuple[int, int]]", rustworkx.bridges(built))
    bridges = sorted(edge if edge in known else (edge[1], edge[0]) for edge in found)
    return bridges, sorted(rustworkx.articulation_points(built))


def _directed(graph: EdgeArrays) -> "rustworkx.PyDiGraph[None, None]":
    built: rustworkx.PyDiGraph[None, None] = rustworkx.PyDiGraph(multigraph=True)
    built.add_nodes_from([None] * graph.count)
    built.add_edges_from_no_data(list(zip(graph.sources.tolist(), graph.targets.tolist(), strict=True)))
    return built


def find_dominators(graph: EdgeArrays) -> dict[int, int]:
    """Give the immediate dominator of each task that has one: the last task that all paths to it pass through.

    Parameters
    ----------
    graph
        Acyclic edges. Paths begin at the tasks without inputs.
    """
    built = _directed(graph)
    # The algorithm wants one start: a task that every task without inputs reads.
    start = built.add_node(None)
    fed = set(graph.targets.tolist())
    built.add_edges_from_no_data([(start, task) for task in range(graph.count) if task not in fed])
    found = rustworkx.immediate_dominators(built, start)
    return {task: found[task] for task in sorted(found) if task != start and found[task] != start}


def find_betweenness(graph: EdgeArrays) -> list[float]:
    """Give for each task the share of shortest paths between two others that pass through it, rounded to 12 digits.

    Parameters
    ----------
    graph
        Acyclic edges; time grows with tasks times edges.
    """
    # In one thread, because sums over several come out in another order each time.
    found = rustworkx.digraph_betweenness_centrality(_directed(graph), parallel_threshold=graph.count + 1)
    return [round(found[task], 12) for task in range(graph.count)]


def strong_components(graph: EdgeArrays) -> list[list[int]]:
    """Give the strongly connected components of two tasks and more, each ascending, by their first task."""
    built = _directed(graph)
    components = rustworkx.strongly_connected_components(built)
    return sorted(sorted(component) for component in components if len(component) > 1)
