"""What changed since an earlier plan: columns, types, rows and files of each dataset and view."""

from collections.abc import Iterator

from plan_contracts import (
    Column,
    DatasetSnapshot,
    DriftFinding,
    DriftKind,
    DriftSeverity,
    Evidence,
    EvidenceSource,
    PlanDriftArtifact,
    PlanEvidenceArtifact,
    widens_safely,
)

FAR_OFF = 2.0
"""Factor by which a number of rows has to grow or shrink to be reported."""


def find_drift(
    now: PlanEvidenceArtifact, before: PlanEvidenceArtifact | None, *, run_id: str, compared_run_id: str | None = None
) -> PlanDriftArtifact:
    """Compare what is known now with what was known for an earlier plan.

    Parameters
    ----------
    now, before
        Evidence, definitions and snapshots of both; no earlier one means that nothing has drifted.
    run_id, compared_run_id
        The runs that they belong to.

    Returns
    -------
    PlanDriftArtifact
        A removed column is an error, and so are a type that does not hold every earlier value and a dataset that has
        lost all rows. A wider type, a column that now allows nulls and rows that are off by `FAR_OFF` are warnings.
        Everything else informs, as does a view that its author changed: one with another definition, while the columns
        of every dataset are what they were.
    """
    if before is None:
        return PlanDriftArtifact(
            run_id=run_id, compared_run_id=None, plan_signature=now.plan_signature, compared_plan_signature=""
        )
    shared = sorted(now.entries.keys() & before.entries.keys())
    redefined = {
        view
        for view in now.definitions.keys() & before.definitions.keys()
        if now.definitions[view] != before.definitions[view]
    }
    datasets = [name for name in shared if name in now.snapshots]
    same_columns = all(now.entries[name].columns == before.entries[name].columns for name in datasets)
    rewritten = redefined if same_columns else set[str]()
    findings = [
        _informing(finding) if name in rewritten else finding
        for name in shared
        for finding in _of_evidence(now.entries[name], before.entries[name])
    ]
    findings += [
        finding
        for name in sorted(now.snapshots.keys() & before.snapshots.keys())
        for finding in _of_files(now.snapshots[name], before.snapshots[name])
    ]
    return PlanDriftArtifact(
        run_id=run_id,
        compared_run_id=compared_run_id,
        plan_signature=now.plan_signature,
        compared_plan_signature=before.plan_signature,
        added=tuple(sorted(now.entries.keys() - before.entries.keys())),
        removed=tuple(sorted(before.entries.keys() - now.entries.keys())),
        redefined=tuple(sorted(redefined)),
        changed_content=tuple(
            name
            for name in sorted(now.snapshots.keys() & before.snapshots.keys())
            if now.snapshots[name].content_id != before.snapshots[name].content_id
        ),
        findings=tuple(sorted(findings, key=lambda each: (each.name, each.subject or "", each.kind.value))),
    )


def _informing(finding: DriftFinding) -> DriftFinding:
    return DriftFinding(
        name=finding.name,
        kind=finding.kind,
        severity=DriftSeverity.INFO,
        subject=finding.subject,
        before=finding.before,
        after=finding.after,
    )


def _of_evidence(now: Evidence, before: Evidence) -> Iterator[DriftFinding]:
    columns = {column.name: column for column in now.columns}
    earlier = {column.name: column for column in before.columns}
    for name in sorted(columns.keys() | earlier.keys()):
        yield from _of_column(now.name, name, columns.get(name), earlier.get(name))
    for key in sorted(now.metadata.keys() | before.metadata.keys()):
        was, is_now = before.metadata.get(key), now.metadata.get(key)
        if was != is_now:
            yield DriftFinding(
                name=now.name,
                kind=DriftKind.METADATA_CHANGED,
                severity=DriftSeverity.INFO,
                subject=key,
                before=was,
                after=is_now,
            )
    yield from _of_rows(now, before)


def _of_column(owner: str, name: str, now: Column | None, before: Column | None) -> Iterator[DriftFinding]:
    def finding(kind: DriftKind, severity: DriftSeverity, was: str | None, is_now: str | None) -> DriftFinding:
        return DriftFinding(name=owner, kind=kind, severity=severity, subject=name, before=was, after=is_now)

    if now is None or before is None:
        if now is not None:
            yield finding(DriftKind.COLUMN_ADDED, DriftSeverity.INFO, None, now.type)
        elif before is not None:
            yield finding(DriftKind.COLUMN_REMOVED, DriftSeverity.ERROR, before.type, None)
        return
    if now.type != before.type:
        wider = widens_safely(before.type, now.type)
        severity = DriftSeverity.WARNING if wider else DriftSeverity.ERROR
        yield finding(DriftKind.TYPE_CHANGED, severity, before.type, now.type)
    if now.nullable != before.nullable:
        severity = DriftSeverity.WARNING if now.nullable else DriftSeverity.INFO
        yield finding(DriftKind.NULLABILITY_CHANGED, severity, _nullability(before), _nullability(now))
    if now.metadata != before.metadata:
        yield finding(DriftKind.METADATA_CHANGED, DriftSeverity.INFO, _listed(before.metadata), _listed(now.metadata))


def _nullability(column: Column) -> str:
    return "nulls allowed" if column.nullable else "not null"


def _listed(metadata: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(metadata.items()))


def _of_rows(now: Evidence, before: Evidence) -> Iterator[DriftFinding]:
    """Compare the rows of files; those of a view are estimated from these, and tell nothing more."""
    rows, earlier = now.rows, before.rows
    sources = {now.source, before.source}
    if rows is None or earlier is None or rows == earlier or sources != {EvidenceSource.FILES}:
        return
    if rows == 0:
        severity = DriftSeverity.ERROR
    elif max(rows, earlier) >= FAR_OFF * min(rows, earlier):
        severity = DriftSeverity.WARNING
    else:
        return
    yield DriftFinding(
        name=now.name,
        kind=DriftKind.ROW_COUNT_CHANGED,
        severity=severity,
        before=f"{earlier}",
        after=f"{rows}",
    )


def _of_files(now: DatasetSnapshot, before: DatasetSnapshot) -> Iterator[DriftFinding]:
    """Compare which files there are; what is in them shows in the evidence."""
    files, earlier = {file.path for file in now.files}, {file.path for file in before.files}
    if files == earlier:
        return
    new, gone = len(files - earlier), len(earlier - files)
    yield DriftFinding(
        name=now.name,
        kind=DriftKind.FILES_CHANGED,
        severity=DriftSeverity.INFO,
        before=f"{len(earlier)} files",
        after=f"{len(files)} files, {new} of them new, {gone} gone",
    )
