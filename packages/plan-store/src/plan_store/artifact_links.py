"""Which artifacts a run needs: those that its manifest names, and those that they name."""

from collections.abc import Iterator

import msgspec

from plan_contracts import RunManifestV2
from plan_store.layout import Layout, artifact_key


class _Schedule(msgspec.Struct):
    cost_table_id: str = ""


def named_artifacts(layout: Layout, manifest: RunManifestV2) -> Iterator[str]:
    """Give the ids of a run's artifacts: those in the manifest, and the cost table of the schedule."""
    ids = manifest.artifact_ids
    named = (ids.run_manifest, ids.plan_validation, ids.plan_schedule, ids.plan_evidence, ids.plan_drift)
    yield from (identity for identity in named if identity)
    if ids.plan_schedule is not None:
        yield from _cost_table(layout, ids.plan_schedule)


def _cost_table(layout: Layout, schedule_id: str) -> Iterator[str]:
    """Give the cost table that a stored schedule names, which is stored by builds, though not by every writer."""
    try:
        data = layout.objects.get(artifact_key(schedule_id))
        identity = msgspec.msgpack.decode(data, type=_Schedule).cost_table_id
    except (FileNotFoundError, msgspec.MsgspecError):
        return  # whoever verifies the schedule itself says so
    if identity and layout.objects.exists(artifact_key(identity)):
        yield identity
