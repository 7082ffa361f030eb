"""SQL functions that look into the MessagePack payload of an event."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportMissingTypeArgument=false, reportUnknownParameterType=false

import msgspec
import pyarrow as pa
from datafusion import ScalarUDF, SessionContext, udf

_Plain = str | int | float | bool | bytes | None | list["_Plain"] | dict[str, "_Plain"]


def register_payload_functions(context: SessionContext) -> None:
    """Add `payload_json(payload)` and `payload_get(payload, path)` to a session.

    `payload_json` gives the whole payload as JSON. `payload_get` gives what stands at a path of field names and list
    indices joined by dots, such as `artifact.critical_path_tasks.0`: text as it is, anything else as JSON, null where
    there is nothing.
    """
    context.register_udf(_payload_json())
    context.register_udf(_payload_get())


def _payload_json() -> ScalarUDF:
    def payload_json(payloads: pa.Array) -> pa.Array:
        texts = [_json(_decode(payload)) if payload is not None else None for payload in payloads.to_pylist()]
        return pa.array(texts, pa.string())

    return udf(payload_json, [pa.binary()], pa.string(), "immutable", "payload_json")


def _payload_get() -> ScalarUDF:
    def payload_get(payloads: pa.Array, paths: pa.Array) -> pa.Array:
        pairs = zip(payloads.to_pylist(), paths.to_pylist(), strict=True)
        return pa.array([_text_at(payload, path) for payload, path in pairs], pa.string())

    return udf(payload_get, [pa.binary(), pa.string()], pa.string(), "immutable", "payload_get")


def _decode(payload: bytes) -> _Plain:
    decoded: _Plain = msgspec.msgpack.decode(payload)
    return decoded


def _json(value: _Plain) -> str:
    return msgspec.json.encode(value).decode()


def _text_at(payload: bytes | None, path: str | None) -> str | None:
    if payload is None or path is None:
        return None
    value = _decode(payload)
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    if value is None or isinstance(value, str):
        return value
    return _json(value)
