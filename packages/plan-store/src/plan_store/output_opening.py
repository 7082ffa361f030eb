"""Which kind of place outputs are published in: a folder, or a bucket."""

from pathlib import Path

from plan_store.errors import OutputsUnwritable, StoreUnwritable
from plan_store.object_place import is_url, open_objects
from plan_store.output_folder import OutputFolder
from plan_store.output_place import OutputPlace
from plan_store.result_cache import ResultCache
from plan_store.verified_files import VerifiedFiles


def open_outputs(outputs: Path | str, cache: ResultCache, verified: VerifiedFiles) -> OutputPlace:
    """Give the place of the outputs.

    Raises
    ------
    OutputsUnwritable
        When it is a URL, and the extra `s3` is not installed or the URL is of no known kind.
    """
    if not is_url(outputs):
        return OutputFolder(Path(outputs), verified)
    try:
        objects = open_objects(outputs)
    except StoreUnwritable as reason:
        message = reason.message.replace("The store ", "The outputs folder ", 1)
        raise OutputsUnwritable(message, subject=reason.subject, suggestion=reason.suggestion) from reason
    from plan_store.bucket_objects import BucketObjects
    from plan_store.output_bucket import OutputBucket

    if not isinstance(objects, BucketObjects):
        raise TypeError(f"{outputs} is a URL, and was opened as something else than a bucket")
    return OutputBucket(objects, cache)
