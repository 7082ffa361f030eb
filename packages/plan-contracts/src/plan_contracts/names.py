"""Names of datasets, views, tasks and profiles: what they may look like, and when two of them collide."""

import difflib
import unicodedata
from collections.abc import Iterable

from plan_contracts.errors import NameRefused

MAX_NAME_BYTES = 200


def name_fault(name: str) -> str | None:
    """Say what is wrong with a name, as the end of a sentence that begins with the name; none when nothing is."""
    if not name:
        return "is empty"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in the normal form NFC; type it again with composed characters"
    for character in name:
        if character not in "_-" and unicodedata.category(character) not in {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"}:
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            return f"holds `{shown}`; names consist of letters, digits, `_` and `-`"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    return None


def check_name(name: str, what: str) -> str:
    """Give the name back.

    Parameters
    ----------
    name
        The name to check.
    what
        What bears it, such as `view`, for the message.

    Raises
    ------
    NameRefused
        When it is outside the grammar.
    """
    fault = name_fault(name)
    if fault is not None:
        raise NameRefused(f"The name of the {what} `{name}` {fault}", subject=name)
    return name


def case_collisions(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Give the groups of names that are equal under case folding, each sorted, in sorted order.

    Examples
    --------
    >>> case_collisions(["Orders", "orders", "items"])
    [('Orders', 'orders')]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(unicodedata.normalize("NFC", name.casefold()), []).append(name)
    return sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that the given one is most likely a misspelling of; none when none is near.

    Examples
    --------
    >>> nearest("custmer", ["orders", "customer"])
    'customer'
    """
    folded = {candidate.casefold(): candidate for candidate in sorted(known, reverse=True)}
    found = difflib.get_close_matches(name.casefold(), sorted(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None
