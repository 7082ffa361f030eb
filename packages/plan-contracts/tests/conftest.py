"""What several test modules need."""

from collections.abc import Callable
from typing import Any, cast

import msgpack
import pytest
from hypothesis import HealthCheck, settings

# How fast an example is drawn depends on what else the machine does.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

Unpack = Callable[[bytes], Any]


@pytest.fixture(scope="session")
def unpack() -> Unpack:
    """Read MessagePack with a reader that knows nothing of this project."""
    return cast("Unpack", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]  # msgpack has no types
