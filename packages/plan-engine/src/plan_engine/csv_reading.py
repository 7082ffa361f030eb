"""How CSV files are read: in the same way when a plan is made and when it runs."""

import re

import pyarrow as pa
from datafusion.options import CsvReadOptions

from plan_contracts import CsvOptions


def csv_read_options(
    csv: CsvOptions, *, schema: pa.Schema | None = None, inference_rows: int = 0, ending: str = ""
) -> CsvReadOptions:
    """Give DataFusion's options for files that are written as `csv` says.

    Parameters
    ----------
    csv
        Header, delimiter, quote and null marker.
    schema
        The columns; inferred when omitted.
    inference_rows
        Rows to infer the types from, when there is no schema.
    ending
        Only files with this ending are read from a folder.
    """
    return CsvReadOptions(
        has_header=csv.header,
        delimiter=csv.delimiter,
        quote=csv.quote,
        newlines_in_values=True,
        schema=schema,
        schema_infer_max_records=inference_rows,
        file_extension=ending,
        null_regex=f"^{re.escape(csv.null)}$" if csv.null is not None else None,
    )
