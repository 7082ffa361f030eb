"""The validation as text: how many views and edges are sound, and every finding with its place and the nearest fit."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from plan_cli.render.figures import count
from plan_cli.render.places import ProjectPlaces
from plan_contracts import (
    Admission,
    ContractViolation,
    EdgeValidation,
    PlanValidationArtifact,
    SourceLocation,
    Suggestion,
    TaskValidation,
    ValidationStatus,
    ViolationKind,
)

_SHOWN_READERS = 3


def validation_table(artifact: PlanValidationArtifact) -> Iterator[str]:
    """Give the verdicts on views and edges in numbers, and how many checks the data has still to pass."""
    statuses = list(ValidationStatus)
    titles = [status.value.replace("_", " ") for status in statuses]
    yield "  ".join(["status", f"{'total':>7}", *(f"{title:>{max(7, len(title))}}" for title in titles)])
    views = Counter(task.status for task in artifact.task_results)
    edges = Counter(edge.status for task in artifact.task_results for edge in task.edges)
    for label, counts in (("views", views), ("edges", edges)):
        numbers = [f"{counts[status]:>{max(7, len(title)):},}" for status, title in zip(statuses, titles, strict=True)]
        yield "  ".join([f"{label:<6}", f"{counts.total():>7,}", *numbers])
    checks = pending_count(artifact)
    if checks:
        yield f"{count(checks, 'check')} will run on the data, before anything reads it"


def pending_count(artifact: PlanValidationArtifact) -> int:
    """Count the checks that the data has still to pass, those of a dataset once."""
    datasets = {edge.producer: len(edge.pending_checks) for task in artifact.task_results for edge in task.edges}
    return sum(datasets.values()) + sum(len(task.pending_checks) for task in artifact.task_results)


def finding_lines(artifact: PlanValidationArtifact, places: ProjectPlaces) -> Iterator[str]:
    """Give every finding: what is wrong with datasets, each once, and then by view."""
    yield from _dataset_lines(artifact, places)
    for task in artifact.task_results:
        if task.status is not ValidationStatus.VALID:
            yield from _task_lines(task, places)


def admission_line(admission: Admission) -> str:
    """Say who may run."""
    if admission.refused:
        return f"refused under policy `{admission.policy.value}`: nothing has run"
    held = f", {len(admission.held):,} held" if admission.held else ""
    return f"admitted under policy `{admission.policy.value}`: {count(len(admission.admitted), 'view')}{held}"


def summary_line(artifact: PlanValidationArtifact) -> str:
    """Give the counts in one line."""
    tasks = f"{artifact.valid_tasks:,} of {count(artifact.total_tasks, 'view')} valid"
    rest = [
        f"{number:,} {label}"
        for number, label in (
            (artifact.invalid_tasks, "invalid"),
            (artifact.blocked_tasks, "blocked"),
            (artifact.not_validated_tasks, "not validated"),
        )
        if number
    ]
    edges = f"{artifact.valid_edges:,} of {count(artifact.total_edges, 'edge')} valid"
    checks = pending_count(artifact)
    pending = f"; {count(checks, 'check')} to run" if checks else ""
    return f"validation: {', '.join([tasks, *rest])}; {edges}{pending}"


def _dataset_lines(artifact: PlanValidationArtifact, places: ProjectPlaces) -> Iterator[str]:
    """Give the violations of datasets, which stand on the edge of each of their readers, once."""
    broken: dict[str, tuple[EdgeValidation, list[str]]] = {}
    for task in artifact.task_results:
        for edge in task.edges:
            if edge.contract_violations:
                broken.setdefault(edge.producer, (edge, []))[1].append(task.task)
    for dataset, (edge, readers) in sorted(broken.items()):
        more = f" and {len(readers) - _SHOWN_READERS} more" if len(readers) > _SHOWN_READERS else ""
        label = "invalid" if edge.status is ValidationStatus.INVALID else "not validated"
        yield f"{label}: dataset {dataset}, read by {', '.join(readers[:_SHOWN_READERS])}{more}"
        yield from _violation_lines(edge.contract_violations, dataset, places)


def _task_lines(task: TaskValidation, places: ProjectPlaces) -> Iterator[str]:
    place = f" ({places.shown(task.location)})" if task.location is not None else ""
    yield f"{task.status.value.replace('_', ' ')}: {task.task}{place}"
    for finding in task.findings:
        where = f"{places.shown(finding.location)}: " if finding.location is not None else ""
        mend = f"; did you mean {_quoted(finding.suggestion)}?" if finding.suggestion else ""
        yield f"    {where}{finding.message}{mend}"
    yield from _violation_lines(task.contract_violations, task.task, places)
    for edge in task.edges:
        yield from (f"    {line}" for line in _edge_lines(edge, places))
    if task.blocked_by:
        yield f"    blocked by: {', '.join(task.blocked_by)}"


def _edge_lines(edge: EdgeValidation, places: ProjectPlaces) -> Iterator[str]:
    for column in sorted(edge.missing_columns, key=lambda column: _order(edge.places.get(column))):
        where = f"{places.shown(edge.places[column])}: " if column in edge.places else ""
        near = [suggestion for suggestion in edge.suggestions if suggestion.subject == column]
        yield f"{where}`{edge.producer}` has no column `{column}`{_nearest(near, edge.producer)}"
    if edge.available_columns:
        yield f"    `{edge.producer}` has: {', '.join(edge.available_columns)}"
    for mismatch in edge.type_mismatches:
        yield (
            f"`{edge.consumer}` needs `{mismatch.column}` of `{edge.producer}` as {mismatch.required}, "
            f"and it is {mismatch.available}"
        )
    for key in edge.missing_metadata:
        yield f"`{edge.producer}` has no metadata `{key}`"
    if edge.contract_violations:
        yield f"it reads `{edge.producer}`, whose contract does not hold"
    elif edge.status is ValidationStatus.NOT_VALIDATED:
        yield f"what it needs of `{edge.producer}` is not known, so this edge is not validated"


def _order(place: SourceLocation | None) -> tuple[int, int]:
    return (place.line or 0, place.column or 0) if place is not None else (0, 0)


def _nearest(suggestions: Sequence[Suggestion], producer: str) -> str:
    if not suggestions:
        return ""
    names = [
        _quoted(near.replacement) + ("" if near.found_in == producer else f" of `{near.found_in}`")
        for near in suggestions
    ]
    return f"; did you mean {' or '.join(names)}?"


def _quoted(name: str) -> str:
    """Give a name as a statement has to spell it: one with capitals stands in double quotes."""
    return f"`{name}`" if name == name.lower() else f'`"{name}"`, in double quotes'


def _violation_lines(violations: Iterable[ContractViolation], owner: str, places: ProjectPlaces) -> Iterator[str]:
    for violation in violations:
        where = places.contract(owner, violation.kind, violation.subject)
        yield f"    {where}: {_violation(violation)}"


def _violation(violation: ContractViolation) -> str:
    subject, declared, available = violation.subject, violation.declared, violation.available
    match violation.kind:
        case ViolationKind.COLUMN_MISSING:
            return f"the contract declares `{subject}` ({declared}), and there is {available}"
        case ViolationKind.TYPE_DIFFERS:
            return f"the contract declares `{subject}` as {declared}, and it is {available}"
        case ViolationKind.METADATA_MISSING:
            return f"the contract declares the metadata `{subject}` as `{declared}`, and there is {available}"
        case ViolationKind.METADATA_DIFFERS:
            return f"the contract declares the metadata `{subject}` as `{declared}`, and it is `{available}`"
        case ViolationKind.TOO_FEW_ROWS | ViolationKind.TOO_MANY_ROWS:
            bound = "at least" if violation.kind is ViolationKind.TOO_FEW_ROWS else "at most"
            return f"the contract declares {bound} {declared} rows, and their number is {available}"
        case ViolationKind.CHECK_NOT_PLANNED:
            return f"{subject}, declared as `{' '.join(declared.split())}`, cannot be checked: {available}"
        case _:
            return f"the contract declares `{subject}` as {declared}, and {available}"
