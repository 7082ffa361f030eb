"""Whether the files of datasets are still those that were planned with."""

from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path

from plan_contracts import DataFormat, DatasetRef, PlanError, StagedOutput, TaskInput
from plan_engine.data_source import source_of
from plan_engine.dataset_reading import files_of
from plan_engine.errors import DatasetChanged, InputUnavailable
from plan_engine.retained import RetainedResults


def check_versions(inputs: Iterable[TaskInput]) -> None:
    """Compare the files of each input with what they were when the project was compiled.

    Results of tasks, which nobody else writes, are looked for and not compared.

    Raises
    ------
    InputUnavailable
        When a file is gone.
    DatasetChanged
        When a file is another one by now.
    """
    for each in inputs:
        if each.ref is not None and each.ref.format is not DataFormat.MEMORY:
            _check(each.name, each.ref)


def _check(name: str, ref: DatasetRef) -> None:
    places = files_of(ref)
    found = source_of(name, ref.uri, ref.storage).versions(places)
    for place, planned in zip_longest(places, ref.versions):
        if place not in found:
            message = f"The file `{place}` of the input `{name}` is gone"
            mend = "Build again: files are looked for anew each time."
            raise InputUnavailable(message, subject=name, suggestion=mend)
        if planned is not None and found[place] != planned:
            message = f"The file `{place}` of the dataset `{name}` was replaced or changed while the build ran"
            mend = "Build again: what was built from the old file so far is kept apart by its content."
            raise DatasetChanged(message, subject=name, suggestion=mend)


def drop_if_changed(inputs: Iterable[TaskInput], outputs: Iterable[StagedOutput], retained: RetainedResults) -> None:
    """Look once more whether each file is the one that was planned with, and drop what was made of another one.

    Raises
    ------
    DatasetChanged
        As `check_versions`; the staged files are gone.
    """
    try:
        check_versions(tuple(inputs))
    except PlanError:
        drop_outputs(outputs, retained)
        raise


def drop_outputs(outputs: Iterable[StagedOutput], retained: RetainedResults) -> None:
    """Forget what a task has staged that fails after all, also in memory."""
    for output in outputs:
        Path(output.ref.uri).unlink(missing_ok=True)
        if output.memory is not None:
            retained.release(output.memory.uri)
