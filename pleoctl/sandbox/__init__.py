"""A Pleo on this machine: an HTTP server on loopback with state, settings and faults on purpose.

Written from Pleo's published contract; see docs/sandbox.md for what is published and what is assumed.

    with Sandbox(seed=Seed(accounts=[{"externalId": "1000", "name": "Cash"}])) as pleo:
        requests.get(f"{pleo.url}/v1/introspect", auth=(pleo.api_key, ""), timeout=5)
"""

from pleoctl.sandbox.auth import Credential
from pleoctl.sandbox.config import load_config
from pleoctl.sandbox.errors import BadInput
from pleoctl.sandbox.faults import Edit, Fault
from pleoctl.sandbox.seed import Seed
from pleoctl.sandbox.server import Sandbox
from pleoctl.sandbox.settings import Settings

__all__ = ["BadInput", "Credential", "Edit", "Fault", "Sandbox", "Seed", "Settings", "load_config"]
