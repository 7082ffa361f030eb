"""What tasks did cost in the last runs, from one small document per run."""

from itertools import islice

from plan_contracts import TaskHistory, TaskHistoryEntry
from plan_store.documents import read_documents
from plan_store.layout import HISTORY, Layout


def past_entries(layout: Layout, runs: int, machine: str | None) -> dict[str, tuple[TaskHistoryEntry, ...]]:
    """Give the executions of the last runs by definition, the newest first; damaged documents are passed over.

    Parameters
    ----------
    layout
        The store.
    runs
        Runs to look at, among those on the same machine.
    machine
        Label of the machine; none takes runs on any.
    """
    found: dict[str, list[TaskHistoryEntry]] = {}
    keys = reversed(layout.objects.keys(HISTORY))
    documents = read_documents(layout.objects, keys, TaskHistory, skip_damaged=True)
    alike = (document for document in documents if document.entries and machine in (None, document.machine))
    for document in islice(alike, runs):
        for entry in document.entries:
            found.setdefault(entry.definition, []).append(entry)
    return {definition: tuple(entries) for definition, entries in found.items()}
