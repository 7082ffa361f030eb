"""`plan-cli validate`."""

from pathlib import Path

from plan_cli.build_code import of_build
from plan_cli.execution_policy import preview_execution
from plan_cli.exit_codes import DONE
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Policy, Profile, ProjectPath, Vars, assignments
from plan_cli.planning import admit_plan, compare_with_past, evidence_of, validate_project
from plan_cli.render.console import console, print_json, show_warnings
from plan_cli.render.drift_text import drift_lines
from plan_cli.render.places import ProjectPlaces
from plan_cli.render.validation_text import admission_line, finding_lines, validation_table
from plan_cli.reporting import reports_errors, show_errors
from plan_engine import missing_secrets


@reports_errors
def validate(
    project: ProjectPath = Path(),
    *,
    profile: Profile = None,
    var: Vars = None,
    policy: Policy = None,
    json: AsJson = False,
) -> int:
    """Judge every edge of a project; run nothing and write nothing.

    Shows everything that does not fit, with its place and the nearest name that does, secrets that the environment
    lacks, and what has changed in columns, rows and files since the last successful build. The exit code is the one
    that a build would have ended with before its first task.
    """
    opened = open_project(project, profile, assignments(var))
    validated = validate_project(opened)
    admission = admit_plan(opened, validated, policy)
    warnings = preview_execution(opened, validated.compiled.graph)
    if json:
        print_json(validated.artifact)
    else:
        places = ProjectPlaces(opened.folder)
        for line in (*validation_table(validated.artifact), *finding_lines(validated.artifact, places)):
            console().print(line, markup=False)
        show_warnings(console(), warnings)
        with opened.open_store(read_only=True) as store:
            drift = compare_with_past(evidence_of(validated), store, opened)
        for line in drift_lines(drift):
            console().print(line, markup=False)
        console().print(admission_line(admission).replace("nothing has run", "nothing would run"), markup=False)
    unset = tuple(missing_secrets(validated.compiled))
    show_errors(unset, opened.folder)
    return of_build(admission, None) or max((error.exit_code for error in unset), default=DONE)
