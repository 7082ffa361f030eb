"""`plan-cli events`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from plan_cli.exit_codes import DONE
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Profile, ProjectPath, StorePlace
from plan_cli.render.console import console
from plan_cli.render.table_text import write_json_lines, write_table
from plan_cli.reporting import reports_errors
from plan_store import SAVED_QUERIES

_DEFAULT = "select event_time, run_id, event_name from events order by event_time desc limit 50"


@reports_errors
def events(
    project: ProjectPath = Path(),
    *,
    sql: Annotated[str, Parameter(help="One SELECT statement over the store's tables.")] = _DEFAULT,
    query: str | None = None,
    run: str = "latest",
    before: str | None = None,
    queries: bool = False,
    profile: Profile = None,
    store: StorePlace = None,
    json: AsJson = False,
) -> int:
    """Query every event of every run with SQL.

    The table `events` has the stored columns, and the time as a timestamp; `runs`, `tasks`, `checks`, `outputs`,
    `schedules`, `validations`, `decisions` and `spills` are views of the same history. With `--json`, each row is one
    line.

    Parameters
    ----------
    query
        Ask a saved query instead: `--queries` lists them.
    run
        The run that a saved query asks about: `latest`, or the beginning of an id.
    before
        The run that `regressions` compares with; by default each task's last run before.
    queries
        List the saved queries, and ask nothing.
    """
    if queries:
        for saved in SAVED_QUERIES:
            console().print(f"{saved.name:<25} {saved.summary}", markup=False)
        return DONE
    opened = open_project(project, profile, store=store)
    with opened.open_store(read_only=True) as opened_store:
        table = opened_store.sql(sql) if query is None else opened_store.ask(query, run=run, before=before)
    if json:
        write_json_lines(table)
    else:
        write_table(table)
    return DONE
