"""Who may be sent a secret: a workspace file comes from a branch that anyone may have pushed, the environment does not.

So the environment (``PLEOCTL_TRUSTED_HOSTS``, ``PLEOCTL_TRUSTED_ENV``) or the user's own folder (``pleoctl trust``)
names hosts and credentials, and nothing that a workspace says can add to them.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from pleoctl.documents.files import decode, read_bytes, write_atomically
from pleoctl.errors import PleoctlError, Refused, UsageError
from pleoctl.hosts import Endpoint, HostEntry
from pleoctl.machine import this_machine

if TYPE_CHECKING:
    from pathlib import Path

HOSTS: Final = "PLEOCTL_TRUSTED_HOSTS"
VARIABLES: Final = "PLEOCTL_TRUSTED_ENV"
STORED: Final = "trusted-hosts"

# What forges, clouds and package registries put into a job's environment by themselves, for the job alone. An exact
# list, so that no honest name falls under it by its beginning; that hosts must be trusted is the real protection.
RUN_CREDENTIALS: Final = frozenset(
    {
        # GitHub
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "GITHUB_ENTERPRISE_TOKEN",
        "GH_ENTERPRISE_TOKEN",
        "INPUT_TOKEN",
        "INPUT_GITHUB_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_RUNTIME_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_CACHE_URL",
        "ACTIONS_RESULTS_URL",
        "ACTIONS_RUNNER_INPUT_JITCONFIG",
        # GitLab
        "CI_JOB_TOKEN",
        "CI_BUILD_TOKEN",
        "CI_JOB_JWT",
        "CI_JOB_JWT_V1",
        "CI_JOB_JWT_V2",
        "CI_REGISTRY_PASSWORD",
        "CI_DEPLOY_PASSWORD",
        "CI_DEPENDENCY_PROXY_PASSWORD",
        "CI_REPOSITORY_URL",
        "GITLAB_TOKEN",
        "DOCKER_AUTH_CONFIG",
        # other pipelines
        "SYSTEM_ACCESSTOKEN",
        "CIRCLE_TOKEN",
        "CIRCLE_OIDC_TOKEN",
        "CIRCLE_OIDC_TOKEN_V2",
        "BITBUCKET_STEP_OIDC_TOKEN",
        "BITBUCKET_ACCESS_TOKEN",
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "DRONE_NETRC_PASSWORD",
        "CI_NETRC_PASSWORD",
        "GITEA_TOKEN",
        "FORGEJO_TOKEN",
        "TRAVIS_TOKEN",
        "APPVEYOR_API_TOKEN",
        # clouds
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "AZURE_PASSWORD",
        "AZURE_STORAGE_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_MASTER_KEY",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_TOKEN",
        "AZURE_STORAGE_CLIENT_SECRET",
        "ARM_CLIENT_SECRET",
        "ARM_ACCESS_KEY",
        "ARM_SAS_TOKEN",
        "ARM_OIDC_REQUEST_TOKEN",
        "IDENTITY_HEADER",
        "MSI_SECRET",
        "GOOGLE_CREDENTIALS",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "GOOGLE_BEARER_TOKEN",
        "GOOGLE_OAUTH_ACCESS_TOKEN",
        "CLOUDSDK_AUTH_ACCESS_TOKEN",
        "GCLOUD_KEYFILE_JSON",
        "DIGITALOCEAN_TOKEN",
        "DIGITALOCEAN_ACCESS_TOKEN",
        "HCLOUD_TOKEN",
        "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_API_KEY",
        "HEROKU_API_KEY",
        "FLY_API_TOKEN",
        "VERCEL_TOKEN",
        "NETLIFY_AUTH_TOKEN",
        "VAULT_TOKEN",
        "CONSUL_HTTP_TOKEN",
        "TFE_TOKEN",
        "PULUMI_ACCESS_TOKEN",
        "OP_SERVICE_ACCOUNT_TOKEN",
        "OP_CONNECT_TOKEN",
        "DOPPLER_TOKEN",
        "INFISICAL_TOKEN",
        "BWS_ACCESS_TOKEN",
        # package registries and services of a build
        "NPM_TOKEN",
        "NODE_AUTH_TOKEN",
        "PYPI_TOKEN",
        "PYPI_API_TOKEN",
        "TWINE_PASSWORD",
        "UV_PUBLISH_TOKEN",
        "UV_PUBLISH_PASSWORD",
        "POETRY_PYPI_TOKEN_PYPI",
        "HATCH_INDEX_AUTH",
        "CARGO_REGISTRY_TOKEN",
        "GEM_HOST_API_KEY",
        "RUBYGEMS_API_KEY",
        "NUGET_API_KEY",
        "DOCKERHUB_TOKEN",
        "DOCKER_HUB_TOKEN",
        "CODECOV_TOKEN",
        "SONAR_TOKEN",
        "SNYK_TOKEN",
        "SENTRY_AUTH_TOKEN",
    }
)
# GitHub's own namespace: whatever its runner adds tomorrow is the runner's.
_RUNNER: Final = "ACTIONS_"
_HOST_HINT: Final = "write one exact host in ASCII, with :port if you like, e.g. books.example.com"
_USER: Final = "//[^/]*@"


class TrustedHosts:
    """The hosts that the environment and the user's folder name; read when they are first asked for."""

    def environment(self) -> list[HostEntry]:
        """The entries of ``PLEOCTL_TRUSTED_HOSTS``. Raises `UsageError` for one that is no host."""
        given = os.environ.get(HOSTS, "").split(",")
        return [host_entry(text, f"{HOSTS} holds") for text in given if text.strip()]

    def stored(self) -> list[HostEntry]:
        """The entries that ``pleoctl trust`` has stored; a user without a home has none. Raises `PleoctlError`."""
        try:
            path = stored_hosts()
        except PleoctlError:
            return []
        if not path.exists():
            return []
        lines = decode(read_bytes(path), str(path)).splitlines()
        return [host_entry(line, f"{path} holds") for line in lines if line.strip() and not line.startswith("#")]

    def trust(self, endpoint: Endpoint) -> bool:
        """Whether a secret may go there: this machine, or a host that somebody other than the branch names."""
        return endpoint.loopback or any(entry.names(endpoint) for entry in (*self.environment(), *self.stored()))

    def refusal(self, endpoint: Endpoint, what: str) -> tuple[str, str]:
        """Why ``what`` may not talk to a server that nobody trusts, and the line that says otherwise."""
        host = endpoint.authority
        named = ",".join(filter(None, (os.environ.get(HOSTS, "").strip().strip(","), host)))
        return (
            f"{what} names {host}, which nobody but this workspace trusts",
            f"if you trust it, set {HOSTS}={named} in the environment, or run `pleoctl trust {host}`",
        )


