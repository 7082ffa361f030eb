"""Which part of the project a command is about: what was selected, with everything that it needs."""

from collections.abc import Iterable
from dataclasses import dataclass

from plan_cli.open_project import OpenProject
from plan_contracts import Admission, CompiledProject, Contract, RunManifestV2, RunStatus, decode_msgpack
from plan_scheduler import select, with_inputs
from plan_store import PlanStore

NOT_SELECTED = "not selected, and nothing selected reads it"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What the user asked for; empty expressions leave the whole project."""

    select: str = ""
    """The views that are wanted."""
    exclude: str = ""
    """Views that are not, even if they are selected; what others need of them is built all the same."""


@dataclass(frozen=True, kw_only=True)
class ChosenViews:
    """Who runs."""

    views: tuple[str, ...]
    """Admitted views that are selected or needed, sorted."""
    left_out: dict[str, str]
    """The others, with the reason."""


class _ViewDefinition(Contract, frozen=True, kw_only=True):
    """What a stored verdict says of a view's logic."""

    task: str
    definition: str | None = None


class _Definitions(Contract, frozen=True, kw_only=True):
    """The part of a stored validation that tells what has changed since."""

    task_results: tuple[_ViewDefinition, ...]


def choose_views(
    project: OpenProject, compiled: CompiledProject, admission: Admission, selection: Selection
) -> ChosenViews:
    """Apply a selection to the views that may run.

    Raises
    ------
    SelectionRefused
        When an expression is malformed, names nothing that exists, or asks for what was modified and no build has
        succeeded yet.
    """
    left_out = {held.task: held.reason for held in admission.held}
    if not selection.select.strip() and not selection.exclude.strip():
        return ChosenViews(views=admission.admitted, left_out=left_out)
    expression = selection.select if selection.select.strip() else "*"
    asks_state = "state:" in expression or "state:" in selection.exclude
    modified = _modified(project, compiled) if asks_state else None
    wanted = select(compiled.graph, expression, exclude=selection.exclude, modified=modified)
    needed = with_inputs(compiled.graph, wanted)
    chosen = tuple(name for name in admission.admitted if name in needed)
    left_out |= {name: NOT_SELECTED for name in admission.admitted if name not in needed}
    return ChosenViews(views=chosen, left_out=dict(sorted(left_out.items())))


def _modified(project: OpenProject, compiled: CompiledProject) -> set[str] | None:
    """Give the views whose logic or datasets differ from those of the last build that succeeded; none without one."""
    with project.open_store(read_only=True) as store:
        before = _last_success(store.runs(), project)
        if before is None:
            return None
        definitions = _definitions(store, before)
    contents = {snapshot.name: snapshot.content_id for snapshot in before.dataset_snapshots}
    changed = {name for name, now in compiled.snapshots.items() if contents.get(name) != now.content_id}
    modified = {edge.consumer for edge in compiled.graph.edges if edge.producer in changed}
    modified |= {
        node.name
        for node in compiled.graph.nodes
        if node.name in compiled.sources and definitions.get(node.name) != node.definition
    }
    return modified


def _last_success(runs: Iterable[RunManifestV2], project: OpenProject) -> RunManifestV2 | None:
    mine = (run for run in runs if (run.project, run.profile) == (project.name, project.profile or ""))
    return next(
        (run for run in mine if run.status is RunStatus.SUCCEEDED and run.artifact_ids.plan_validation is not None),
        None,
    )


def _definitions(store: PlanStore, run: RunManifestV2) -> dict[str, str | None]:
    stored = store.artifact(run.artifact_ids.plan_validation or "")
    return {each.task: each.definition for each in decode_msgpack(stored, _Definitions).task_results}
