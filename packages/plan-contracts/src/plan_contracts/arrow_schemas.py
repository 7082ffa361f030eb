"""Arrow schemas of the stored tables, in canonical column types."""

from plan_contracts.evidence import Column

EVENTS_TABLE = "datafusion_hamilton_events_v2"
"""Name of the event table; its schema never changes, a new one would have a new name."""

EVENTS_COLUMNS = (
    Column(name="event_time_unix_ms", type="int64", nullable=False),
    Column(name="profile_name", type="string"),
    Column(name="run_id", type="string", nullable=False),
    Column(name="event_name", type="string", nullable=False),
    Column(name="plan_signature", type="string", nullable=False),
    Column(name="reduced_plan_signature", type="string", nullable=False),
    Column(name="event_payload_msgpack", type="binary", nullable=False),
    Column(name="event_payload_hash", type="string", nullable=False),
)
"""Columns of the event table, in order."""

STORED_TABLES = {EVENTS_TABLE: EVENTS_COLUMNS}
"""Columns of each stored table, by name."""
