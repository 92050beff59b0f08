"""Columns that several kinds of token have, and what those of the library hold."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core.categories import of_library
from ciam_portal.core.policy import limits


class ReadAlong:
    """What is read along with a code or token, if it was: by what stands further up (``rows.ALONGSIDE``), or here."""

    choices: list[dict[str, Any]] | None = None
    versions = ""
    """Which versions of its row, and of those it hangs from."""


class Known:
    """By whose word a partner is known: ours; or, of an agent that nobody registered, what it says of itself."""

    registration_source: str
    is_enabled: bool
    document: dict[str, Any] | None
    homepage_url: str
    redirect_uris: str

    @property
    def is_unregistered(self) -> bool:
        """Known by the address of a document about itself, and by nobody's word here."""
        return self.registration_source == "cimd"  # as the library calls it

    @property
    def is_on(self) -> bool:
        """Whether it is met at all now."""
        return self.is_enabled and (not self.is_unregistered or limits.current().unregistered_agents.allowed)

    @property
    def most_resources(self) -> int:
        """For so many it may ask tokens at a time."""
        return 1 if self.is_unregistered else 5

    @property
    def host(self) -> str:
        """The site customers know it by: its document's host, its homepage's, or the one they are sent back to."""
        address = self.document["client_id"] if self.document else self.homepage_url
        return urlsplit(address or next(iter(self.redirect_uris.split()), "")).netloc


class SubjectType(models.TextChoices):
    """OpenID Connect Core section 8."""

    PAIRWISE = "pairwise"
    PUBLIC = "public"


def bound() -> "models.CharField[str, str]":
    """The thumbprint of the key that it is bound to (RFC 9449)."""
    words = "not sensitive: thumbprint of the key it is bound to, if any"
    return models.CharField(max_length=43, blank=True, default="", db_comment=words)


def document() -> "models.JSONField[Any, Any]":
    """What an agent that nobody registered says of itself: what its customers said yes to."""
    words = "not sensitive: of an agent that nobody registered, what it says of itself at the address that names it"
    return models.JSONField(null=True, db_comment=words)


def details() -> "ArrayField[list[UUID] | None, list[UUID] | None]":
    """What the customer approved by itself (RFC 9396), by the ids of its rows."""
    words = "pseudonymous: approved authorization details that it carries, if any"
    return ArrayField(models.UUIDField(), null=True, db_comment=words)


def named() -> "ArrayField[list[str], list[str]]":
    """The single fields that a partner named."""
    words = "not sensitive: single fields that the partner named (OIDC Core 5.5), and what it said of verified claims"
    return ArrayField(models.CharField(max_length=16_384), default=list, db_comment=words)


def delegation() -> models.ForeignKey[Any, Any]:
    """By what somebody acts with it for the customer whose it is."""
    return models.ForeignKey(
        "consent.Delegation", null=True, on_delete=models.CASCADE, db_index=False, related_name="+",
        db_comment="pseudonymous: by what somebody else acts with it, if so",
    )  # fmt: skip


def notified() -> "models.URLField[str, str]":
    """Where an agent hears that its customer has answered (OpenID CIBA, ping)."""
    words = "not sensitive: where an agent hears that its customer has answered, if it does"
    return models.URLField(max_length=1024, blank=True, db_comment=words)


def never_filled(model: str, name: str) -> models.ForeignKey[Any, Any]:
    """A column that the library wants: tokens know their family instead. No index and no check."""
    return models.ForeignKey(
        model, null=True, on_delete=models.DO_NOTHING, related_name=name, db_index=False, db_constraint=False,
        db_comment="not sensitive: never filled",
    )  # fmt: skip


of_library(
    "oauth_partner", plain="client_id redirect_uris post_logout_redirect_uris client_type authorization_grant_type name"
    " allowed_origins registration_source",
)  # fmt: skip
of_library(
    "oauth_authorizationcode", plain="redirect_uri scope code_challenge code_challenge_method claims resource",
    code="credential",
)  # fmt: skip
of_library("oauth_refreshtoken", plain="resource", token="credential", token_checksum="credential")  # noqa: S106  (categories)
of_library("oauth_accesstoken", plain="scope resource", token="credential", token_checksum="credential")  # noqa: S106  (as above)
of_library("oauth_idtoken", plain="scope")
of_library(
    "oauth2_provider_devicegrant", plain="scope status client_id", device_code="credential", user_code="credential"
)
