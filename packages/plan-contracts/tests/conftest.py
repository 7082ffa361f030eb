"""What several test modules need."""

from collections.abc import Callable
from typing import Any, cast

import msgpack
import pytest

Unpack = Callable[[bytes], Any]


@pytest.fixture(scope="session")
def unpack() -> Unpack:
    """Read MessagePack with a reader that knows nothing of this project."""
    return cast("Unpack", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]  # msgpack has no types
