"""Partners and what was issued to them: django-oauth-toolkit's models, swapped before the first migration.

A token is a row that knows its customer, partner, session and consent. Nothing here holds a token or code in clear.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from ciam_portal.core import erasing, links, retention
from ciam_portal.core.crypto import codes
from ciam_portal.oauth import columns, jwts
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.environment import Environment, without_port
from ciam_portal.oauth.participants import Participant
from ciam_portal.oauth.profiles import AGENTS, Kind, Profile, Rules
from ciam_portal.oauth.resources.models import Resource
from ciam_portal.oauth.signing.models import SigningKey

__all__ = [
    "AccessToken", "AuthorizationCode", "Credential", "IDToken", "Participant", "Partner", "RefreshToken", "Resource",
    "SigningKey",
]  # fmt: skip

_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_PUBLIC = [each.value for each in Profile if each.rules.public]
_MARKED_EVERY = timedelta(hours=1)


@erasing.blanked(lambda person: models.Q(owner=person, contact=models.F("owner__email")), contact="")
class Partner(columns.Known, AbstractApplication):
    """A partner application (an OAuth client): whose it is, what kind it is, what it may ever ask for.

    What it proves that with are rows of their own (``credentials``).
    """

    SubjectType = columns.SubjectType
    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    algorithm = models.CharField(
        max_length=5,
        choices=[(name, name) for name in jwts.OURS],
        default=jwts.ES256,
        db_comment="not sensitive: what is signed for it is signed with",
    )
    profile = models.CharField(
        max_length=16, choices=[(each.value, each.name) for each in Profile], db_comment="not sensitive: its kind"
    )
    shown: "Credential | None" = None
    """What it proved on this request who it is with."""
    client_secret = hash_client_secret = None  # the library's; ours are rows of their own
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="partners",
        db_comment="pseudonymous: who answers for it; none: their account is gone, or it is older than owners are",
    )
    contact = models.CharField(
        max_length=254,
        blank=True,
        db_comment="personal: operator; address of those who run it, hears what its owner hears",
    )
    environment = models.CharField(
        max_length=10, choices=[(each.value, each.name) for each in Environment], db_comment="not sensitive"
    )
    scopes_allowed = ArrayField(
        models.CharField(max_length=64), default=list, db_comment="not sensitive: the ceiling of what it may ask for"
    )
    subject_type = models.CharField(
        max_length=8, choices=SubjectType.choices, default=SubjectType.PAIRWISE, db_comment="not sensitive"
    )
    sector = models.CharField(
        max_length=255, db_comment="not sensitive: host that pairwise subjects are computed for (OIDC Core 8.1)"
    )
    homepage_url = models.URLField(blank=True, db_comment="not sensitive")
    backchannel_logout_uri = models.URLField(
        max_length=1024, blank=True, db_comment="not sensitive: where it hears that a session is over"
    )
    notification_endpoint = columns.notified()
    purpose = models.CharField(max_length=200, blank=True, db_comment="not sensitive: one plain sentence for customers")
    maker = models.CharField(
        max_length=80, blank=True, db_comment="not sensitive: who makes an agent, as customers read it"
    )
    actions_allowed = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_comment="not sensitive: of an agent, the ceiling of what customers may let it do",
    )
    resources_allowed = ArrayField(
        models.CharField(max_length=1024),
        default=list,
        db_comment="not sensitive: APIs of others that it may ask tokens for",
    )
    decision_actions = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_comment="not sensitive: actions of its own that it may ask decisions about; none: it may not ask",
    )
    data_purposes = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_comment="not sensitive: purposes that it may use data for, as a service of ours; none: it may not",
    )
    authorization_details_types = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_comment="not sensitive: what it may ask customers to approve each time (RFC 9396 section 10)",
    )
    may_exchange = models.BooleanField(default=False, db_comment="not sensitive: may exchange tokens (RFC 8693)")
    delegates = models.BooleanField(default=False, db_comment="not sensitive: customers may act for others in it")
    document = columns.document()
    is_enabled = models.BooleanField(default=True, db_comment="not sensitive: false stops everything at once")
    enabled_at = models.DateTimeField(db_comment="not sensitive: when it was added, or switched on again")
    retired_at = models.DateTimeField(null=True, db_comment="not sensitive: when it was switched off for good")
    used_at = models.DateTimeField(null=True, db_comment="not sensitive: when it was here last, to the hour")

    class Meta(AbstractApplication.Meta):
        abstract = False
        constraints = (
            models.CheckConstraint(condition=models.Q(skip_authorization=False), name="partner_never_skips_consent"),
            models.CheckConstraint(
                condition=models.Q(
                    authorization_grant_type__in=["authorization-code", "client-credentials", _DEVICE_CODE]
                ),
                name="partner_grant_types",
            ),
            models.CheckConstraint(
                condition=models.Q(client_type="public", profile__in=_PUBLIC)
                | ~(models.Q(client_type="public") | models.Q(profile__in=_PUBLIC)),
                name="partner_is_public_by_profile",
            ),
            models.CheckConstraint(
                condition=~models.Q(environment="sandbox") | models.Q(decision_actions=[], data_purposes=[]),
                name="partner_of_sandbox_sees_nothing_of_others",
            ),
            models.CheckConstraint(
                condition=models.Q(delegates=False) | models.Q(environment="production", client_type="confidential"),
                name="partner_with_delegates_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(profile__in=AGENTS) & ~models.Q(maker="")
                | ~models.Q(profile__in=AGENTS) & models.Q(maker="", actions_allowed=[]),
                name="partner_agent_has_maker",
            ),
            models.CheckConstraint(
                condition=models.Q(retired_at=None) | models.Q(is_enabled=False), name="partner_retired_is_off"
            ),
        )

    @property
    def is_public(self) -> bool:
        """Runs where it can keep no secret (RFC 6749 section 2.1): anybody may pretend to be it."""
        return bool(self.client_type != self.CLIENT_CONFIDENTIAL)

    def serves(self, customer: UUID) -> bool:
        """Whether this customer may use it: it is on; and in the sandbox, its owner alone."""
        return self.is_on and (self.environment == Environment.PRODUCTION or customer == self.owner_id)

    @property
    def told(self) -> list[str]:
        """The addresses that hear of what concerns it: of who answers for it, and of those who run it."""
        return [address for address in (self.owner.email if self.owner else "", self.contact) if address]

    def used(self, at: datetime) -> None:
        """It was here. Written once in an hour."""
        if self.used_at is None or at - self.used_at >= _MARKED_EVERY:
            Partner.objects.filter(pk=self.pk).update(used_at=at)

    @property
    def rules(self) -> Rules:
        """What its kind must do."""
        return Profile(self.profile).rules

    @property
    def kind(self) -> Kind:
        """What it is to its customers."""
        return Profile(self.profile).kind

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Exactly one of those registered (RFC 9700 section 2.1); an app's own server on any port (RFC 8252 7.3)."""
        registered = self.redirect_uris.split()
        own = without_port(uri) if self.rules.on_devices else None
        tried = self.environment == Environment.SANDBOX and uri == links.absolute("console:tried")
        return tried or uri in registered or (own is not None and own in map(without_port, registered))

    def post_logout_redirect_uri_allowed(self, uri: str) -> bool:
        """Exactly one of those registered, character for character."""
        return uri in self.post_logout_redirect_uris.split()


