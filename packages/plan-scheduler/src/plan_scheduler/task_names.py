"""Names of tasks that bear no view's name."""

from plan_contracts import digest

MAX_NAME_BYTES = 200
"""Longest name of a task."""


def unused_name(kind: str, subject: str, taken: set[str]) -> str:
    """Give a name of the grammar that no task has, and take it.

    Parameters
    ----------
    kind
        What the task does: the beginning of its name.
    subject
        The dataset or view that it is about.
    taken
        Names of all tasks, case-folded; the new one is added.

    Examples
    --------
    >>> unused_name("scan", "orders", {"scan-orders"})
    'scan-orders-2'
    """
    wanted = f"{kind}-{subject}"
    if len(wanted.encode()) > MAX_NAME_BYTES:
        wanted = f"{kind}-{digest(subject)[:32]}"
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted}-{number}"
    taken.add(name.casefold())
    return name
