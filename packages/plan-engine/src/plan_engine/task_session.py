"""The session in which a task's queries run, within the limits of its request."""

from pathlib import Path

from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext, SQLOptions

from plan_contracts import TaskRequest
from plan_engine.table_catalog import TableCatalog, session_over

ONE_QUERY = SQLOptions().with_allow_ddl(False).with_allow_dml(False).with_allow_statements(False)
"""What a statement may be: exactly one query."""


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
    config = SessionConfig().with_target_partitions(limits.target_partitions)
    if limits.frugal:
        config = config.set("datafusion.optimizer.prefer_hash_join", "false")  # hash joins fail rather than spill
    runtime = None
    if limits.memory_bytes is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        runtime = RuntimeEnvBuilder().with_disk_manager_specified(scratch).with_fair_spill_pool(limits.memory_bytes)
    return session_over(TableCatalog(), config, runtime)
