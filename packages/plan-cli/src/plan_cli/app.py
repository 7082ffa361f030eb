"""The command line: which commands there are. Each is imported when it is called."""

from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError, Parameter

from plan_cli.exit_codes import WRONG_USE

app = App(
    name="plan-cli",
    help="Plan and run SQL and Python data transformations.",
    help_format="plaintext",
    version=lambda: version("plan-cli"),
    default_parameter=Parameter(negative=()),
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)


def _add(name: str, summary: str, example: str) -> None:
    """Add a command whose module is imported only when it is called; so its help text stands here."""
    text = f"{summary}\n\nExample: plan-cli {name} {example}"
    app.command(f"plan_cli.commands.{name}:{name}", name=name, help=text)


_add(
    "build",
    "Plan, validate, schedule, run and record a project.",
    "docs/examples/tpch --executor threadpool --max-tasks 2",
)
_add("validate", "Judge every edge of a project; run nothing and write nothing.", "docs/examples/tpch --json")
_add(
    "plan",
    "Show order, costs, critical path and what more workers would buy; run nothing.",
    "docs/examples/tpch --costs statistics",
)
_add(
    "show",
    "Show what a view is: inputs, required columns, output, statistics, lineage; run nothing.",
    "int_sales docs/examples/tpch --lineage",
)
_add("runs", "List the runs of a project, or show one.", "docs/examples/tpch --run latest")
_add("diff", "Compare two runs: what changed in views, data and outputs.", "docs/examples/tpch --before 2026")
_add(
    "events",
    "Query every event of every run with SQL.",
    'docs/examples/tpch --sql "select event_name, count(*) from events group by 1"',
)
store = App(name="store", help="Look after what builds have recorded.")
app.command(store)
for _command, _summary, _example in (
    ("verify", "Compare store and outputs with what was written.", "docs/examples/tpch --quarantine"),
    ("compact", "Put the small segments of finished runs together.", "docs/examples/tpch"),
    ("prune", "Forget old runs, and what nobody names any more.", "docs/examples/tpch --keep 50 --older-than 30d"),
    ("info", "Count and measure what the store holds.", "docs/examples/tpch --json"),
):
    store.command(
        f"plan_cli.commands.store:{_command}",
        name=_command,
        help=f"{_summary}\n\nExample: plan-cli store {_command} {_example}",
    )
contracts = App(name="contracts", help="Look at the published contracts, and at files that hold their documents.")
app.command(contracts)
for _command, _summary, _example in (
    ("list", "List every published contract.", "--json"),
    ("show", "Show one contract: its fields, what they mean, and its examples.", "cost_table --case all_sources"),
    (
        "check",
        "Say of each file which contract and version it is, and why it is not valid.",
        "plan.toml .plan/artifacts/* costs.json",
    ),
    ("verify", "Check every document of a folder; of published contracts also digests, examples, refusals.", ".plan"),
    (
        "release",
        "Freeze the present version of a contract; it cannot change any more.",
        "cost_table --folder contracts",
    ),
):
    contracts.command(
        f"plan_cli.commands.contracts:{'list_' if _command == 'list' else _command}",
        name=_command,
        help=f"{_summary}\n\nExample: plan-cli contracts {_command} {_example}",
    )


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
