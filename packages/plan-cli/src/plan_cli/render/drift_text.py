"""What changed since the last successful run, the gravest first."""

from collections.abc import Iterator

from plan_cli.render.figures import count
from plan_contracts import DriftFinding, DriftKind, DriftSeverity, PlanDriftArtifact

MAX_LINES = 20
"""Differences that are shown one by one."""

_ORDER = {DriftSeverity.ERROR: 0, DriftSeverity.WARNING: 1, DriftSeverity.INFO: 2}


def drift_lines(drift: PlanDriftArtifact) -> Iterator[str]:
    """Give a line per difference in columns, rows and files; nothing where there is none."""
    findings = sorted(drift.findings, key=lambda finding: _ORDER[finding.severity])
    if not findings:
        return
    yield f"drift since run {drift.compared_run_id}:"
    for finding in findings[:MAX_LINES]:
        yield f"    {finding.severity.value:<7}  {_sentence(finding)}"
    if len(findings) > MAX_LINES:
        yield f"    and {count(len(findings) - MAX_LINES, 'more difference')}; `--json` and the artifact list them all"


def _sentence(finding: DriftFinding) -> str:
    column = f"{finding.name}.{finding.subject}"
    match finding.kind:
        case DriftKind.COLUMN_ADDED:
            return f"{column} is new, {finding.after}"
        case DriftKind.COLUMN_REMOVED:
            return f"{column} is gone, it was {finding.before}"
        case DriftKind.ROW_COUNT_CHANGED:
            return f"{finding.name} has {_rows(finding.after)}, it had {_rows(finding.before)}"
        case DriftKind.FILES_CHANGED:
            return f"{finding.name} has {finding.after}, it had {finding.before}"
        case DriftKind.METADATA_CHANGED:
            return f"metadata {column} is {finding.after or 'gone'}, it was {finding.before or 'not there'}"
        case _:
            return f"{column} is {finding.after}, it was {finding.before}"


def _rows(number: str | None) -> str:
    return count(int(number or 0), "row")
