"""plan.toml, as typed by people: every key it may hold."""

from enum import StrEnum

from plan_contracts.base import HandWritten
from plan_contracts.evidence import DataContract
from plan_contracts.execution_policy import RetryPolicy, RoutingRules
from plan_contracts.executors import ExecutionMode, ExecutorConfig
from plan_contracts.graph import Materialize
from plan_contracts.references import CsvOptions, DataFormat, DeltaOptions, JsonOptions
from plan_contracts.scalars import ByteSize, ColumnType, Name, Positive, Seconds
from plan_contracts.storage_options import StorageOptions
from plan_contracts.validation import AdmissionPolicy
from plan_contracts.variables import VarValue


class ScanPolicy(StrEnum):
    """Whether scans of a dataset become tasks."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class AbsentColumns(StrEnum):
    """What becomes of a column that only some files of a dataset have."""

    REFUSE = "refuse"
    NULL = "null"


class ProjectSection(HandWritten, frozen=True, kw_only=True):
    """`[project]`: names and folders, relative to plan.toml."""

    name: Name
    """The project's name."""
    views: str = "views"
    """Folder of the views; sub-folders are searched."""
    outputs: str = "out"
    """Folder or URL of the outputs."""
    store: str = ".plan"
    """Folder or URL of events, artifacts and manifests."""
    cache: ByteSize = "10GiB"
    """Size that temporary results may have together after a build."""


class DefaultsSection(HandWritten, frozen=True, kw_only=True):
    """`[defaults]`: what holds for views that say nothing else."""

    materialize: Materialize = Materialize.AUTO
    """Of views that other views read; leaves are tables."""
    policy: AdmissionPolicy = AdmissionPolicy.STRICT
    """What happens to a plan that is not valid as a whole."""


class DatasetSection(HandWritten, frozen=True, kw_only=True):
    """`[datasets.NAME]`: an input."""

    path: str
    """File, glob or folder, relative to plan.toml, or a URL."""
    format: DataFormat | None = None
    """How it is stored; none takes it from the ending."""
    csv: CsvOptions | None = None
    """How a CSV file is written."""
    json: JsonOptions | None = None
    """How JSON lines are read."""
    delta: DeltaOptions | None = None
    """How a Delta table is read."""
    hive: bool = True
    """Whether folders called `key=value` below the path become columns."""
    partitions: dict[str, ColumnType] = {}
    """Types of such columns that must not be inferred from the names of the folders."""
    absent_columns: AbsentColumns = AbsentColumns.REFUSE
    """What becomes of a column that only some of the files have."""
    storage_options: StorageOptions | None = None
    """How the object store of a URL is reached, beyond what the environment says."""
    contract: DataContract | None = None
    """What must hold for it."""
    policy: AdmissionPolicy | None = None
    """What happens where the contract does not hold or its metadata is not there; none takes the project's policy."""
    scan: ScanPolicy = ScanPolicy.AUTO
    """Whether scans of it become tasks."""
    scan_unit: ByteSize | None = None
    """Size on storage from which a unit of such a scan is full; none is 64 MiB."""


class ViewSection(HandWritten, frozen=True, kw_only=True):
    """`[views.NAME]`: what a view's file cannot say."""

    materialize: Materialize | None = None
    """What becomes of its result; none takes the default."""
    cost: Seconds | None = None
    """Declared cost in seconds."""
    tags: tuple[str, ...] = ()
    """Tags for selection and routing."""
    reproducible: bool = False
    """Whether it runs on one partition, for equal bytes in each run."""
    contract: DataContract | None = None
    """What must hold for its output."""
    policy: AdmissionPolicy | None = None
    """What happens when it is not valid; none takes the project's policy."""
    timeout: Seconds | None = None
    """Longest duration of one attempt, in seconds; none takes that of `[execution]`."""
    memory: ByteSize | None = None
    """Memory for its query, set aside while it runs; none takes an equal share."""
    slots: Positive | None = None
    """Slots that it takes on its executor; none is 1."""
    max_attempts: Positive | None = None
    """Attempts in all; none takes that of `[execution.retries]`."""


class ExecutionSection(HandWritten, frozen=True, kw_only=True):
    """`[execution]`: how the plan is run."""

    mode: ExecutionMode | None = None
    """How tasks are spread; none is `plan_parallel`."""
    executor: ExecutorConfig | None = None
    """The executors; none lets the planner choose for the machine."""
    routing: RoutingRules | None = None
    """Where tasks go, beyond what mode and cost decide."""
    retries: RetryPolicy | None = None
    """How often tasks are tried."""
    timeout: Seconds | None = None
    """Longest duration of one attempt of any task, in seconds; none is unbounded."""
    memory: ByteSize | None = None
    """Memory for the queries of all running tasks together; none is unbounded."""
    target_partitions: Positive | None = None
    """Partitions of each query; none divides the cores among the slots."""
    retain: ByteSize | None = None
    """Memory for results that are handed on within the process; none is a quarter of the machine's."""
    adapters: tuple[str, ...] | None = None
    """Lifecycle adapters of Hamilton's, each as `module:attribute`."""


class ProfileSection(HandWritten, frozen=True, kw_only=True):
    """`[profiles.NAME]`: overrides for one environment."""

    outputs: str | None = None
    """Replaces `[project] outputs`."""
    store: str | None = None
    """Replaces `[project] store`."""
    vars: dict[str, VarValue] = {}
    """Replaces single variables."""
    execution: ExecutionSection | None = None
    """Replaces what it gives of `[execution]`; each of its sections is replaced whole."""


class ProjectFile(HandWritten, frozen=True, kw_only=True):
    """plan.toml as a whole."""

    project: ProjectSection
    """`[project]`."""
    defaults: DefaultsSection = DefaultsSection()
    """`[defaults]`."""
    datasets: dict[Name, DatasetSection] = {}
    """`[datasets.NAME]`."""
    views: dict[Name, ViewSection] = {}
    """`[views.NAME]`."""
    vars: dict[str, VarValue] = {}
    """`[vars]`: what views read as `$name`."""
    execution: ExecutionSection = ExecutionSection()
    """`[execution]`."""
    profiles: dict[Name, ProfileSection] = {}
    """`[profiles.NAME]`."""
