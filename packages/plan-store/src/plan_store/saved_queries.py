"""Questions that are asked of every store, as SQL over its tables."""

from dataclasses import dataclass

from plan_store.errors import QueryRefused

_PAIR = """
select task, seconds_before, actual_seconds as seconds, actual_seconds / seconds_before as ratio, run_before
from ({pairs})
where seconds_before > 0 and actual_seconds > 1.2 * seconds_before
order by actual_seconds - seconds_before desc
"""

_EARLIER = """
select run_id, task, actual_seconds,
       lag(actual_seconds) over w as seconds_before, lag(run_id) over w as run_before
from tasks where status = 'succeeded' and actual_seconds is not null
window w as (partition by task order by run_id)
"""


@dataclass(frozen=True, kw_only=True)
class SavedQuery:
    """A question with its name."""

    name: str
    """How it is called."""
    summary: str
    """What it answers."""
    text: str
    """The statement; `{run}` and `{before}` stand for the ids of runs."""


SAVED_QUERIES = (
    SavedQuery(
        name="slowest-tasks",
        summary="the tasks of a run that took longest",
        text="""
select task, actual_seconds, predicted_seconds, rows_out, bytes_written, attempts
from tasks where run_id = '{run}' and actual_seconds is not null
order by actual_seconds desc, task limit 20
""",
    ),
    SavedQuery(
        name="regressions",
        summary="the tasks of a run that took at least 1.2 times as long as when they ran before, or in another run",
        text="",
    ),
    SavedQuery(
        name="predicted-against-actual",
        summary="how far each prediction of a run was off, the largest difference first",
        text="""
select task, predicted_seconds, actual_seconds, actual_seconds / nullif(predicted_seconds, 0) as ratio
from tasks where run_id = '{run}' and actual_seconds is not null
order by abs(actual_seconds - predicted_seconds) desc, task
""",
    ),
    SavedQuery(
        name="critical-path",
        summary="where the time of a run went on its critical path: waiting for a slot, and working",
        text="""
with steps as (
    select run_id, string_to_array(critical_path, ' -> ') as path from schedules where run_id = '{run}'
), named as (
    select run_id, path, unnest(path) as task from steps
), starts as (
    select task, min(ready_at) as ready_at, min(started_at) as started_at, min(waited_for) as waited_for
    from decisions where run_id = '{run}' group by task
)
select array_position(path, named.task) as step, named.task, tasks.status, predicted_seconds, actual_seconds,
       cast(starts.started_at - starts.ready_at as bigint) / 1e3 as seconds_waited,
       waited_for, actual_seconds / nullif(sum(actual_seconds) over (), 0) as share
from named
left join tasks on tasks.run_id = named.run_id and tasks.task = named.task
left join starts on starts.task = named.task
order by step
""",
    ),
    SavedQuery(
        name="flaky-tasks",
        summary="tasks that needed several attempts, or that failed and succeeded with the same definition",
        text="""
select task, count(*) as runs, sum(cast(status = 'failed' as int)) as failed,
       sum(cast(attempts > 1 as int)) as with_retries, max(attempts) as most_attempts
from tasks where status in ('succeeded', 'failed')
group by task, definition
having sum(cast(attempts > 1 as int)) > 0
    or (sum(cast(status = 'failed' as int)) > 0 and sum(cast(status = 'succeeded' as int)) > 0)
order by failed + with_retries desc, task
""",
    ),
    SavedQuery(
        name="tag-costs",
        summary="what the tasks of each tag took per week from Monday on, in seconds of work",
        text="""
select cast(date_trunc('week', ended_at) as date) as week, tag, count(distinct run_id) as runs, count(*) as tasks,
       sum(actual_seconds) as seconds
from (
    select run_id, ended_at, actual_seconds, unnest(case when empty(tags) then ['(untagged)'] else tags end) as tag
    from tasks where actual_seconds is not null
)
group by 1, 2 order by 1 desc, seconds desc, tag
""",
    ),
)
"""The questions, in the order in which they are listed."""


def saved_query(name: str, run: str, before: str | None) -> str:
    """Give the statement of a saved query.

    Parameters
    ----------
    name
        Which.
    run
        Id of the run that it asks about.
    before
        Id of the run that `regressions` compares with; none compares each task with its run before.

    Raises
    ------
    QueryRefused
        When there is no such query.
    """
    found = {query.name: query for query in SAVED_QUERIES}.get(name)
    if found is None:
        names = ", ".join(query.name for query in SAVED_QUERIES)
        raise QueryRefused(f"There is no saved query `{name}`", suggestion=f"Saved queries: {names}.")
    if name == "regressions":
        return _PAIR.format(pairs=_pairs(run, before))
    return found.text.format(run=run)


def runs_asked(name: str, run: str, before: str | None) -> frozenset[str] | None:
    """Give the only runs that a saved query asks about; none for one that asks about all."""
    if name == "regressions":
        return None if before is None else frozenset((run, before))
    text = next((query.text for query in SAVED_QUERIES if query.name == name), "")
    return frozenset((run,)) if "{run}" in text else None


def _pairs(run: str, before: str | None) -> str:
    if before is None:
        return f"select * from ({_EARLIER}) where run_id = '{run}'"
    return (
        "select now.task, now.actual_seconds, past.actual_seconds as seconds_before, past.run_id as run_before "
        f"from tasks as now join tasks as past on now.task = past.task "
        f"where now.run_id = '{run}' and past.run_id = '{before}'"
    )
