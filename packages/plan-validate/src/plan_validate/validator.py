"""From a graph and evidence to a verdict on each edge and each view."""

from collections import Counter
from collections.abc import Mapping, Sequence

from plan_contracts import (
    CompiledProject,
    DataCheck,
    EdgeValidation,
    EvidenceCatalog,
    LogicalGraph,
    PlanningFinding,
    PlanSignatures,
    PlanValidationArtifact,
    SourceLocation,
    TaskValidation,
    ValidationStatus,
)
from plan_validate.blocking import find_blame
from plan_validate.edges import judge_edge
from plan_validate.known_graph import KnownGraph, look_up
from plan_validate.rules.contracts import HOLDS, ContractVerdict, check_contract

_NO_CHECKS: Mapping[str, Sequence[DataCheck]] = {}

UNSIGNED = PlanSignatures(plan_signature="", reduced_plan_signature="")
"""Signatures of a graph that nobody signed."""


def validate_plan(
    compiled: CompiledProject, *, run_id: str, signatures: PlanSignatures, widening: bool = True
) -> PlanValidationArtifact:
    """Judge every edge and every view of a compiled project.

    Parameters
    ----------
    compiled
        Graph, evidence and planning findings.
    run_id
        The run it is made for.
    signatures
        Identity of the graph.
    widening
        Whether a column may have a type that can be read as the required one without losing a value.

    Returns
    -------
    PlanValidationArtifact
        Every verdict, sorted by name; see `validate_graph`.
    """
    return validate_graph(
        compiled.graph,
        compiled.evidence,
        compiled.findings,
        compiled.checks,
        run_id=run_id,
        signatures=signatures,
        widening=widening,
    )


def validate_graph(
    graph: LogicalGraph,
    evidence: EvidenceCatalog,
    findings: Sequence[PlanningFinding] = (),
    checks: Mapping[str, Sequence[DataCheck]] = _NO_CHECKS,
    *,
    run_id: str = "unrecorded",
    signatures: PlanSignatures = UNSIGNED,
    widening: bool = True,
) -> PlanValidationArtifact:
    """Judge every edge and every view of a graph, in time linear in both.

    Parameters
    ----------
    graph
        Datasets, views and edges with what they require.
    evidence
        What is known of datasets and views, with the contracts declared for them.
    findings
        Why views do not plan.
    checks
        What can be checked on the data of each dataset and view, where evidence proves nothing.
    run_id
        The run it is made for.
    signatures
        Identity of the graph.
    widening
        Whether a column may have a type that can be read as the required one without losing a value.

    Returns
    -------
    PlanValidationArtifact
        A view is `invalid` when it has a finding, breaks its own contract or has an invalid edge; else `blocked` when
        any view above it is invalid; else `not_validated` when an edge or its contract could not be judged; else
        `valid`. What a check will tell before anything reads the data is in `pending_checks`, and counts as valid. On a
        view or edge that is `not_validated`, `contract_violations` lists what could not be ruled out.

    Raises
    ------
    GraphRefused
        When the graph contradicts itself; what is wrong with the plan is never an error.
    plan_contracts.TypeNotCanonical
        When a column type is no type.
    """
    known = look_up(graph, evidence, findings)
    contracts = {name: check_contract(entry, checks.get(name, ())) for name, entry in known.evidence.items()}
    edges: dict[str, tuple[EdgeValidation, ...]] = {
        view: _judge_inputs(known, view, contracts, broken=frozenset(), widening=widening) for view in known.views
    }
    invalid = {view for view in known.views if _is_invalid(known, view, edges[view], contracts.get(view, HOLDS))}
    blame = find_blame(sorted(invalid), known.consumers)
    broken = frozenset(invalid | blame.keys())
    # Only an edge whose producer has no evidence can change, from `not_validated` to `blocked`.
    unknown = broken - known.evidence.keys()
    for consumer in sorted({consumer for view in unknown for consumer in known.consumers[view]}):
        edges[consumer] = _judge_inputs(known, consumer, contracts, broken=broken, widening=widening)
    results = tuple(
        _judge_view(known, view, edges[view], contracts.get(view, HOLDS), view in invalid, blame.get(view, ()))
        for view in known.views
    )
    tasks = Counter(result.status for result in results)
    verdicts = Counter(edge.status for result in results for edge in result.edges)
    return PlanValidationArtifact(
        run_id=run_id,
        plan_signature=signatures.plan_signature,
        reduced_plan_signature=signatures.reduced_plan_signature,
        total_tasks=len(results),
        valid_tasks=tasks[ValidationStatus.VALID],
        invalid_tasks=tasks[ValidationStatus.INVALID],
        blocked_tasks=tasks[ValidationStatus.BLOCKED],
        not_validated_tasks=tasks[ValidationStatus.NOT_VALIDATED],
        total_edges=sum(verdicts.values()),
        valid_edges=verdicts[ValidationStatus.VALID],
        invalid_edges=verdicts[ValidationStatus.INVALID],
        task_results=results,
    )


def _judge_inputs(
    known: KnownGraph, view: str, contracts: dict[str, ContractVerdict], *, broken: frozenset[str], widening: bool
) -> tuple[EdgeValidation, ...]:
    columns = known.columns_beside(view)
    return tuple(
        judge_edge(
            edge,
            known.evidence.get(edge.producer),
            broken_producer=edge.producer in broken,
            dataset_contract=None if edge.producer in known.views else contracts.get(edge.producer),
            columns=columns,
            widening=widening,
        )
        for edge in known.inputs[view]
    )


def _is_invalid(known: KnownGraph, view: str, edges: tuple[EdgeValidation, ...], contract: ContractVerdict) -> bool:
    return (
        view in known.findings
        or bool(contract.violations)
        or any(edge.status is ValidationStatus.INVALID for edge in edges)
    )


def _judge_view(
    known: KnownGraph,
    view: str,
    edges: tuple[EdgeValidation, ...],
    contract: ContractVerdict,
    invalid: bool,
    blamed: tuple[str, ...],
) -> TaskValidation:
    if invalid:
        status = ValidationStatus.INVALID
    elif blamed:
        status = ValidationStatus.BLOCKED
    elif contract.unproven or any(edge.status is ValidationStatus.NOT_VALIDATED for edge in edges):
        status = ValidationStatus.NOT_VALIDATED
    else:
        status = ValidationStatus.VALID
    path = known.views[view].path
    return TaskValidation(
        task=view,
        status=status,
        definition=known.views[view].definition,
        location=None if path is None else SourceLocation(file=path),
        edges=edges,
        findings=tuple(known.findings.get(view, ())),
        contract_violations=contract.all,
        pending_checks=contract.pending_names,
        blocked_by=blamed,
    )
