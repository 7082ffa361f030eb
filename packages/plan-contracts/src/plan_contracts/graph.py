"""The logical graph (what is validated and signed) and the task graph (what is scheduled and run)."""

from enum import StrEnum

from plan_contracts.base import Contract
from plan_contracts.checks import DataCheck
from plan_contracts.evidence import Column, EvidenceCatalog
from plan_contracts.lineage import SourceColumn
from plan_contracts.references import DatasetRef, DatasetSnapshot
from plan_contracts.scalars import ColumnType, Name, Positive, Seconds, Sha256
from plan_contracts.scans import DatasetScan
from plan_contracts.source_location import SourceLocation
from plan_contracts.statistics import Statistics
from plan_contracts.variables import Variable


class NodeKind(StrEnum):
    """What a node of the logical graph is."""

    DATASET = "dataset"
    SQL_VIEW = "sql_view"
    PYTHON_VIEW = "python_view"


class Materialize(StrEnum):
    """What becomes of a view's result."""

    AUTO = "auto"
    TABLE = "table"
    TEMP = "temp"
    EPHEMERAL = "ephemeral"


class LogicalNode(Contract, frozen=True, kw_only=True):
    """A dataset or a view."""

    name: Name
    """Unique in the graph, also under case folding."""
    kind: NodeKind
    """Dataset or kind of view."""
    path: str | None = None
    """The view's file, relative to plan.toml, with forward slashes."""
    definition: Sha256 | None = None
    """Identity of the view's own logic; none for datasets and for views that did not plan."""
    volatile: bool = False
    """Whether the view calls volatile or stable functions and is built in each run."""
    reproducible: bool = False
    """Whether the view must run on one partition, for equal bytes in each run."""
    materialize: Materialize = Materialize.AUTO
    """What the project asks for."""
    tags: tuple[str, ...] = ()
    """Tags given in plan.toml, sorted."""
    declared_cost: Seconds | None = None
    """Cost given in plan.toml."""


class RequiredColumn(Contract, frozen=True, kw_only=True):
    """A column that a view needs from one of its inputs."""

    name: str
    """The column's name."""
    type: ColumnType | None = None
    """The type it is read as; none when any type will do or none is known."""


class Requirement(Contract, frozen=True, kw_only=True):
    """What a view needs from one of its inputs."""

    columns: tuple[RequiredColumn, ...] = ()
    """Columns, on an edge sorted by name; filter, join, sort and window columns are among them."""
    metadata: tuple[str, ...] = ()
    """Metadata keys."""


class LogicalEdge(Contract, frozen=True, kw_only=True):
    """The consumer reads the producer."""

    producer: Name
    """Dataset or view that is read."""
    consumer: Name
    """View that reads."""
    requirement: Requirement | None = None
    """What the consumer needs; none when that could not be found out, and the edge cannot be validated."""
    places: dict[str, SourceLocation] = {}
    """Where the consumer names required columns that the producer lacks, by column; no part of any identity."""


class LogicalGraph(Contract, frozen=True, kw_only=True):
    """Datasets, views, and who reads whom."""

    nodes: tuple[LogicalNode, ...]
    """Sorted by name."""
    edges: tuple[LogicalEdge, ...]
    """Sorted by producer, then consumer; at most one between two nodes."""


class FindingKind(StrEnum):
    """What is wrong with a view, beyond what one edge can show."""

    UNKNOWN_TABLE = "unknown_table"
    MISSING_COLUMN = "missing_column"
    AMBIGUOUS_COLUMN = "ambiguous_column"
    TYPE_ERROR = "type_error"
    CYCLE = "cycle"
    NOT_PLANNED = "not_planned"
    OUTPUT_UNDECLARED = "output_undeclared"


class PlanningFinding(Contract, frozen=True, kw_only=True):
    """Why a view does not plan."""

    view: Name
    """The view."""
    kind: FindingKind
    """What is wrong."""
    message: str
    """What is wrong, in one sentence."""
    subject: str
    """The table, column or expression that it is about; for a cycle its members in order, joined by arrows."""
    candidates: tuple[Name, ...] = ()
    """Inputs on whose edge the finding may belong, when the text does not decide it."""
    suggestion: str | None = None
    """The nearest name that does exist."""
    location: SourceLocation | None = None
    """Where in the view's file."""
    columns: tuple[SourceColumn, ...] = ()
    """Columns of inputs whose types are told in the message."""


class ViewSource(Contract, frozen=True, kw_only=True, tag_field="kind", tag="sql"):
    """The text of one SQL view, as a worker needs it."""

    name: Name
    """The view."""
    path: str
    """Its file, relative to plan.toml."""
    sql: str
    """Its one SELECT statement."""
    parameters: dict[str, Variable] = {}
    """The variables that it reads, by name."""


