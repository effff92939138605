"""A Pleo on this machine: an HTTP server on loopback with state, settings and faults on purpose.

Written from Pleo's published contract; see docs/sandbox.md for what is published and what is assumed.

    with Sandbox(seed=Seed(accounts=[{"externalId": "1000", "name": "Cash"}])) as pleo:
        requests.get(f"{pleo.url}/v1/introspect", auth=(pleo.api_key, ""), timeout=5)

Without a socket, in the time of a simulation:

    pleo = Sandbox(seed=seed, settings=Settings(seed_ids=1), clock=simulated)
    reply = pleo.respond(Request("GET", "/v1/introspect", headers={"Authorization": f"Bearer {pleo.token}"}))

To read it, begin with `world`, the state and what happens to it, and follow a request: `app` (sockets), `routes`,
`exchange` (limits, credential, contract, faults), the handler in `kinds`, the `store`.
"""

from pleoctl.sandbox.auth import Credential
from pleoctl.sandbox.clock import Clock
from pleoctl.sandbox.config import load_config
from pleoctl.sandbox.errors import BadInput
from pleoctl.sandbox.faults import Edit, Fault
from pleoctl.sandbox.sandbox import Sandbox
from pleoctl.sandbox.seed import Seed
from pleoctl.sandbox.settings import Settings
from pleoctl.sandbox.wire import Dropped, Reply, Request

__all__ = [
    "BadInput",
    "Clock",
    "Credential",
    "Dropped",
    "Edit",
    "Fault",
    "Reply",
    "Request",
    "Sandbox",
    "Seed",
    "Settings",
    "load_config",
]
