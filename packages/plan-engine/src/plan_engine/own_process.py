"""The runtime for processes that run nothing but tasks of a build; it starts without pandas.

Not for processes that others share, such as the workers of a Dask cluster: `plan_engine.runtime` is for these.
"""

from plan_engine.pandas_import import leave_pandas_alone

leave_pandas_alone()

from plan_engine.runtime import EngineRuntime  # noqa: E402 - it imports DataFusion, which would import pandas

__all__ = ["EngineRuntime"]
