"""`plan-cli build`."""

from pathlib import Path

from plan_cli.build_code import of_build
from plan_cli.building import build_project
from plan_cli.cluster_options import beside_project
from plan_cli.execution_options import ExecutionOptions
from plan_cli.execution_policy import execution_policy
from plan_cli.open_project import open_project
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
from plan_cli.render.build_text import build_summary
from plan_cli.render.console import console, error_console, print_json
from plan_cli.render.places import ProjectPlaces
from plan_cli.render.progress import build_display
from plan_cli.reporting import reports_errors
from plan_contracts import BuildRequest, ExecutionMode


@reports_errors
def build(
    project: ProjectPath = Path(),
    *,
    profile: Profile = None,
    store: StorePlace = None,
    var: Vars = None,
    execution: ExecutionOptions = ExecutionOptions(),
    select: Select = "",
    exclude: Exclude = "",
    costs: Costs = "auto",
    policy: Policy = None,
    full: bool = False,
    fail_fast: bool = False,
    wait: bool = False,
    json: AsJson = False,
) -> int:
    """Plan, validate, schedule, run and record a project.

    Views whose definition and inputs have not changed are reused. Outputs are replaced one by one, each as a whole;
    a view that fails leaves its old output in place.

    Parameters
    ----------
    full
        Build everything, also what has not changed.
    fail_fast
        Start no further task after the first failure.
    wait
        Wait until another build of the project has ended, instead of giving up.
    """
    opened = open_project(project, profile, assignments(var), store=store)
    section = execution.over(beside_project(opened.file.execution, opened.folder))
    request = BuildRequest(
        project_path=str(opened.folder),
        profile=profile,
        mode=section.mode or ExecutionMode.PLAN_PARALLEL,
        executor_config=section.executor,
        costs=cost_choice(costs),
        select=select,
        exclude=exclude,
        full=full,
        fail_fast=fail_fast,
        vars=dict(opened.given_vars),
        policy=execution_policy(section, opened.file.views),
        adapters=section.adapters or (),
    )
    with build_display(console(), ProjectPlaces(opened.folder), silent=json) as listener:
        outcome = build_project(opened, request, listener, policy=policy, wait=_tell if wait else None)
    if json and outcome.manifest is not None:
        print_json(outcome.manifest)
    else:
        for line in build_summary(outcome):
            console().print(line, markup=False)
    if outcome.admission is None:
        raise AssertionError("a build that came to an end has decided who may run")
    return of_build(outcome.admission, outcome.report)


def _tell(holder: str) -> None:
    error_console().print(f"{holder}; waiting for it to end", markup=False)
