"""Files of unknown origin on disk, event segments among them: what each is, and what a folder of them holds."""

from pathlib import Path

from msgspec.structs import replace

from plan_cli.errors import DocumentUnreadable
from plan_contracts import DocumentRefused, ErrorPayload, EventRow, decode_event, payload_hash
from plan_contracts.documents import DocumentCheck, DocumentEncoding
from plan_contracts.publication import FileFault, FolderReport
from plan_contracts.recognition import check_document
from plan_contracts.registry import registered_contract
from plan_store import StoreDamaged, rows_of_segment

MOST_ERRORS = 10
"""Errors that are listed for one event segment."""

_PASSED_OVER = {".csv", ".lock", ".md", ".py", ".sql"}


def check_file(path: Path, contract: str | None = None) -> DocumentCheck:
    """Say what a file is, and whether it is valid; every row of an event segment is looked at.

    Parameters
    ----------
    path
        The file.
    contract
        Name of the contract to hold it against; found by its content when omitted.

    Raises
    ------
    DocumentUnreadable
        When the file cannot be read.
    ContractUnknown
        When there is no contract of that name.
    """
    try:
        data = path.read_bytes()
    except OSError as reason:
        message = f"{path} cannot be read: {reason.strerror}"
        raise DocumentUnreadable(message, subject=str(path), suggestion="Name an existing file.") from reason
    found = check_document(data, str(path), contract)
    return _check_parquet(data, path, found) if found.encoding is DocumentEncoding.PARQUET else found


def _check_parquet(data: bytes, path: Path, found: DocumentCheck) -> DocumentCheck:
    try:
        rows = rows_of_segment(data, str(path))
    except StoreDamaged as damage:
        return replace(found, errors=(damage.payload(),))
    if rows is None:
        mend = "Outputs and datasets are data and no documents."
        refused = DocumentRefused("It is Parquet, and no segment of events", suggestion=mend)
        return replace(found, errors=(refused.payload(),))
    contract = registered_contract("event_row")
    errors = [error for number, row in enumerate(rows) for error in _row_errors(row, number)]
    digest = path.stem.rpartition("-")[2]
    if len(digest) == 64 and payload_hash(data) != digest:
        errors.append(DocumentRefused("Its bytes are not those that its name is the digest of").payload())
    return replace(
        found,
        contract=contract.name,
        version=contract.version,
        documents=len(rows),
        canonical=not errors,
        errors=tuple(errors[:MOST_ERRORS]),
    )


def _row_errors(row: EventRow, number: int) -> list[ErrorPayload]:
    """Give what is wrong with a row of a segment, counted from 0."""
    try:
        if payload_hash(row.event_payload_msgpack) != row.event_payload_hash:
            raise DocumentRefused("the hash of the event is not that of its payload")
        decode_event(row.event_payload_msgpack, event_name=row.event_name)
    except DocumentRefused as error:
        message = f"Row {number} (`{row.event_name}`): {error.message}"
        return [DocumentRefused(message, subject=row.event_name).payload()]
    return []


def check_documents(folder: Path) -> FolderReport:
    """Check every document below a folder, such as a store or a project.

    Parameters
    ----------
    folder
        The folder. Files that are no documents, such as SQL, CSV and outputs, are passed over and counted.

    Raises
    ------
    DocumentUnreadable
        When the folder does not exist, or a file in it cannot be read.
    """
    if not folder.is_dir():
        raise DocumentUnreadable(f"{folder} is no folder", subject=str(folder), suggestion="Name an existing folder.")
    documents = passed_over = 0
    faults: list[FileFault] = []
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        if path.suffix in _PASSED_OVER:
            passed_over += 1
            continue
        found = check_file(path)
        ours = found.contract is not None or found.encoding not in (None, DocumentEncoding.PARQUET)
        if not ours and not _should_be_ours(path):
            passed_over += 1
            continue
        documents += found.documents
        faults += (FileFault(file=str(path), message=error.message) for error in found.errors)
    return FolderReport(folder=str(folder), documents=documents, passed_over=passed_over, faults=tuple(faults))


def _should_be_ours(path: Path) -> bool:
    """Say whether a file that could not be recognised is named as a document is."""
    return path.suffix == ".msgpack" or path.parent.name == "artifacts" or path.parent.parent.name == "events"
