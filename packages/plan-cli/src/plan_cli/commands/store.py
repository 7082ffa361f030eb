"""`plan-cli store`."""

from pathlib import Path

from plan_cli.exit_codes import DONE, STORE_DAMAGED
from plan_cli.open_project import open_project
from plan_cli.options import AsJson, Profile, ProjectPath
from plan_cli.render.console import console, print_json
from plan_cli.reporting import reports_errors, show_errors
from plan_contracts import ErrorReport
from plan_store import PlanStore, SystemClock


@reports_errors
def verify(project: ProjectPath = Path(), *, profile: Profile = None, json: AsJson = False) -> int:
    """Compare the store and the current outputs with what they were when they were written; change nothing.

    Finds any changed bit of segments, artifacts, manifests, histories and outputs, and what is missing. The exit code
    is 4 when anything is damaged.
    """
    opened = open_project(project, profile)
    with PlanStore.open(opened.store_root, clock=SystemClock(), read_only=True) as store:
        damages = (*store.verify(), *store.verify_outputs(opened.name, profile or "", opened.outputs_root))
    if json:
        print_json(ErrorReport(errors=tuple(damage.payload() for damage in damages)))
    elif damages:
        show_errors(damages)
    else:
        console().print("everything is as it was written", markup=False)
    return STORE_DAMAGED if damages else DONE
