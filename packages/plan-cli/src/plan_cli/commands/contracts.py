"""`plan-cli contracts`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from plan_cli.document_files import check_documents, check_file
from plan_cli.errors import DocumentUnreadable
from plan_cli.exit_codes import DONE, TASK_FAILED, WRONG_USE
from plan_cli.options import AsJson
from plan_cli.render.console import print_json, print_lines
from plan_cli.render.contract_text import check_lines, contract_lines, folder_lines, list_lines
from plan_cli.reporting import reports_errors
from plan_contracts.descriptions import describe_contract, list_contracts, published_case, published_schema
from plan_contracts.documents import DocumentCheck, DocumentReport
from plan_contracts.published_check import check_published, is_published_folder
from plan_contracts.schema_export import release as freeze
from plan_contracts.schema_export import write_copies

Contract = Annotated[str, Parameter(help="A contract's name, such as `cost_table`, or `cost_table/1.0`.")]


@reports_errors
def list_(*, json: AsJson = False) -> int:
    """List every published contract."""
    contracts = list_contracts()
    if json:
        print_json(contracts)
    else:
        print_lines(list_lines(contracts))
    return DONE


@reports_errors
def show(
    name: Contract,
    *,
    schema: Annotated[bool, Parameter(help="Print its JSON Schema instead.")] = False,
    case: Annotated[str | None, Parameter(help="Print one of its examples instead.")] = None,
    json: AsJson = False,
) -> int:
    """Show one contract: its fields, what they mean, and its examples."""
    if schema or case is not None:
        sys.stdout.write((published_schema(name) if case is None else published_case(name, case)).decode())
        return DONE
    description = describe_contract(name)
    if json:
        print_json(description)
    else:
        print_lines(contract_lines(description))
    return DONE


@reports_errors
def check(
    file: Annotated[Path, Parameter(help="A document in JSON or MessagePack, an event segment, or a plan.toml.")],
    /,
    *files: Annotated[Path, Parameter(help="Further ones.")],
    contract: Annotated[str | None, Parameter(help="Hold them against this contract.")] = None,
    json: AsJson = False,
) -> int:
    """Say of each file which contract and version it is, and why it is not valid."""
    report = DocumentReport(checks=tuple(_checked(each, contract) for each in (file, *files)))
    if json:
        print_json(report)
    else:
        print_lines(line for found in report.checks for line in check_lines(found))
    codes = {error.code for found in report.checks for error in found.errors}
    return WRONG_USE if DocumentUnreadable.code in codes else TASK_FAILED if codes else DONE


def _checked(file: Path, contract: str | None) -> DocumentCheck:
    """Check a file; that it cannot be read is said of it, so that the others are checked all the same."""
    try:
        return check_file(file, contract)
    except DocumentUnreadable as error:
        return DocumentCheck(file=str(file), bytes=0, errors=(error.payload(),))


@reports_errors
def verify(
    folder: Annotated[Path, Parameter(help="Published contracts, a store, or any folder with documents.")],
    *,
    json: AsJson = False,
) -> int:
    """Check every document of a folder; of published contracts also digests, examples and refusals."""
    report = check_published(folder) if is_published_folder(folder) else check_documents(folder)
    if json:
        print_json(report)
    else:
        print_lines(folder_lines(report))
    return TASK_FAILED if report.faults else DONE


@reports_errors
def release(
    name: Contract,
    *,
    folder: Annotated[Path, Parameter(help="The folder of published contracts.")] = Path("contracts"),
    json: AsJson = False,
) -> int:
    """Freeze the present version of a contract in `contracts/INDEX.json`; it cannot change any more."""
    frozen = freeze(folder, name)
    write_copies(folder)
    if json:
        print_json(frozen)
    else:
        print_lines((f"`{frozen.contract}` {frozen.version} is released; it cannot change any more.",))
    return DONE
