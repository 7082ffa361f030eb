"""Manifests of past runs, read without reading events."""

from collections.abc import Iterator

from plan_contracts import RunManifestV2, RunStatus, nearest
from plan_store.documents import read_document, read_documents
from plan_store.errors import RunUnknown
from plan_store.layout import RUNS, Layout, manifest_key


def finished_runs(layout: Layout) -> list[str]:
    """Give the ids of all runs that have a manifest, the newest first."""
    keys = layout.objects.keys(RUNS)
    return sorted((key.split("/")[1] for key in keys if key.endswith("/manifest.msgpack")), reverse=True)


def running_runs(layout: Layout) -> list[str]:
    """Give the ids of all runs without a manifest, the oldest first: they go on, or their driver has died."""
    ended = set(finished_runs(layout))
    started = {key.split("/")[1] for key in layout.objects.keys(RUNS) if key.endswith("/running.msgpack")}
    return sorted(started - ended)


def newest_run(layout: Layout) -> str | None:
    """Give the id of the run that began last, ended or not; none in an empty store."""
    return max((key.split("/")[1] for key in layout.objects.keys(RUNS)), default=None)


def manifests(layout: Layout, *, skip_damaged: bool = False) -> Iterator[RunManifestV2]:
    """Give the manifests, the newest first, each read when it is asked for.

    Raises
    ------
    StoreDamaged
        When one is damaged, and `skip_damaged` is not set.
    """
    keys = (manifest_key(run_id) for run_id in finished_runs(layout))
    return read_documents(layout.objects, keys, RunManifestV2, skip_damaged=skip_damaged)


def find_manifest(layout: Layout, wanted: str) -> RunManifestV2:
    """Give one manifest.

    Parameters
    ----------
    layout
        The store.
    wanted
        `latest`, or the beginning of a run id.

    Raises
    ------
    RunUnknown
        When no run, or more than one, is meant.
    """
    known = finished_runs(layout)
    found = known[:1] if wanted == "latest" else [run_id for run_id in known if run_id.startswith(wanted)]
    if len(found) == 1:
        return read_document(layout.objects, manifest_key(found[0]), RunManifestV2)
    if found:
        message = f"{len(found)} runs have an id that begins with `{wanted}`"
        raise RunUnknown(message, subject=wanted, suggestion=f"Such as {found[0]} and {found[1]}.")
    near = nearest(wanted, known)
    mend = f"Did you mean {near}?" if near is not None else "`plan-cli runs` lists the runs."
    message = "There are no runs yet" if not known else f"No run has an id that begins with `{wanted}`"
    raise RunUnknown(message, subject=wanted, suggestion=mend)


def last_success(layout: Layout, project: str, profile: str) -> RunManifestV2 | None:
    """Give the newest manifest of a run that succeeded; none before there is one. Damaged ones are passed over."""
    found = manifests(layout, skip_damaged=True)
    wanted = (project, profile, RunStatus.SUCCEEDED)
    return next((each for each in found if (each.project, each.profile, each.status) == wanted), None)


def latest_manifest(layout: Layout, project: str, profile: str) -> RunManifestV2 | None:
    """Give the newest manifest of a project under a profile; none before its first run.

    A damaged one is passed over: what its run has published is then built again, and nothing worse.
    """
    found = manifests(layout, skip_damaged=True)
    return next((each for each in found if (each.project, each.profile) == (project, profile)), None)
