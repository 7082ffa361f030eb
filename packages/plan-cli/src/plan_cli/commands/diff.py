"""`plan-cli diff`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from plan_cli.exit_codes import DONE
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Profile, ProjectPath, StorePlace
from plan_cli.render.console import print_json, print_lines
from plan_cli.render.drift_text import drift_lines
from plan_cli.render.figures import count
from plan_cli.reporting import reports_errors
from plan_contracts import OutputRecord, PlanDriftArtifact, PlanEvidenceArtifact, RunManifestV2
from plan_store import ArtifactMissing, PlanStore
from plan_validate import find_drift


@reports_errors
def diff(
    project: ProjectPath = Path(),
    *,
    before: Annotated[str | None, Parameter(help="The earlier run; by default the one before `after`.")] = None,
    after: Annotated[str, Parameter(help="The later run: `latest`, or the beginning of an id.")] = "latest",
    profile: Profile = None,
    store: StorePlace = None,
    json: AsJson = False,
) -> int:
    """Compare two runs: views that changed, columns, rows and files of datasets, and outputs with other content.

    With `--json` the drift artifact is printed.
    """
    opened = open_project(project, profile, store=store)
    with opened.open_store(read_only=True) as opened_store:
        later = opened_store.manifest(after)
        earlier = opened_store.manifest(before) if before is not None else _run_before(opened_store.runs(), later)
        drift = find_drift(
            _evidence(opened_store, later),
            _evidence(opened_store, earlier),
            run_id=later.run_id,
            compared_run_id=earlier.run_id,
        )
    if json:
        print_json(drift)
    else:
        print_lines(_lines(drift, earlier, later))
    return DONE


def _run_before(runs: Sequence[RunManifestV2], later: RunManifestV2) -> RunManifestV2:
    """Give the newest run of the same project and profile before another one."""
    same = [
        each
        for each in runs
        if (each.project, each.profile) == (later.project, later.profile) and each.run_id < later.run_id
    ]
    if not same:
        message = f"There is no run before {later.run_id} to compare it with"
        raise ArtifactMissing(message, subject=later.run_id, suggestion="Name one with `--before`.")
    return same[0]


def _evidence(store: PlanStore, run: RunManifestV2) -> PlanEvidenceArtifact:
    identity = run.artifact_ids.plan_evidence
    evidence = store.evidence(identity) if identity is not None else None
    if evidence is None:
        message = f"What the run {run.run_id} knew of its datasets and views is not in the store"
        mend = "Compare with a run that got as far as validating its plan; `plan-cli runs` lists them."
        raise ArtifactMissing(message, subject=run.run_id, suggestion=mend)
    return evidence


def _lines(drift: PlanDriftArtifact, earlier: RunManifestV2, later: RunManifestV2) -> Iterator[str]:
    yield f"{earlier.run_id} ({earlier.status.value}) -> {later.run_id} ({later.status.value})"
    differences = list(_differences(drift, earlier, later))
    yield from differences or ["nothing differs: the same views, data and outputs"]


def _differences(drift: PlanDriftArtifact, earlier: RunManifestV2, later: RunManifestV2) -> Iterator[str]:
    for label, names in (
        ("new", drift.added),
        ("gone", drift.removed),
        ("other logic", drift.redefined),
        ("other data", drift.changed_content),
    ):
        if names:
            yield f"{label}: {', '.join(names)}"
    yield from drift_lines(drift)
    yield from _output_lines(earlier.outputs, later.outputs)


def _output_lines(before: Sequence[OutputRecord], after: Sequence[OutputRecord]) -> Iterator[str]:
    earlier = {record.name: record for record in before}
    changed = [
        (record, earlier[record.name])
        for record in after
        if record.name in earlier and record.sha256 != earlier[record.name].sha256
    ]
    if changed:
        yield "outputs with other content:"
    for record, was in changed:
        rows = count(record.rows, "row")
        yield f"    {record.name}  {rows}" + (f", before {was.rows:,}" if was.rows != record.rows else "")
