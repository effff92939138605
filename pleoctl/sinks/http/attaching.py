"""Links a file to a record: one upload, or an upload and a second request that says what it belongs to."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from pleoctl.remote.errors import LostAnswer
from pleoctl.sinks.http.bodies import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pleoctl.remote.transport import Answer
    from pleoctl.sinks.base import File
    from pleoctl.sinks.http.spec import Attach, Upload
    from pleoctl.sources.connect import ServerConnection


def attach(
    spec: Attach, connection: ServerConnection, filled: dict[str, Any], variables: Mapping[str, Any], file: File
) -> None:
    """Send it; ``filled`` is what requests are filled with. Raises `ApiError`, `LostAnswer`, `ExpressionError`."""
    answer = _sent(spec.first, connection, filled, variables, file)
    if spec.then is None or spec.id is None:
        return
    upload = value_of(spec.id, answer.body)
    if upload is None:
        raise LostAnswer(f"{spec.id.key} gives nothing for the answer to an upload")
    _sent(spec.then, connection, {**filled, "upload": upload}, variables, file)


def _sent(
    upload: Upload, connection: ServerConnection, filled: dict[str, Any], variables: Mapping[str, Any], file: File
) -> Answer:
    path, arguments = upload.request.build(filled)
    content = file.path.read_bytes()
    if upload.body is not None:
        told = {"name": file.name, "type": file.type, "base64": base64.b64encode(content).decode()}
        scope = {"file": told, "variables": dict(variables), "upload": filled.get("upload")}
        arguments["json"] = upload.body({**scope, "id": filled["id"], "key": filled["key"]})
    elif upload.multipart is None:
        arguments |= {"data": content, "headers": {**arguments.get("headers", {}), "Content-Type": file.type}}
    else:
        arguments["files"] = {upload.multipart: (file.name, content, file.type)}
    return connection.write(upload.request.method, path, **arguments)
