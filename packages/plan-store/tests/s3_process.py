"""The process of an S3-compatible server: moto's, which alone lets two conditional puts at one time both succeed."""

import sys
import threading
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_MOTO = DomainDispatcherApplication(create_backend_app)
_one_at_a_time = threading.Lock()


def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer a request; conditional ones one at a time, once their bodies are here."""
    if environ["REQUEST_METHOD"] != "PUT" or not {"HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"} & environ.keys():
        return _MOTO(environ, start_response)
    environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    with _one_at_a_time:
        return _MOTO(environ, start_response)


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), answer, threaded=True)
