"""Which kind of place a store is in: a folder, or a bucket."""

from pathlib import Path

from plan_store.errors import StoreUnwritable
from plan_store.local_objects import LocalObjects
from plan_store.objects import Objects


def is_url(place: str | Path) -> bool:
    """Say whether a place is a URL and not a path."""
    return "://" in str(place)


def open_objects(place: str | Path) -> Objects:
    """Give the objects of a folder, or of a bucket below a URL such as `s3://bucket/folder`.

    Raises
    ------
    StoreUnwritable
        When the place is a URL, and the extra `s3` is not installed or the URL is of no known kind.
    """
    if not is_url(place):
        return LocalObjects(Path(place))
    try:
        from plan_store.bucket_objects import BucketObjects
    except ImportError as reason:
        message = f"The store {place} is an object store, and the library for those is not installed"
        mend = "Install the extra: `plan-store[s3]`."
        raise StoreUnwritable(message, subject=str(place), suggestion=mend) from reason
    return BucketObjects.open(str(place))