def stored_hosts() -> Path:
    """The file of ``pleoctl trust``: one host a line."""
    return this_machine().config_folder() / STORED


def store_host(entry: HostEntry) -> bool:
    """Store a host for this user; False where it was stored before. Raises `PleoctlError`."""
    known = TrustedHosts().stored()
    if entry in known:
        return False
    lines = "".join(f"{one}\n" for one in sorted({*map(str, known), str(entry)}))
    write_atomically(stored_hosts(), lines.encode(), mode=0o600)
    return True


def host_entry(text: str, where: str = "") -> HostEntry:
    """A host as people name it. Raises `UsageError`."""
    entry = HostEntry.parse(text)
    if entry is None:
        shown = re.sub(_USER, "//***@", text.strip())
        said = f"{where} {shown!r}, which" if where else repr(shown)
        raise UsageError(f"{said} is no host", hint=_HOST_HINT)
    return entry


def url_problem(url: str, *, trusted: bool) -> tuple[str, str] | None:
    """Why a Pleo url must not be used, and the fix; None when it may be."""
    endpoint = Endpoint.parse(url)
    if endpoint is None or url.rstrip("/").count("/") > 2:  # scheme://host
        shown = re.sub(_USER, "//***@", url)
        return (
            f"{shown!r} is not a base url",
            "write e.g. https://external.pleo.io: scheme, host and port, nothing else",
        )
    if endpoint.loopback:
        return None
    if endpoint.scheme != "https":
        return f"{url} is not https", "only a loopback url may use http"
    if trusted or endpoint.host == "pleo.io" or endpoint.host.endswith(".pleo.io"):
        return None
    return f"{url} is neither Pleo's nor this machine's", f"if you trust it, set PLEOCTL_URL={url} in the environment"


def require_env(name: str) -> None:
    """Raise `Refused` for a credential of the run itself, unless ``PLEOCTL_TRUSTED_ENV`` names it."""
    folded = name.upper()
    trusted = {part.strip() for part in os.environ.get(VARIABLES, "").split(",")}
    if name not in trusted and (folded in RUN_CREDENTIALS or folded.startswith(_RUNNER)):
        named = ",".join(sorted({*filter(None, trusted), name}))
        raise Refused(
            f"env:{name} is a credential of the machine that runs this, not of an accounting system",
            hint=f"if it is meant, set {VARIABLES}={named} in the environment",
        )
