"""From a project to a schedule: compile, validate, admit, lower, cost, schedule. Nothing is executed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plan_cli.errors import CostFileUnreadable
from plan_cli.open_project import OpenProject
from plan_cli.selecting import ChosenViews
from plan_contracts import (
    Admission,
    AdmissionPolicy,
    CompiledProject,
    CostChoice,
    CostTable,
    Materialize,
    PlanDriftArtifact,
    PlanEvidenceArtifact,
    PlanScheduleArtifact,
    PlanSignatures,
    PlanValidationArtifact,
    TaskGraph,
    TaskHistoryEntry,
    artifact_id,
    decode_json,
)
from plan_engine import CompileCache, compile_project
from plan_scheduler import estimate_costs, lower, plan_signatures, schedule_plan
from plan_store import PlanStore
from plan_validate import admit, find_drift, pending_checks, validate_plan

PREVIEW_RUN_ID = "preview"
"""Stands in documents that no run has made, so that two previews of one plan are equal byte for byte."""

History = Mapping[str, Sequence[TaskHistoryEntry]]
"""Past executions by definition, the newest first."""


@dataclass(frozen=True, kw_only=True)
class Validated:
    """A compiled project and the verdict on it."""

    compiled: CompiledProject
    """Graph, evidence, statistics and sources."""
    signatures: PlanSignatures
    """Identity of the graph."""
    artifact: PlanValidationArtifact
    """The verdict on each view and edge."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Tasks with their costs and their order."""

    tasks: TaskGraph
    """What runs."""
    costs: CostTable
    """What each task should cost."""
    schedule: PlanScheduleArtifact
    """In which order, and why."""


def validate_project(project: OpenProject, run_id: str = PREVIEW_RUN_ID) -> Validated:
    """Compile the project and judge every edge; a preview uses what builds have compiled, and keeps nothing.

    Raises
    ------
    PlanError
        When a file cannot be read or a statement cannot be parsed; a schema that does not fit is a finding instead.
    """
    cache = CompileCache(project.compile_cache, read_only=run_id == PREVIEW_RUN_ID)
    compiled = compile_project(project.folder, project.file, cache=cache)
    signatures = plan_signatures(compiled.graph)
    artifact = validate_plan(compiled, run_id=run_id, signatures=signatures)
    return Validated(compiled=compiled, signatures=signatures, artifact=artifact)


def admit_plan(project: OpenProject, validated: Validated, policy: AdmissionPolicy | None = None) -> Admission:
    """Decide who may run: by the given policy, or else by those of plan.toml."""
    file = project.file
    sections = {**file.datasets, **file.views}
    overrides = {name: section.policy for name, section in sections.items() if section.policy is not None}
    return admit(validated.artifact, policy or file.defaults.policy, {} if policy is not None else overrides)


def evidence_of(validated: Validated) -> PlanEvidenceArtifact:
    """Put together what a later plan will be compared with."""
    compiled = validated.compiled
    return PlanEvidenceArtifact(
        plan_signature=validated.signatures.plan_signature,
        entries=compiled.evidence.entries,
        definitions={node.name: node.definition for node in compiled.graph.nodes if node.definition is not None},
        snapshots=compiled.snapshots,
    )


def compare_with_past(
    evidence: PlanEvidenceArtifact, store: PlanStore, project: OpenProject, run_id: str = PREVIEW_RUN_ID
) -> PlanDriftArtifact:
    """Compare a plan with that of the project's last successful run; an equal one is not even read."""
    compared, identity = store.last_evidence(project.name, project.profile or "") or (None, None)
    before = evidence if identity is None or identity == artifact_id(evidence) else store.evidence(identity)
    return find_drift(evidence, before if compared is not None else None, run_id=run_id, compared_run_id=compared)


def has_drifted(drift: PlanDriftArtifact) -> bool:
    """Say whether anything differs; a comparison that finds nothing is not kept."""
    return any((drift.added, drift.removed, drift.redefined, drift.changed_content, drift.findings))


def schedule_project(
    validated: Validated,
    chosen: ChosenViews,
    *,
    costs: CostChoice,
    history: History,
    run_id: str = PREVIEW_RUN_ID,
) -> Planned:
    """Turn the chosen views into tasks and order them.

    Raises
    ------
    PlanError
        When a given cost table cannot be read or does not fit, or the graph has a cycle.
    """
    compiled = validated.compiled
    tasks = lower(
        compiled.graph,
        admitted=chosen.views,
        statistics=compiled.statistics,
        checks=pending_checks(compiled),
        scans=compiled.scans,
    )
    table = _cost_table(tasks, compiled, costs, history)
    schedule = schedule_plan(
        tasks, costs=table, signatures=validated.signatures, run_id=run_id, left_out=chosen.left_out
    )
    return Planned(tasks=tasks, costs=table, schedule=schedule)


def views_lowered_to(schedule: PlanScheduleArtifact, *ways: Materialize) -> list[str]:
    """Name the views that became one of these, sorted."""
    return [choice.view for choice in schedule.lowering if choice.materialize in ways]


def _cost_table(tasks: TaskGraph, compiled: CompiledProject, choice: CostChoice, history: History) -> CostTable:
    if choice.source == "file":
        return read_cost_table(Path(choice.path or ""))
    return estimate_costs(tasks, compiled.statistics, history=history if choice.source == "auto" else None)


def read_cost_table(path: Path) -> CostTable:
    """Read a cost table in JSON.

    Raises
    ------
    CostFileUnreadable
        When there is no such file.
    DocumentRefused
        When it is not a cost table.
    """
    try:
        data = path.read_bytes()
    except OSError as reason:
        message = f"The cost table `{path}` cannot be read: {reason.strerror}"
        mend = "Give `--costs statistics`, or the path of a cost table in JSON."
        raise CostFileUnreadable(message, subject=str(path), suggestion=mend) from reason
    return decode_json(data, CostTable)
