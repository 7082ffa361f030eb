"""The session in which a task's queries run, within the limits of its request."""

from pathlib import Path

from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext, SQLOptions

from plan_contracts import TaskRequest
from plan_engine.table_catalog import TableCatalog, session_over

ONE_QUERY = SQLOptions().with_allow_ddl(False).with_allow_dml(False).with_allow_statements(False)
"""What a statement may be: exactly one query."""

BUILD_SIDE_BYTES = 128 << 20
"""Bytes, divided by the partitions of a query, up to which one side of a join is held once for all partitions.

Else the rows of both sides are copied to the partition that their keys hash to. Holding one side is the work of one
partition while the others wait: the fewer there are, the sooner that is less than the copying."""

BUILD_SIDE_ROWS = 4 << 20
"""The same in rows, where no bytes are known."""


def task_session(request: TaskRequest, scratch: Path) -> SessionContext:
    """Give a session without tables.

    Parameters
    ----------
    request
        Says how many partitions and how much memory its queries may use.
    scratch
        Folder for what does not fit into that memory.
    """
    limits = request.limits
    partitions = limits.target_partitions
    config = (
        SessionConfig()
        .with_target_partitions(partitions)
        .set("datafusion.optimizer.hash_join_single_partition_threshold", str(BUILD_SIDE_BYTES // partitions))
        .set("datafusion.optimizer.hash_join_single_partition_threshold_rows", str(BUILD_SIDE_ROWS // partitions))
    )
    if limits.frugal:
        config = config.set("datafusion.optimizer.prefer_hash_join", "false")  # hash joins fail rather than spill
    runtime = None
    if limits.memory_bytes is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        runtime = RuntimeEnvBuilder().with_disk_manager_specified(scratch).with_fair_spill_pool(limits.memory_bytes)
    return session_over(TableCatalog(), config, runtime)
