"""Golden cases of the documents about published contracts, and of what is said of files."""

from plan_contracts.documents import DocumentCheck, DocumentEncoding, DocumentForm, DocumentReport
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.errors_payload import ErrorPayload
from plan_contracts.evidence import Column
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.publication import (
    ArrowTable,
    ContractDescription,
    ContractList,
    ContractSummary,
    ErrorCatalogue,
    FieldDescription,
    FileFault,
    FolderReport,
    PublishedFiles,
    PublishedIndex,
    TypeDescription,
)

COST_TABLE_FILES = PublishedFiles(
    contract="cost_table", version="1.0", state="released", files={"cost_table/1.0/schema.json": "3c" * 32}
)
INDEX = PublishedIndex(contracts=(COST_TABLE_FILES,), other={"README.md": "4d" * 32})
TABLE = ArrowTable(
    table="measurements",
    columns=(Column(name="at", type="timestamp(ms, UTC)", nullable=False), Column(name="value", type="float64")),
)
CATALOGUE = ErrorCatalogue(errors=ERROR_CODES[:1])
LIST = ContractList(
    contracts=(ContractSummary(name="cost_table", version="1.0", state="draft", summary="The cost of each task."),)
)
DESCRIPTION = ContractDescription(
    name="cost_table",
    version="1.0",
    state="draft",
    summary="The cost of each task.",
    types=(
        TypeDescription(
            name="CostTable",
            summary="The cost of each task.",
            fields=(
                FieldDescription(
                    name="costs", type="map of text to TaskCost", required=True, description="Cost by task."
                ),
            ),
        ),
        TypeDescription(name="CostSource", summary="Where a cost was taken from.", values=("declared", "history")),
    ),
    cases=("all_sources",),
    refusals=("negative_cost",),
)
REPORT = DocumentReport(
    checks=(
        DocumentCheck(
            file="costs.json",
            bytes=41,
            encoding=DocumentEncoding.JSON,
            contract="cost_table",
            version="1.0",
            errors=(
                ErrorPayload(
                    code="document_refused",
                    stage="contracts",
                    message="Not a valid CostTable in JSON: Expected `float` >= 0.0 - at `$.costs[...].seconds`",
                    subject="CostTable",
                ),
            ),
        ),
        DocumentCheck(
            file="artifacts/" + "5e" * 32,
            bytes=1200,
            encoding=DocumentEncoding.MSGPACK,
            contract="plan_schedule_artifact",
            version="1.0",
            form=DocumentForm.IDENTITY,
            canonical=True,
        ),
    )
)
FOLDER = FolderReport(
    folder=".plan",
    documents=12,
    passed_over=1,
    faults=(FileFault(file="runs/r1/manifest.msgpack", message="It ends early"),),
)

VALID = (
    ValidCase("published_files", "released", COST_TABLE_FILES),
    ValidCase("published_index", "one_released_contract", INDEX),
    ValidCase("arrow_table", "two_columns", TABLE),
    ValidCase("error_catalogue", "one_error", CATALOGUE),
    ValidCase("contract_list", "one_draft", LIST),
    ValidCase("contract_description", "cost_table", DESCRIPTION),
    ValidCase("document_report", "invalid_and_valid", REPORT),
    ValidCase("folder_report", "one_fault", FOLDER),
)

INVALID = (
    InvalidCase("published_files", "unknown_state", altered(COST_TABLE_FILES, "state", "frozen")),
    InvalidCase("published_index", "version_without_minor", altered(INDEX, "contracts.0.version", "1")),
    InvalidCase("arrow_table", "without_columns", without(TABLE, "columns")),
    InvalidCase("error_catalogue", "negative_exit_code", altered(CATALOGUE, "errors.0.exit_code", -1)),
    InvalidCase("contract_list", "without_contracts", without(LIST, "contracts")),
    InvalidCase("contract_description", "required_as_text", altered(DESCRIPTION, "types.0.fields.0.required", "yes")),
    InvalidCase("document_report", "unknown_encoding", altered(REPORT, "checks.0.encoding", "yaml")),
    InvalidCase("folder_report", "negative_documents", altered(FOLDER, "documents", -1)),
)
