"""`plan-cli runs`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from plan_cli.exit_codes import DONE
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Profile, ProjectPath, StorePlace
from plan_cli.render.console import print_json, print_lines
from plan_cli.render.figures import count, duration
from plan_cli.reporting import reports_errors
from plan_contracts import RunList, RunManifestV2


@reports_errors
def runs(
    project: ProjectPath = Path(),
    *,
    run: Annotated[str | None, Parameter(help="Show one run: `latest`, or the beginning of an id.")] = None,
    profile: Profile = None,
    store: StorePlace = None,
    json: AsJson = False,
) -> int:
    """List the runs of a project, the newest first, or show one."""
    opened = open_project(project, profile, store=store)
    with opened.open_store(read_only=True) as opened_store:
        if run is not None:
            manifest = opened_store.manifest(run)
            if json:
                print_json(manifest)
            else:
                print_lines(_manifest_lines(manifest))
            return DONE
        manifests = opened_store.runs()
    if json:
        print_json(RunList(runs=manifests))
    else:
        print_lines(_list_lines(manifests))
    return DONE


def _started(manifest: RunManifestV2) -> str:
    moment = datetime.fromtimestamp(manifest.started_at_unix_ms / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _seconds(manifest: RunManifestV2) -> str:
    return duration((manifest.ended_at_unix_ms - manifest.started_at_unix_ms) / 1000)


def _counts(manifest: RunManifestV2) -> str:
    return (
        ", ".join(f"{number} {status.value}" for status, number in sorted(manifest.task_counts.items())) or "no tasks"
    )


def _list_lines(manifests: tuple[RunManifestV2, ...]) -> Iterator[str]:
    if not manifests:
        yield "no runs yet"
    for manifest in manifests:
        yield (
            f"{manifest.run_id}  {_started(manifest)}  {manifest.status.value:<11}  {_seconds(manifest):>9}  "
            f"{manifest.execution_mode.value:<20}  {_counts(manifest)}"
        )


def _manifest_lines(manifest: RunManifestV2) -> Iterator[str]:
    ids = manifest.artifact_ids
    yield f"run         {manifest.run_id}: {manifest.status.value}"
    yield f"started     {_started(manifest)}, took {_seconds(manifest)}"
    yield f"plan        {manifest.plan_signature or 'not known'}"
    yield f"executors   {manifest.execution_mode.value}; {manifest.executor_reason}"
    yield f"tasks       {_counts(manifest)}"
    yield f"manifest    {ids.run_manifest}"
    yield f"schedule    {ids.plan_schedule or 'none'}"
    yield f"validation  {ids.plan_validation or 'none'}"
    yield f"outputs     {count(len(manifest.outputs), 'current output')}"
    for record in manifest.outputs:
        yield f"  {record.status.value:<7} {record.uri}  {count(record.rows, 'row')}  sha256 {record.sha256[:12]}"
