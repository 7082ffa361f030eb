"""`plan-cli show`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from plan_cli.describing import describe_view
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Profile, ProjectPath, Vars, assignments
from plan_cli.planning import admit_plan, validate_project
from plan_cli.render.console import console, print_json
from plan_cli.render.view_text import view_lines
from plan_cli.reporting import reports_errors


@reports_errors
def show(
    view: Annotated[str, Parameter(help="The view.")],
    project: ProjectPath = Path(),
    *,
    profile: Profile = None,
    var: Vars = None,
    lineage: Annotated[bool, Parameter(help="Trace each column to the columns it is computed from.")] = False,
    json: AsJson = False,
) -> int:
    """Show what a view is: file, inputs with required columns, output, statistics, what becomes of it; run nothing."""
    opened = open_project(project, profile, assignments(var))
    validated = validate_project(opened)
    description = describe_view(validated, admit_plan(opened, validated), view, lineage=lineage)
    if json:
        print_json(description)
    else:
        for line in view_lines(description):
            console().print(line, markup=False, soft_wrap=True)
    return 0
