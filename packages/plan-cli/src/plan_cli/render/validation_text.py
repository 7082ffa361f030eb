"""The validation as text: a line that counts, then every finding with its place and the nearest fit."""

from collections.abc import Iterator

from plan_cli.render.figures import count
from plan_contracts import (
    Admission,
    ContractViolation,
    EdgeValidation,
    PlanValidationArtifact,
    TaskValidation,
    ValidationStatus,
)


def validation_lines(artifact: PlanValidationArtifact) -> Iterator[str]:
    """Give every finding, by view, and then the counts."""
    for task in artifact.task_results:
        if task.status is not ValidationStatus.VALID:
            yield from _task_lines(task)
    yield _summary(artifact)


def admission_line(admission: Admission) -> str:
    """Say who may run."""
    if admission.refused:
        return f"refused under policy `{admission.policy.value}`: nothing has run"
    held = f", {len(admission.held):,} held" if admission.held else ""
    return f"admitted under policy `{admission.policy.value}`: {count(len(admission.admitted), 'view')}{held}"


def _summary(artifact: PlanValidationArtifact) -> str:
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
    return f"validation: {', '.join([tasks, *rest])}; {edges}"


def _task_lines(task: TaskValidation) -> Iterator[str]:
    place = f" ({task.location})" if task.location is not None else ""
    yield f"{task.status.value.replace('_', ' ')}: {task.task}{place}"
    for finding in task.findings:
        where = f"{finding.location}: " if finding.location is not None else ""
        mend = f"; did you mean `{finding.suggestion}`?" if finding.suggestion else ""
        yield f"    {where}{finding.message}{mend}"
    for violation in task.contract_violations:
        yield f"    {_violation(violation, task.task)}"
    for edge in task.edges:
        yield from (f"    {line}" for line in _edge_lines(edge))
    if task.blocked_by:
        yield f"    waits for: {', '.join(task.blocked_by)}"


def _edge_lines(edge: EdgeValidation) -> Iterator[str]:
    suggestions = {suggestion.subject: suggestion for suggestion in edge.suggestions}
    for column in edge.missing_columns:
        line = f"`{edge.producer}` has no column `{column}`"
        suggestion = suggestions.get(column)
        if suggestion is not None:
            line += f"; did you mean `{suggestion.replacement}` of `{suggestion.found_in}`?"
        yield line
    for mismatch in edge.type_mismatches:
        yield (
            f"`{edge.producer}.{mismatch.column}` is {mismatch.available}, "
            f"but `{edge.consumer}` needs {mismatch.required}"
        )
    for key in edge.missing_metadata:
        yield f"`{edge.producer}` has no metadata `{key}`"
    for violation in edge.contract_violations:
        yield _violation(violation, edge.producer)
    if edge.status is ValidationStatus.NOT_VALIDATED:
        yield f"what it needs of `{edge.producer}` is not known, so this edge is not validated"


def _violation(violation: ContractViolation, owner: str) -> str:
    what = violation.kind.value.replace("_", " ")
    return (
        f"the contract of `{owner}` does not hold for `{violation.subject}` ({what}): "
        f"declared {violation.declared}, found {violation.available}"
    )
