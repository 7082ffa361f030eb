"""What a failed query does not say: that a file was replaced under it, its store is gone, or which line is at fault."""

from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from plan_contracts import CsvOptions, DataFormat, DatasetRef, PlanError, TaskInput
from plan_engine.compression import compression_of
from plan_engine.data_source import source_of
from plan_engine.datafusion_messages import read_csv_fault, read_json_fault, speaks_of_reading
from plan_engine.dataset_reading import files_of, source_files
from plan_engine.errors import QueryFailed
from plan_engine.input_versions import check_versions
from plan_engine.storage_settings import is_url
from plan_engine.text_diagnosis import BrokenLine, broken_csv_line, broken_json_line, end_of_damaged


def explained(failure: QueryFailed, inputs: Iterable[TaskInput]) -> PlanError:
    """Give the failure with the file and line that it is about; another error when a file has changed meanwhile.

    Parameters
    ----------
    failure
        Its cause is what DataFusion raised.
    inputs
        What the query read.
    """
    known = list(inputs)
    try:
        check_versions(known)
    except PlanError as changed:
        changed.__cause__ = failure
        return changed
    words = str(failure.__cause__)
    silent = store_failure(known, words)
    if silent is not None:
        silent.__cause__ = failure.__cause__
        return silent
    for each in known:
        if each.ref is not None and each.ref.versions:
            for uri, broken in _broken_lines(each.name, each.ref, words):
                located = QueryFailed(
                    f"{failure.message} (line {broken.line} of `{uri}`: {broken.text})",
                    subject=failure.subject,
                    location=failure.location,
                    suggestion=failure.suggestion,
                )
                located.__cause__ = failure.__cause__
                return located
    return failure


def store_failure(inputs: Iterable[TaskInput], words: str) -> PlanError | None:
    """Give the error of an input whose object store refused or did not answer; none when all of them are well.

    Parameters
    ----------
    inputs
        What was read.
    words
        What DataFusion said.
    """
    said = unquote(words)
    remote = [(each.name, each.ref) for each in inputs if each.ref is not None and _is_remote(each.ref)]
    places = [(name, ref, uri) for name, ref in remote for uri in files_of(ref)]
    named = [place for place in places if place[2].split("/", 3)[-1] in said]
    return next((source_of(name, uri, ref.storage).failure(uri, words) for name, ref, uri in named or places), None)


def _is_remote(ref: DatasetRef) -> bool:
    return ref.format is not DataFormat.MEMORY and is_url(ref.uri)


def _broken_lines(name: str, ref: DatasetRef, words: str) -> Iterator[tuple[str, BrokenLine]]:
    source = source_of(name, ref.uri, ref.storage)
    csv_fault = read_csv_fault(words) if ref.format is DataFormat.CSV else None
    json_fault = read_json_fault(words) if ref.format is DataFormat.JSON else None
    for file in source_files(ref):
        broken = None
        if csv_fault is not None:
            kinds = [column.type for column in ref.columns if column.name not in ref.partition_columns]
            broken = broken_csv_line(source, file, ref.csv or CsvOptions(), kinds, csv_fault)
        elif json_fault is not None:
            broken = broken_json_line(source, file, json_fault)
        elif compression_of(file.uri) and speaks_of_reading(words):
            broken = end_of_damaged(source, file)
        if broken is not None:
            yield file.uri, broken
