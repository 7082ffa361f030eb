"""What Arrow IPC files and streams say about their columns and rows."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Sequence
from io import BufferedReader

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import ipc

from plan_contracts import PlanError
from plan_engine.data_source import DataSource
from plan_engine.datafusion_messages import clean
from plan_engine.errors import DatasetUnreadable
from plan_engine.file_facts import FileFacts, lines_and_digest, look_into
from plan_engine.source_files import SourceFile

_FILE_MAGIC = b"ARROW1"


def arrow_facts(name: str, files: Sequence[SourceFile], source: DataSource) -> list[FileFacts]:
    """Read schema and number of rows of each file; the rows of a stream, and of a remote file, are not counted.

    Parameters
    ----------
    name
        The dataset.
    files
        Its files.
    source
        Where they lie.

    Raises
    ------
    DatasetUnreadable
        When a file is no Arrow IPC.
    """

    def look(file: SourceFile) -> FileFacts:
        try:
            with source.open(file) as opened:
                schema, is_stream = arrow_schema(opened)
            rows = None if is_stream or source.remote else ds.dataset(file.uri, format="ipc").count_rows()
            _, identity = lines_and_digest(name, source, file)
        except PlanError:
            raise
        except (pa.ArrowException, OSError, ValueError) as reason:
            message = f"The file `{file.uri}` of the dataset `{name}` is not readable Arrow IPC: {clean(str(reason))}"
            mend = "Replace the file, or set the dataset's `format`."
            raise DatasetUnreadable(message, subject=name, suggestion=mend) from reason
        return FileFacts(schema=schema, rows=rows, digest=identity)

    return look_into(files, look)


def arrow_schema(opened: BufferedReader) -> tuple[pa.Schema, bool]:
    """Give the columns, and whether the rows are a stream without a footer.

    Raises
    ------
    pyarrow.ArrowInvalid
        When it is neither.
    """
    is_stream = opened.read(len(_FILE_MAGIC)) != _FILE_MAGIC
    opened.seek(0)
    reader = ipc.open_stream(opened) if is_stream else ipc.open_file(opened)
    return reader.schema, is_stream
