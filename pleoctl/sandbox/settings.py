"""Everything that Pleo's published contract leaves open, as one value with a documented default.

Each field names one unpublished behaviour. A default is the most likely reading of what is published; a test
that must hold under every reading varies the field. In YAML and JSON the names are camel-cased
(``accountCreateExisting``), in Python they are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pleoctl.sandbox.auth import DEFAULT_CLIENTS, DEFAULT_CREDENTIALS, Credential, OAuthClient
from pleoctl.sandbox.errors import BadInput, Record
from pleoctl.sandbox.typed import Document, checked, decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

Count = Annotated[int, Meta(ge=0)]
Number = Annotated[int, Meta(ge=1)]


class Settings(Document, frozen=True, kw_only=True):
    """The unpublished behaviours of a sandbox; every field has a default.

    Raises `BadInput` naming the field when a value is not one of those documented.
    """

    account_create_existing: Literal[200, 409, "200-if-equal"] = "200-if-equal"
    """Creating an account whose externalId exists: matched (200, stored account unchanged), refused (409), or
    matched only if the request equals the stored account."""
    account_ids_ignore_case: bool = False
    """Whether an externalId that differs only in case from an account's counts as that account's."""
    account_archived_default: Literal["both", "active"] = "both"
    """What an account search without ``archived`` finds."""
    account_empty_name: Literal["accept", "refuse"] = "accept"
    """Whether a single create or an update may set an empty name; a batch item never may (NAME_EMPTY)."""
    put_omitted: Literal["keep", "clear"] = "clear"
    """What happens to an optional field that a PUT of an account, a tag or a vendor leaves out."""
    batch_existing: Literal["failed", "created-if-equal"] = "failed"
    """A batch item whose externalId exists: always failed, or listed as created if it equals the account."""
    batch_duplicates: Literal["first", "refuse"] = "first"
    """One externalId twice in a batch: the first is created and the others fail, or the call gets 400."""
    batch_order: Literal["request", "reversed"] = "request"
    """The order of ``created`` and ``failed`` in a batch answer."""
    validate_tax_codes: bool | tuple[str, ...] = False
    """The taxCodeExternalIds that Pleo knows; any other gets 400 (in a batch: OTHER). True: the codes of its tax codes
    that are not archived. False: not checked."""
    default_page_size: Number = 20
    """Rows of a page when ``limit`` is absent."""
    max_page_size: Number | None = 100
    """The largest ``limit``; None: any."""
    over_limit: Literal["error", "cut"] = "error"
    """What a larger ``limit`` does: 400, or a page of the largest size."""
    totals: bool = True
    """Whether ``pagination`` carries ``total``."""
    omit_nulls: bool = False
    """Whether fields that are null are left out of answers."""
    rate_limit: Number | None = None
    """Calls that are answered in any rolling minute; the next one gets 429. None: no limit."""
    retry_after: Literal["none", "seconds", "date"] = "none"
    """The Retry-After header of that 429."""
    latency_seconds: Annotated[float, Meta(ge=0)] = 0.0
    """How long every call waits before it is handled."""
    wrong_company: Literal["forbidden", "empty"] = "forbidden"
    """Reading another company's records: 403, or an empty list. Writing to it is always 403."""
    unknown_fields: Literal["ignore", "refuse"] = "ignore"
    """Fields and query parameters that the contract does not know: passed over, or 400. Either way they are
    counted as violations."""
    tag_conflict_ignores_case: bool = True
    """Whether the 409 on tag codes (and on group codes, see ``groupConflict``) folds case."""
    tag_conflict_counts_archived: bool = True
    """Whether the code of an archived tag (or group) is taken."""
    tag_conflict_on_unarchive: bool = False
    """Whether unarchiving a tag whose code another active tag has gets 409."""
    max_active_tags: Count | None = None
    """The most active tags of a group; creating one more gets 400. None: no maximum."""
    max_active_tags_on_unarchive: bool = False
    """Whether that maximum refuses unarchiving, too."""
    tag_list_default: Literal["active", "all"] = "active"
    """What the tags of a group without ``include_archived`` are."""
    group_list_default: Literal["active", "all"] = "active"
    """What the tag group list without ``include_archived`` is."""
    group_conflict: Literal["none", 409] = "none"
    """Creating a tag group, or changing its code, when the code is taken."""
    archive_cascade: Literal["none", "cascade"] = "none"
    """Whether archiving or unarchiving a group does the same to all its tags."""
    tags_count_archived: bool = True
    """Whether ``totalTagsCount`` counts archived tags."""
    usage_lists_unused: bool = True
    """Whether the usage of a group lists tags that no expense uses (count 0)."""
    v0_create_status: Literal[200, 201] = 201
    """The status of a created tag group or tax code, for which only a default answer is published."""
    bulk_archive_status: Literal[200, 201, 202] = 200
    """The status of a bulk archive, for which only a default answer is published."""
    bulk_archive_answers: Literal["all", "changed"] = "all"
    """Which tags a bulk archive answers with: all that were named, or those that it changed."""
    bulk_archive_unknown_ids: Literal["refuse", "ignore"] = "refuse"
    """A tag id that does not exist in a bulk archive: 404 and nothing changed, or passed over."""
    bulk_archive_at_most: Count | None = None
    """How many tags a bulk archive changes before it silently stops; None: all."""
    tax_code_conflict: Literal["none", 409] = "none"
    """Creating a tax code, or changing its code, when another one has the code."""
    tax_code_exclusive: Literal["refuse", "accept"] = "refuse"
    """A tax code of the type ``exclusive``, which is not supported at present: 400, or stored."""
    vendor_unique: tuple[Literal["externalId", "code", "name"], ...] = ("externalId", "code")
    """The fields of a vendor that another one may not have; a create, a PUT or an activation that gives it gets 409."""
    vendor_unique_counts_archived: bool = True
    """Whether what an archived vendor has is taken."""
    vendor_create_state: Literal["byExternalId", "ACTIVE", "DRAFT"] = "byExternalId"
    """The state of a new vendor: ACTIVE if it has an externalId and else DRAFT, or always the same."""
    vendor_draft_external_id: Literal["stored", "dropped"] = "stored"
    """Whether a new vendor that becomes a DRAFT keeps the externalId that it was created with."""
    vendor_list_default: Literal["all", "active"] = "all"
    """What a vendor search without ``states`` finds."""
    vendor_put_state: Literal["set", "ignore"] = "set"
    """Whether ``state`` in the PUT of a vendor changes its state."""
    vendor_activate_code: Literal["set", "ignore"] = "set"
    """Whether ``code`` in the activation of a vendor changes its code."""
    job_list_order: Literal["created", "newest"] = "created"
    """The order of the job list when no ``sorting_keys`` are sent: as they were made, or newest first."""
    job_unique: Literal["open", "started", "none"] = "open"
    """Which jobs make the creation of another one answer 409: pending or in_progress ones, in_progress ones, none."""
    job_started_beside: Literal[202, 422] = 202
    """``started`` for a job while another one is in_progress: accepted or refused."""
    job_started_again: Literal[202, 422] = 422
    """``started`` for a job that is in_progress: accepted without effect, or refused."""
    job_close_pending: Literal[202, 422] = 422
    """A closing event for a job that was never started."""
    job_close_open_items: Literal[202, 422] = 422
    """``completed`` and ``completed_with_errors`` while items are open, which abandons them; ``failed`` is accepted."""
    job_update_pending: Literal[200, 422] = 200
    """Updates of items while their job is pending."""
    job_successful_item: Literal["final", "same", "changeable"] = "same"
    """An update of an item that is successful: an error, an error unless it says the same, or stored."""
    job_update_answers: Literal["sent", "stored", "all"] = "sent"
    """The ``data`` of an update: the items that were sent, those of them without an error, or all of the job."""
    job_reads_renew: bool = False
    """Whether reading a job or its items starts the time to its expiry anew, as every write does."""
    job_pending_expires: bool = False
    """Whether a job can expire before it was started."""
    job_expires_in: Number = 3600
    """Seconds without an action after which a job expires, unless the job itself says otherwise."""
    job_unknown_entries: Literal["make", "refuse"] = "refuse"
    """Entries that no earlier job had in the creation of a job: made up, or 400."""
    contra_accounts: Literal["mapped", "missing"] = "mapped"
    """Missing contra accounts answer 400 to the creation of a job and to reading export items."""
    export_items_without_job: Literal["open", "none", 400] = "open"
    """Reading export items without ``job_id``: those of all jobs that are not over, none, or refused."""
    null_types: bool = True
    """Whether an absent ``subType`` or item ``failureReasonType`` is sent as null, as samples do, or left out."""
    file_links: Literal["sandbox", "seeded"] = "sandbox"
    """Where files of export items are linked: at ``/_files`` of the sandbox, or where the seed says."""
    file_link_seconds: Number = 86400
    """How long a link to a file works after the fetch of its item."""
    seed_ids: int | None = None
    """Makes ids and timestamps of new records the same in every run with the same number; None: random ids
    and the time of day."""
    credentials: tuple[Credential, ...] = DEFAULT_CREDENTIALS
    """The API keys and tokens that are let in."""
    oauth_clients: tuple[OAuthClient, ...] = DEFAULT_CLIENTS
    """The clients that may sign in by OAuth."""
    oauth_consent: Literal["agree", "refuse"] = "agree"
    """What the person does whom a client asks for consent."""
    oauth_issuer: bool = True
    """Whether the answer to a consent names the server (``iss``)."""
    access_token_seconds: Number = 900
    """The life of an access token."""
    refresh_token_seconds: Number = 5184000
    """The life of a refresh token; one that has ended ends its whole grant."""
    refresh_rotates: bool = True
    """Whether a refresh gives a new refresh token and spends the old one."""
    refresh_reuse: Literal["revoke", "refuse", "same"] = "revoke"
    """A refresh token that was spent: ends the whole grant, is refused, or gets the pair that it gave before."""
    refresh_reuse_seconds: Number | None = None
    """For how long after its use a spent token gets the ``same`` pair; then it ends the grant. None: for ever."""
    device_code_polls: Count = 1
    """How often the token for a device code is asked for before somebody agrees."""

    def __post_init__(self) -> None:
        """Refuse values that no field documents."""
        checked(self)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Settings:
        """Settings from camel-cased names, as a config file or the control endpoint gives them."""
        return decoded(data, cls, "settings")

    def changed(self, data: Mapping[str, Any]) -> Settings:
        """A copy in which the given camel-cased names have new values."""
        if not isinstance(data, dict):
            raise BadInput("settings", "must be a mapping")
        return self.from_mapping({**msgspec.to_builtins(self), **data})

    def as_json(self) -> Record:
        """The settings by their camel-cased names; credentials and clients show everything but their secrets."""
        values: Record = msgspec.to_builtins(self)
        return values | {
            "credentials": [credential.as_json() for credential in self.credentials],
            "oauthClients": [client.as_json() for client in self.oauth_clients],
        }
