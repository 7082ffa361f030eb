"""Which artifacts a run needs: those that its manifest names, and those that they name."""

from collections.abc import Iterator

import msgspec

from plan_contracts import RunManifestV2
from plan_store.layout import Layout, artifact_key


class _Schedule(msgspec.Struct):
    cost_table_id: str = ""


def named_artifacts(layout: Layout, manifest: RunManifestV2) -> Iterator[str]:
    """Give the ids of a run's artifacts: all that its manifest names, and the cost table of its schedule."""
    ids = manifest.artifact_ids
    yield from (identity for identity in msgspec.structs.astuple(ids) if identity is not None)
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
