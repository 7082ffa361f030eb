"""Small graphs with evidence, and their verdicts."""

from plan_contracts import (
    Column,
    DataContract,
    EdgeValidation,
    Evidence,
    EvidenceCatalog,
    EvidenceSource,
    Exactness,
    FindingKind,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    NodeKind,
    PlanningFinding,
    PlanValidationArtifact,
    RequiredColumn,
    Requirement,
    TaskValidation,
    ValidationStatus,
)
from plan_validate import validate_graph

VALID, INVALID = ValidationStatus.VALID, ValidationStatus.INVALID
BLOCKED, NOT_VALIDATED = ValidationStatus.BLOCKED, ValidationStatus.NOT_VALIDATED


def dataset(name: str) -> LogicalNode:
    return LogicalNode(name=name, kind=NodeKind.DATASET)


def view(name: str) -> LogicalNode:
    return LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition="0" * 64, path=f"views/{name}.sql")


def edge(producer: str, consumer: str, *, metadata: tuple[str, ...] = (), **columns: str | None) -> LogicalEdge:
    required = tuple(RequiredColumn(name=name, type=columns[name]) for name in sorted(columns))
    return LogicalEdge(
        producer=producer, consumer=consumer, requirement=Requirement(columns=required, metadata=metadata)
    )


def known(
    name: str,
    *,
    contract: DataContract | None = None,
    rows: int | None = None,
    exactness: Exactness = Exactness.EXACT,
    nullable: bool = True,
    metadata: dict[str, str] | None = None,
    **columns: str,
) -> Evidence:
    return Evidence(
        name=name,
        source=EvidenceSource.FILES,
        columns=tuple(Column(name=column, type=columns[column], nullable=nullable) for column in columns),
        metadata=metadata or {},
        rows=rows,
        exactness=exactness,
        contract=contract,
    )


def finding(name: str) -> PlanningFinding:
    return PlanningFinding(view=name, kind=FindingKind.NOT_PLANNED, message=f"{name} does not plan", subject=name)


def judge(
    nodes: list[LogicalNode],
    edges: list[LogicalEdge],
    evidence: list[Evidence],
    findings: list[PlanningFinding] | None = None,
    *,
    widening: bool = True,
) -> PlanValidationArtifact:
    return validate_graph(
        LogicalGraph(nodes=tuple(nodes), edges=tuple(edges)),
        EvidenceCatalog(entries={entry.name: entry for entry in evidence}),
        findings or [],
        widening=widening,
    )


def of(artifact: PlanValidationArtifact, name: str) -> TaskValidation:
    return next(result for result in artifact.task_results if result.task == name)


def only_edge(artifact: PlanValidationArtifact, name: str) -> EdgeValidation:
    (found,) = of(artifact, name).edges
    return found


def judge_one(wanted: LogicalEdge, there: Evidence, *, widening: bool = True) -> EdgeValidation:
    """Judge a single edge from the dataset `orders` to the view `clean`."""
    return only_edge(judge([dataset("orders"), view("clean")], [wanted], [there], widening=widening), "clean")