# Used codes stay a while, and used refresh tokens to their end, so that a second use is recognised.
@retention.kept(lambda _rules, at: models.Q(expires__lt=at - timedelta(hours=1)))
class AuthorizationCode(columns.ReadAlong, AbstractGrant):
    """An authorization code, found by its digest."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    application = models.ForeignKey(Partner, on_delete=models.CASCADE, db_index=False, db_comment="not sensitive")
    session = models.ForeignKey("accounts.Session", on_delete=models.CASCADE, db_comment="pseudonymous")
    consent = models.ForeignKey("consent.Consent", on_delete=models.CASCADE, db_comment="pseudonymous")
    nonce = models.CharField(max_length=512, blank=True, default="", db_comment="not sensitive: the partner's own")
    jkt = columns.bound()
    details = columns.details()
    named = columns.named()
    used_at = models.DateTimeField(null=True, db_comment="not sensitive: a second use ends what the first one issued")
    family = models.UUIDField(null=True, db_comment="not sensitive: what the first use issued")

    class Meta(AbstractGrant.Meta):
        abstract = False
        indexes = (models.Index(fields=["expires"], name="code_expires"),)


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at))
class RefreshToken(columns.ReadAlong, AbstractRefreshToken):
    """A refresh token; rotated at each use, dead with its family, its consent or its absolute end."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    application = models.ForeignKey(Partner, on_delete=models.CASCADE, db_index=False, db_comment="not sensitive")
    access_token = columns.never_filled("oauth.AccessToken", "refresh_token")
    session = models.ForeignKey("accounts.Session", on_delete=models.CASCADE, db_comment="pseudonymous")
    consent = models.ForeignKey("consent.Consent", on_delete=models.CASCADE, db_comment="pseudonymous")
    scope = models.TextField(blank=True, db_comment="not sensitive")
    jkt = columns.bound()
    details = columns.details()
    named = columns.named()
    used_at = models.DateTimeField(null=True, db_comment="not sensitive: exchanged for the next; a second use is theft")
    idle_at = models.DateTimeField(db_comment="not sensitive: dead from then on if not used")
    answer = models.TextField(
        default="",
        db_default="",
        db_comment="sensitive: credential; until it is used, for who shows the one before it once more",
    )
    expires_at = models.DateTimeField(db_comment="not sensitive: absolute end of the family")

    class Meta(AbstractRefreshToken.Meta):
        abstract = False
        indexes = (
            models.Index(fields=["token_family"], name="refresh_family"),
            models.Index(fields=["expires_at"], name="refresh_expires"),
            models.Index(fields=["consent"], name="refresh_live", condition=models.Q(revoked__isnull=True)),
        )


