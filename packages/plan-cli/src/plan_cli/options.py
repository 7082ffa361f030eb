"""Options that several commands share."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

from plan_contracts import AdmissionPolicy, CostChoice, VariableRefused

ProjectPath = Annotated[Path, Parameter(help="Folder of plan.toml.")]
Profile = Annotated[str | None, Parameter(help="Profile of plan.toml whose overrides apply.")]
StorePlace = Annotated[
    str | None, Parameter(name="--store", help="Folder or URL of the store; overrides plan.toml and the profile.")
]
AsJson = Annotated[bool, Parameter(help="Print the published document instead of text.", negative="")]
Costs = Annotated[
    str, Parameter(help="`auto` (history, then statistics), `statistics`, or the path of a cost table in JSON.")
]
Vars = Annotated[
    list[str] | None,
    Parameter(
        name="--var",
        help="`NAME=VALUE` in place of a variable's value in plan.toml, typed as there. May be given several times.",
        negative="",
    ),
]
Select = Annotated[
    str,
    Parameter(
        help="Views that are wanted, with what they need: names with `*` and `?`, `+name` and `name+`, `tag:x`, "
        "`path:dir/*`, `state:modified`; a space joins, a comma intersects."
    ),
]
Exclude = Annotated[str, Parameter(help="Views that are not wanted, in the same words as `--select`.")]
Policy = Annotated[
    AdmissionPolicy | None, Parameter(help="What happens to a plan that is not valid as a whole; overrides plan.toml.")
]


def assignments(given: list[str] | None) -> dict[str, str]:
    """Read the values of `--var`; of two for one variable the last counts.

    Raises
    ------
    VariableRefused
        When one of them is not `NAME=VALUE`.
    """
    found: dict[str, str] = {}
    for each in given or ():
        name, equals, value = each.partition("=")
        if not equals:
            message = f"`--var {each}` gives no value"
            raise VariableRefused(message, subject=each, suggestion=f"Write `--var {each}=VALUE`.")
        found[name.strip()] = value
    return found


def cost_choice(costs: str) -> CostChoice:
    """Read the value of `--costs`."""
    if costs == "auto":
        return CostChoice(source="auto")
    if costs == "statistics":
        return CostChoice(source="statistics")
    return CostChoice(source="file", path=costs)


_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h|d|w)")


def age_seconds(_: object, tokens: Sequence[Token]) -> float:
    """Read an age such as `12h`, `30d` or `8w`, in seconds.

    Raises
    ------
    ValueError
        When it is none.
    """
    text = tokens[0].value
    found = _AGE.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no age, such as `12h`, `30d` or `8w`")
    return float(found.group(1)) * _SECONDS[found.group(2)]
