"""The settings of a workspace file as types, each with its default; the schema's are tested to be the same."""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec

from pleoctl.model.addresses import Named
from pleoctl.workspace.limits import Limits

MAX_SELECTED: Final = 5
# Where Pleo is not on this machine; there no limit holds unless it is asked for (law 7).
DEFAULT_REQUESTS: Final = 500
# ``source.badRows``: a source's section is its type's own, but this key is every source's.
BAD_ROWS: Final = "hold"


class Section(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A part of the file, named in camel case."""


class OAuth(Section, frozen=True):
    """``auth.oauth``: a client that is registered at an authorisation server, and where its tokens are kept."""

    client_id: str
    client_secret: str | None = None
    tokens: str | None = None
    authorize_url: str | None = None
    token_url: str | None = None
    device_url: str | None = None
    revocation_url: str | None = None
    issuer: str | None = None
    redirect_uri: str | None = None
    scopes: str | tuple[str, ...] | None = None
    refresh_grace: bool | int = False
    refresh_days: int | None = None
    grant: Literal["authorizationCode", "clientCredentials"] = "authorizationCode"
    client_auth: Literal["basic", "post"] = "basic"
    timeout_seconds: float = 20.0
    answer_seconds: float | None = None
    answer_bytes: int = 1 << 20

    @property
    def limits(self) -> Limits:
        """Of one answer: small and soon, since others wait for the tokens meanwhile."""
        seconds = self.timeout_seconds
        return Limits(seconds, seconds * 2 if self.answer_seconds is None else self.answer_seconds, self.answer_bytes)

    @property
    def scope(self) -> str:
        """The scopes as servers take them: with blanks between."""
        return self.scopes if isinstance(self.scopes, str) else " ".join(self.scopes or ())


class Pleo(Section, frozen=True):
    """``pleo``: where the company's Pleo is, and how it is asked."""

    url: str
    auth: dict[str, Any]
    requests_per_minute: int | None = None
    budget_by: Literal["credential", "company"] = "credential"
    timeout_seconds: float = Limits().timeout
    answer_seconds: float | None = None
    answer_bytes: int | None = None


class Dimensions(Section, frozen=True):
    """``dimensions``: codes that are synchronised (None: tags are not managed), or left alone (K4 for the names)."""

    selected: tuple[str, ...] | None = None
    leave: tuple[str, ...] = ()
    rename_groups: bool = False


class MaxArchive(Section, frozen=True):
    """``guard.maxArchive``: most archives of a kind, in number and as a share of its active records."""

    count: int = 20
    share: float = 0.2


class Guard(Section, frozen=True):
    """``guard``: what a plan or an export may not exceed, and addresses that are never archived."""

    max_archive: MaxArchive = MaxArchive()
    max_shrink: float = 0.2
    protect: tuple[str, ...] = ()


class Posting(Section, frozen=True):
    """``posting``: how entries are booked (O3, P1-P3, H6), and whether a person must look at the plan first."""

    draft: bool = True
    closed_period: Literal["fail", "today", "nextOpen"] = "fail"
    attachments: Literal["store", "best", "skip"] = "store"
    require_review: bool = False


class Jobs(Section, frozen=True):
    """``jobs``: whether a job that this workspace's runs did not start is taken over from whoever did."""

    take_over: bool = False


News = Literal["drift", "refused", "failed", "held", "expiring"]
NOTICES: Final[tuple[News, ...]] = get_args(News)
"""What can be told to people."""


class Notice(Section, frozen=True):
    """One of ``notify``: who is told (a variable that holds a url of Apprise), and of what."""

    to: str
    on: tuple[News, ...] = NOTICES


class Expires(Section, frozen=True):
    """``expires``: the days (ISO) on which credentials end, as far as people know and no server tells."""

    pleo: str | None = None
    source: str | None = None
    sink: str | None = None


class Settings(Section, frozen=True):
    """The whole file; a source's and a sink's section are their types' own business."""

    company: str
    pleo: Pleo
    source: dict[str, Any] | None = None
    desired: str | tuple[str, ...] = "desired-state.yaml"
    dimensions: Dimensions = Dimensions()
    guard: Guard = Guard()
    mapping: str | None = None
    sink: dict[str, Any] | None = None
    posting: Posting = Posting()
    jobs: Jobs = Jobs()
    state: str | None = None
    notify: tuple[Notice, ...] = ()
    expires: Expires = Expires()


def typed(data: dict[str, Any]) -> Settings:
    """The settings of data that fits the schema."""
    return msgspec.convert(data, Settings)


class GuardLimits(msgspec.Struct, frozen=True):
    """What a plan may not exceed: archives, in number and share; what it may not archive, or not touch at all."""

    count: int = MaxArchive().count
    share: float = MaxArchive().share
    protect: tuple[str, ...] = ()
    leave: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    @property
    def protected(self) -> Named:
        """Records that are never archived."""
        return Named.by_address(self.protect)

    @property
    def left(self) -> Named:
        """Records that are neither archived nor changed, by the names of their kinds."""
        return Named.by_key(self.leave)
