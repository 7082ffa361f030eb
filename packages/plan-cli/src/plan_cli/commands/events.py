"""`plan-cli events`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from plan_cli.exit_codes import DONE
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Profile, ProjectPath, StorePlace
from plan_cli.render.table_text import write_json_lines, write_table
from plan_cli.reporting import reports_errors

_DEFAULT = "select event_time_unix_ms, run_id, event_name from events order by event_time_unix_ms desc limit 50"


@reports_errors
def events(
    project: ProjectPath = Path(),
    *,
    sql: Annotated[str, Parameter(help="One SELECT statement over the store's tables.")] = _DEFAULT,
    profile: Profile = None,
    store: StorePlace = None,
    json: AsJson = False,
) -> int:
    """Query every event of every run with SQL.

    The table `events` has the stored columns; `runs`, `tasks` and `outputs` are views of the same history. With
    `--json`, each row is one line.
    """
    opened = open_project(project, profile, store=store)
    with opened.open_store(read_only=True) as opened_store:
        table = opened_store.sql(sql)
    if json:
        write_json_lines(table)
    else:
        write_table(table)
    return DONE
