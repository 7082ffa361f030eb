"""`plan-cli plan`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from plan_cli.build_code import of_build
from plan_cli.building import HISTORY_RUNS
from plan_cli.execution_policy import preview_execution
from plan_cli.machine import describe_machine, machine_label
from plan_cli.open_project import OpenProject, open_project
from plan_cli.options import (
    AsJson,
    Costs,
    Exclude,
    Policy,
    Profile,
    ProjectPath,
    Select,
    StorePlace,
    Vars,
    assignments,
    cost_choice,
)
from plan_cli.planning import History, admit_plan, schedule_project, validate_project
from plan_cli.render.console import console, print_json, show_warnings
from plan_cli.render.places import ProjectPlaces
from plan_cli.render.schedule_text import forecast_lines, order_lines, schedule_summary
from plan_cli.render.validation_text import admission_line, finding_lines, summary_line
from plan_cli.reporting import reports_errors
from plan_cli.selecting import Selection, choose_views
from plan_contracts import artifact_id
from plan_scheduler import explain


@reports_errors
def plan(
    project: ProjectPath = Path(),
    *,
    profile: Profile = None,
    store: StorePlace = None,
    var: Vars = None,
    select: Select = "",
    exclude: Exclude = "",
    costs: Costs = "auto",
    policy: Policy = None,
    explain_task: Annotated[
        str | None, Parameter(name="--explain", help="Say why this task stands where it does.")
    ] = None,
    json: AsJson = False,
) -> int:
    """Show order, costs, critical path and what more workers would buy; run nothing and write nothing.

    With `--costs statistics` the same project gives the same plan, byte for byte, on any machine.
    """
    opened = open_project(project, profile, assignments(var), store=store)
    validated = validate_project(opened)
    admission = admit_plan(opened, validated, policy)
    out = console()
    if admission.refused and json:
        print_json(validated.artifact)
        return of_build(admission, None)
    if admission.refused:
        places = ProjectPlaces(opened.folder)
        for line in (*finding_lines(validated.artifact, places), summary_line(validated.artifact)):
            out.print(line, markup=False)
        out.print(admission_line(admission), markup=False)
        return of_build(admission, None)
    warnings = preview_execution(opened, validated.compiled.graph)
    chosen = choose_views(opened, validated.compiled, admission, Selection(select=select, exclude=exclude))
    planned = schedule_project(validated, chosen, costs=cost_choice(costs), history=_history(opened))
    if json:
        print_json(planned.schedule)
    elif explain_task is not None:
        out.print(explain(planned.schedule, planned.tasks, explain_task), markup=False)
    else:
        for line in schedule_summary(planned.schedule):
            out.print(line, markup=False)
        show_warnings(out, warnings)
        out.print(f"artifact {artifact_id(planned.schedule)}", markup=False)
        for lines in (
            order_lines(planned.schedule, planned.tasks),
            forecast_lines(planned.schedule, machine_label(describe_machine())),
        ):
            out.print()
            for line in lines:
                out.print(line, markup=False)
    return of_build(admission, None)


def _history(project: OpenProject) -> History:
    with project.open_store(read_only=True) as store:
        return store.past_entries(HISTORY_RUNS, machine=machine_label(describe_machine()))