@retention.kept(lambda _rules, at: models.Q(expires__lt=at))
class AccessToken(columns.ReadAlong, AbstractAccessToken):
    """An access token. ``session`` and ``consent`` are empty only for a partner acting for itself."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    application: Any = models.ForeignKey(
        Partner, null=True, on_delete=models.CASCADE, db_index=False, db_comment="not sensitive"
    )
    source_refresh_token = columns.never_filled("oauth.RefreshToken", "refreshed_access_token")
    id_token = columns.never_filled("oauth.IDToken", "access_token")
    session = models.ForeignKey("accounts.Session", null=True, on_delete=models.CASCADE, db_comment="pseudonymous")
    consent = models.ForeignKey("consent.Consent", null=True, on_delete=models.CASCADE, db_comment="pseudonymous")
    family = models.UUIDField(
        null=True, db_index=True, db_comment="not sensitive: the code or refresh family it came from"
    )
    jkt = columns.bound()
    details = columns.details()
    named = columns.named()
    delegation = columns.delegation()
    parent = models.UUIDField(null=True, db_comment="not sensitive: the token that it was exchanged for")
    act = models.JSONField(
        null=True, db_comment="not sensitive: who acts with it, people unnamed, the present one outside"
    )

    class Meta(AbstractAccessToken.Meta):
        abstract = False
        indexes = (
            models.Index(fields=["parent"], name="access_parent", condition=models.Q(parent__isnull=False)),
            models.Index(fields=["expires"], name="access_expires"),
            models.Index(fields=["delegation"], name="access_delegated", condition=models.Q(delegation__isnull=False)),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) | models.Q(session__isnull=False, consent__isnull=False),
                name="access_of_a_customer_has_consent",
            ),
        )


class IDToken(AbstractIDToken):
    """The library wants the table; ID tokens are verified by signature and no row is kept."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")

    class Meta(AbstractIDToken.Meta):
        abstract = False
