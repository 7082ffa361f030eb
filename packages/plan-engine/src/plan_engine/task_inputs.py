"""The inputs of a task as tables of a session."""

from pathlib import Path

from datafusion import SessionContext

from plan_contracts import CsvOptions, DataFormat, DatasetRef, TaskInput
from plan_engine.arrow_schema import schema_of
from plan_engine.csv_reading import register_csv
from plan_engine.errors import InputUnavailable
from plan_engine.retained import RetainedResults
from plan_engine.table_catalog import quoted


def register_inputs(
    context: SessionContext, inputs: tuple[TaskInput, ...], retained: RetainedResults, links: Path
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
    links
        A folder of this task's own, for links to the files of inputs that have several.

    Raises
    ------
    InputUnavailable
        When an input is not where the request says.
    """
    for each in inputs:
        if each.ref is None:
            message = f"The input `{each.name}` has no place yet: its producer `{each.producer}` is not done"
            raise InputUnavailable(message, subject=each.name)
        _register(context, each.name, each.ref, retained, links)


def _register(context: SessionContext, name: str, ref: DatasetRef, retained: RetainedResults, links: Path) -> None:
    if ref.format is DataFormat.MEMORY:
        result = retained.get(ref.uri)
        if result is None:
            message = f"The input `{name}` is not in this process any more ({ref.uri})"
            raise InputUnavailable(message, subject=name)
        context.register_record_batches(quoted(name), [result.batches])
        return
    for path in ref.files or (ref.uri,):
        if not Path(path).is_file():
            message = f"The file `{path}` of the input `{name}` is gone"
            raise InputUnavailable(message, subject=name, suggestion="build again: files are looked for anew each time")
    if ref.format is DataFormat.CSV:
        register_csv(context, name, ref.files or (ref.uri,), ref.csv or CsvOptions(), schema_of(ref.columns))
    else:
        place = _linked(ref, links / name) if ref.files else Path(ref.uri)
        context.register_parquet(quoted(name), place, file_extension="" if not ref.files else ".parquet")


def _linked(ref: DatasetRef, folder: Path) -> Path:
    """Gather the files in one folder, so that exactly they are read, and in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    width = len(str(len(ref.files)))
    for index, path in enumerate(ref.files):
        (folder / f"{index:0{width}}.parquet").symlink_to(path)
    return folder
