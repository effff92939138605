"""What presets know of their makers' authorisation servers."""

from __future__ import annotations

import re

import msgspec
import pytest

from pleoctl.hosts import Endpoint
from pleoctl.remote.oauth.servers import filled, own_servers, published
from pleoctl.sinks.http import presets as sinks
from pleoctl.sources.http.presets import PRESETS, load_preset
from pleoctl.workspace.settings import OAuth

URLS = ("authorizeUrl", "tokenUrl", "deviceUrl", "revocationUrl")


@pytest.mark.parametrize("name", sorted(published()))
def test_a_published_server_belongs_to_a_preset(name: str) -> None:
    """Its urls are https, hold no variable but the preset's, and make a client whose settings are typed."""
    assert name in PRESETS.names()
    known = set(load_preset(name).variables)
    for section in ("source", "sink"):
        made = filled({"clientId": "c"}, name, section, lambda url: re.sub(r"\{(\w+)\}", r"x-\1", url))
        for key in set(URLS) & made.keys():
            assert made[key].startswith("https://")
            variables = set(re.findall(r"\{(\w+)\}", published()[name][key]))
            assert variables <= known
            if name in sinks.PRESETS.names():
                assert variables <= set(sinks.load_preset(name).variables)
        assert msgspec.convert(made, OAuth).token_url


def test_what_the_section_names_counts_before_the_preset() -> None:
    """Each key of its own."""
    made = filled({"clientId": "c", "scopes": ["mine"], "refreshGrace": False}, "xero", "source", str)
    assert (made["scopes"], made["refreshGrace"]) == (["mine"], False)
    assert made["tokenUrl"].startswith("https://identity.xero.com/")


def test_a_client_that_asks_for_itself_asks_for_no_refresh_token() -> None:
    """Business Central by client credentials, without `offline_access`."""
    made = filled({"clientId": "c", "grant": "clientCredentials"}, "business-central", "sink", str)
    assert made["scopes"] == ["https://api.businesscentral.dynamics.com/.default"]


def test_a_host_that_a_variable_names_needs_trust() -> None:
    """A branch chooses variables, so that only hosts without one go without a word."""
    assert own_servers("netsuite") == frozenset()
    assert Endpoint("https", "login.microsoftonline.com", 443) in own_servers("business-central")
    assert own_servers("no such preset") == frozenset()
