"""The credential and the installation of the caller.

Published: all bodies, and that an installation has no ``data`` envelope. Assumed: 404 before an installation
exists, and that creating it again changes it. Any credential may call these operations.
"""

from __future__ import annotations

from typing import Final

from pleoctl.sandbox.calls import Answer, Call, Handler
from pleoctl.sandbox.errors import ApiError, Record
from pleoctl.sandbox.parts import derived_id


def introspect(call: Call) -> Answer:
    """introspect: what the credential is and may do."""
    credential = call.credential
    details = {
        "clientId": derived_id(f"client {credential.scheme}"),
        "authMethod": "API_KEY" if credential.scheme == "apiKey" else "OAUTH2",
        "scope": " ".join(credential.scopes),
        "applicationName": "pleoctl sandbox",
        "subjectURN": f"urn:pleo:company:{call.world.company}",
    }
    return Answer.of(details)


def get(call: Call) -> Answer:
    """getClientInstallation: 404 before it exists."""
    if not call.sees_company(call.parameter("company_id")):
        raise _absent()
    return Answer(200, _need(call))


def create(call: Call) -> Answer:
    """createClientInstallation: needed with API keys."""
    existing = call.store.recall("installation")
    if existing is not None:
        return _keep(call, existing | _given(call))
    return _keep(call, call.world.new_installation(_given(call)))


def update(call: Call) -> Answer:
    """updateClientInstallation: status, error code and metadata."""
    return _keep(call, _need(call) | _given(call))


def activate(call: Call) -> Answer:
    """activateMyInstallation: after the first synchronisation."""
    return _keep(call, _need(call) | {"status": "ACTIVATED"})


def _given(call: Call) -> Record:
    return {name: call.body[name] for name in ("status", "errorCode", "metadata") if name in call.body}


def _keep(call: Call, installation: Record) -> Answer:
    if installation["status"] != "ERROR":
        installation.pop("errorCode", None)
    stored = installation | {"updatedAt": call.world.now()}
    call.store.remember("installation", stored)
    return Answer(200, stored)


def _need(call: Call) -> Record:
    found: Record | None = call.store.recall("installation")
    if found is None:
        raise _absent()
    return found


def _absent() -> ApiError:
    return ApiError(404, "INSTALLATION_NOT_FOUND", "There is no installation for this credential")


HANDLERS: Final[dict[str, Handler]] = {
    "introspect": introspect,
    "getClientInstallation": get,
    "createClientInstallation": create,
    "updateClientInstallation": update,
    "activateMyInstallation": activate,
}
