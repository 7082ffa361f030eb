"""The inputs of a task as tables of a session."""

from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
from datafusion import SessionContext

from plan_contracts import DataFormat, DatasetRef, PlanError, TaskInput
from plan_engine.datafusion_messages import clean
from plan_engine.dataset_reading import files_of, register_dataset
from plan_engine.errors import InputUnavailable
from plan_engine.failure_diagnosis import store_failure
from plan_engine.input_versions import check_versions
from plan_engine.retained import RetainedResults
from plan_engine.table_catalog import quoted


def register_inputs(
    context: SessionContext, inputs: tuple[TaskInput, ...], retained: RetainedResults, stage: Path, links: ExitStack
) -> None:
    """Make each input readable under its name.

    Parameters
    ----------
    context
        The session that will read them.
    inputs
        What to read.
    retained
        Results in the memory of this process.
    stage
        Where this task may make folders of links to files.
    links
        Keeps such folders until the inputs have been read.

    Raises
    ------
    InputUnavailable
        When an input is not where the request says.
    DatasetStoreUnavailable, DatasetAccessRefused
        When an object store does not answer, or refuses.
    DatasetChanged
        When a file of a dataset is not the one that was planned with.
    """
    check_versions(inputs)
    for each in inputs:
        if each.ref is None:
            message = f"The input `{each.name}` has no place yet: its producer `{each.producer}` is not done"
            raise InputUnavailable(message, subject=each.name)
        try:
            _register(context, each.name, each.ref, retained, stage, links)
        except PlanError:
            raise
        except Exception as reason:
            silent = store_failure([each], str(reason))
            if silent is not None:
                raise silent from reason
            message = f"The input `{each.name}` at `{each.ref.uri}` cannot be read: {clean(str(reason))}"
            raise InputUnavailable(message, subject=each.name) from reason


def _register(
    context: SessionContext, name: str, ref: DatasetRef, retained: RetainedResults, stage: Path, links: ExitStack
) -> None:
    if ref.format is not DataFormat.MEMORY:
        register_dataset(context, name, ref, stage, links)
        return
    context.register_record_batches(
        quoted(name), [[batch for uri in files_of(ref) for batch in _kept(name, uri, retained)]]
    )


def _kept(name: str, uri: str, retained: RetainedResults) -> list[pa.RecordBatch]:
    result = retained.get(uri)
    if result is None:
        message = f"The input `{name}` is not in this process any more ({uri})"
        raise InputUnavailable(message, subject=name)
    return result.batches
