"""The command line: which commands there are. Each is imported when it is called."""

from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError

from plan_cli.exit_codes import WRONG_USE

app = App(
    name="plan-cli",
    help="Plan and run SQL and Python data transformations.",
    help_format="plaintext",
    version=lambda: version("plan-cli"),
    default_parameter=None,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
app.command("plan_cli.commands.build:build", name="build", help="Plan, validate, schedule, run and record a project.")
app.command("plan_cli.commands.validate:validate", name="validate", help="Judge every edge; run nothing.")
app.command(
    "plan_cli.commands.plan:plan", name="plan", help="Show order, costs, critical path and forecast; run nothing."
)
app.command("plan_cli.commands.runs:runs", name="runs", help="List the runs, or show one.")
app.command("plan_cli.commands.events:events", name="events", help="Query every event of every run with SQL.")


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        What follows the program's name.

    Returns
    -------
    int
        The exit code, as `plan_cli.exit_codes` lists them.
    """
    try:
        result: object = app(list(arguments), exit_on_error=False)
    except CycloptsError:
        return WRONG_USE
    return result if isinstance(result, int) else 0