class FrameKind(StrEnum):
    """As what a Python view takes an input, or gives its result."""

    TABLE = "pyarrow.Table"
    READER = "pyarrow.RecordBatchReader"
    DATAFRAME = "datafusion.DataFrame"


class PythonInput(Contract, frozen=True, kw_only=True):
    """One parameter of a Python view's function that stands for an input."""

    parameter: str
    """The parameter."""
    name: Name
    """Dataset or view that it is given."""
    wants: FrameKind
    """As what it is given."""
    requirement: Requirement | None = None
    """The columns that it is given, in order; none gives all of them, and the edge cannot be validated."""


class PythonSource(Contract, frozen=True, kw_only=True, tag_field="kind", tag="python"):
    """What the text of one Python view says of it, as a worker needs it. Nothing was imported to find out."""

    name: Name
    """The view."""
    path: str
    """The module's file, relative to plan.toml."""
    function: str
    """The function in it."""
    line: Positive = 1
    """Line of the file at which the function is defined."""
    sha256: Sha256
    """Digest of the module's bytes; a worker runs no others."""
    inputs: tuple[PythonInput, ...] = ()
    """Its inputs, in the order of its parameters."""
    parameters: dict[str, Variable] = {}
    """The variables that it takes, by keyword."""
    returns: FrameKind
    """What it gives."""
    output: tuple[Column, ...] | None = None
    """The columns that it declares to give; none when it declares nothing."""
    tags: tuple[str, ...] = ()
    """Tags that it declares, sorted."""
    volatile: bool = False
    """Whether it declares to give other rows in each run."""


Source = ViewSource | PythonSource
"""What a view is written in."""


class CompiledProject(Contract, frozen=True, kw_only=True):
    """Everything that is known about a project before anything runs."""

    graph: LogicalGraph
    """Datasets, views and edges."""
    evidence: EvidenceCatalog
    """What is known of each dataset and view."""
    statistics: Statistics
    """Rows and bytes that each view reads and is expected to give."""
    snapshots: dict[Name, DatasetSnapshot]
    """Identity of the content of each dataset."""
    datasets: dict[Name, DatasetRef]
    """Where each dataset lies and how it is read."""
    sources: dict[Name, Source]
    """What each view is written in."""
    scans: dict[Name, DatasetScan] = {}
    """How each dataset is scanned that a view reads."""
    findings: tuple[PlanningFinding, ...] = ()
    """Why views do not plan, sorted by view."""
    checks: dict[Name, tuple[DataCheck, ...]] = {}
    """What the contract of each dataset and view declares and only data can show, as queries."""


class CompiledEntry(Contract, frozen=True, kw_only=True):
    """What is kept of a compilation, for builds in which nothing has changed."""

    young: dict[str, Sha256] = {}
    """Digest of the content, by path, of files that were too young for their times to tell whether they change."""
    compiled: CompiledProject
    """The result."""


class TaskKind(StrEnum):
    """What a task does."""

    VIEW = "view"
    PYTHON = "python"
    SCAN = "scan"
    CHECK = "check"


class LoweringChoice(Contract, frozen=True, kw_only=True):
    """What became of a view's `materialize`, and why."""

    view: Name
    """The view."""
    materialize: Materialize
    """`table`, `temp` or `ephemeral`."""
    reason: str
    """Why, in one sentence."""


class Task(Contract, frozen=True, kw_only=True):
    """What is scheduled and run as one piece."""

    name: Name
    """Unique in the task graph."""
    kind: TaskKind
    """What it does."""
    views: tuple[Name, ...]
    """The views it computes, upstream first; for a check the view that is checked, for a scan none."""
    outputs: tuple[Name, ...]
    """Those of its views whose results it hands on."""
    temp: tuple[Name, ...] = ()
    """Those of its outputs that are kept in the cache, for readers in this run and later ones, and are no outputs of
    the project."""
    datasets: tuple[Name, ...] = ()
    """Datasets it reads itself, sorted; for the check of a dataset that one."""
    definition: Sha256
    """Identity of its logic: the definition of its one view, or a digest over the definitions of all."""
    volatile: bool = False
    """Whether it must run in each run."""
    reproducible: bool = False
    """Whether it must run on one partition."""
    tags: tuple[str, ...] = ()
    """Tags of its views, sorted."""
    declared_cost: Seconds | None = None
    """Sum of the costs that its views declare; none when none does."""
    checks: tuple[DataCheck, ...] = ()
    """What a check runs; empty for other kinds."""


class TaskGraph(Contract, frozen=True, kw_only=True):
    """Tasks and who waits for whom."""

    tasks: tuple[Task, ...]
    """Sorted by name."""
    edges: tuple[tuple[Name, Name], ...]
    """(producer, consumer), sorted, without duplicates."""
    lowering: tuple[LoweringChoice, ...] = ()
    """How the views became tasks, sorted by view."""
