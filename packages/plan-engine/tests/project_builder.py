"""Small projects for tests, written to a folder."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import CompiledProject, load_project_file
from plan_engine import compile_project

ORDERS = pa.table(
    {
        "order_id": pa.array([1, 2, 3], pa.int64()),
        "customer_id": pa.array([10, 10, 20], pa.int64()),
        "amount": pa.array([1.5, 2.5, 4.0], pa.float64()),
        "status": pa.array(["paid", "open", "paid"], pa.string()),
        "placed": pa.array([0, 86_400_000_000, 0], pa.timestamp("us")),
    }
)
CUSTOMERS = pa.table(
    {
        "customer_id": pa.array([10, 20], pa.int64()),
        "name": pa.array(["Ada", "Tomas"], pa.string()),
        "Town": pa.array(["Bergen", None], pa.string()),
    }
)


def write_project(folder: Path, views: Mapping[str, str], toml: str = "") -> Path:
    """Write a project over orders and customers; the keys of `views` are paths below `views/` without the ending."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    pq.write_table(ORDERS, folder / "data" / "orders.parquet")
    pq.write_table(CUSTOMERS, folder / "data" / "customers.parquet")
    (folder / "plan.toml").write_text(
        '[project]\nname = "test"\n\n[datasets.orders]\npath = "data/orders.parquet"\n\n'
        f'[datasets.customers]\npath = "data/customers.parquet"\n{toml}'
    )
    (folder / "views").mkdir(exist_ok=True)
    for name, sql in views.items():
        path = folder / "views" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sql.encode())
    return folder


def compiled(folder: Path, views: Mapping[str, str], toml: str = "") -> CompiledProject:
    """Write and compile a project."""
    write_project(folder, views, toml)
    return compile_project(folder, load_project_file(folder))


def required(project: CompiledProject, producer: str, consumer: str) -> dict[str, str | None] | None:
    """Give what an edge needs; none when that is not known."""
    edge = next(edge for edge in project.graph.edges if (edge.producer, edge.consumer) == (producer, consumer))
    if edge.requirement is None:
        return None
    return {column.name: column.type for column in edge.requirement.columns}


def edges(project: CompiledProject) -> set[tuple[str, str]]:
    """Give the edges as pairs."""
    return {(edge.producer, edge.consumer) for edge in project.graph.edges}


def definition(project: CompiledProject, view: str) -> str | None:
    """Give the definition of a view."""
    return next(node.definition for node in project.graph.nodes if node.name == view)
