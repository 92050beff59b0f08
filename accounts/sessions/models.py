"""The browsers a customer uses, and the times they are signed in."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.customer.models.user import User
from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.words import Text, agent, place

_LATELY = 10  # sessions that are looked at for how somebody likes to prove
_FORMER = 20  # former tokens that are remembered, so that a copy is noticed


def _since(rules: limits.Limits, at: datetime, column: str) -> models.Q:
    return models.Q(**{f"{column}__lt": at - timedelta(days=rules.session.kept_days)})


class DeviceQuerySet(models.QuerySet["Device"]):
    """Reads over browsers that customers use."""

    def live(self, at: datetime) -> Self:
        """Neither revoked nor too old."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)

    def with_token(self, digests: Collection[str]) -> Self:
        """Those that one of these tokens belongs or belonged to."""
        return self.filter(models.Q(cookie_digest__in=digests) | models.Q(former_digests__overlap=list(digests)))


@retention.kept(lambda rules, at: _since(rules, at, "expires_at") | _since(rules, at, "revoked_at"))
class Device(models.Model):
    """A browser that has completed a sign-in of this customer; known by a token made then, whose digest is kept.

    Every sign-in makes another token. The one before still does for a few minutes (two tabs), and as long as neither
    the new one nor the session that came with it was seen again (a lost answer); after that, whoever shows it holds a
    copy.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices", db_comment="pseudonymous")
    cookie_digest = models.CharField(
        max_length=64, db_comment="sensitive: credential; digest of this customer's token in the device cookie"
    )
    former_digests = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_comment="sensitive: credential; digests of former tokens, oldest first",
    )
    renewed_at = models.DateTimeField(null=True, db_comment="not sensitive: when its token last took another's place")
    received_at = models.DateTimeField(null=True, db_comment="not sensitive: when that token first came back")
    browser = models.CharField(max_length=40, db_comment="personal: device; browser family")
    system = models.CharField(max_length=40, db_comment="personal: device; operating system family")
    name = models.CharField(max_length=64, blank=True, db_comment="personal: device; what its customer calls it")
    first_seen_at = models.DateTimeField(db_comment="not sensitive")
    last_seen_at = models.DateTimeField(db_comment="not sensitive")
    known_at = models.DateTimeField(db_comment="not sensitive: from then on it counts as known, not as new")
    expires_at = models.DateTimeField(db_comment="not sensitive")
    revoked_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = DeviceQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["cookie_digest"], name="device_token"),
            models.Index(fields=["expires_at"], name="device_expires"),
            models.Index(fields=["revoked_at"], name="device_revoked", condition=models.Q(revoked_at__isnull=False)),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def agent(self) -> Text:
        """The browser, as people read it."""
        return agent(self.browser, self.system)

    def call(self, name: str) -> None:
        """What its customer calls it."""
        self.name = name
        self.save(update_fields=["name"])

    def renewed(self, digest: str, at: datetime) -> None:
        """Used again: known by another token from now on."""
        former = [*self.former_digests, self.cookie_digest]
        self.former_digests = [each for each in former if each != digest][-_FORMER:]  # (an app's key stays)
        self.cookie_digest, self.renewed_at, self.received_at, self.last_seen_at = digest, at, None, at
        self.save(update_fields=["former_digests", "cookie_digest", "renewed_at", "received_at", "last_seen_at"])

    def received(self, at: datetime) -> None:
        """The browser has the new token."""
        self.received_at = at
        self.save(update_fields=["received_at"])

    def accepts(self, digests: Collection[str], at: datetime, overlap: timedelta) -> bool:
        """Whether one of these tokens is still good: the latest, or the one before while that may be all there is."""
        if self.cookie_digest in digests:
            return True
        was_last = bool(self.former_digests) and self.former_digests[-1] in digests
        in_time = self.received_at is None or (self.renewed_at is not None and at < self.renewed_at + overlap)
        return was_last and in_time

    def known_from(self, at: datetime) -> None:
        """A second factor was proven with it: no longer new."""
        if at < self.known_at:
            self.known_at = at
            self.save(update_fields=["known_at"])

    def revoke(self, at: datetime) -> None:
        """Known no more; the next sign-in with it is one from a new device."""
        self.revoked_at = at
        self.save(update_fields=["revoked_at"])

    def is_live(self, at: datetime) -> bool:
        """Neither revoked nor too old."""
        return self.revoked_at is None and at < self.expires_at


class SessionQuerySet(models.QuerySet["Session"]):
    """Reads over sessions."""

    def live(self, at: datetime, idle: timedelta) -> Self:
        """Not ended, not idle for too long, not past the absolute end."""
        return self.filter(ended_at__isnull=True, expires_at__gt=at, last_used_at__gt=at - idle)

    def standing(self, at: datetime) -> Self:
        """Live, of customers who may be signed in, with customer and device: what lets a request in."""
        return self.standing_since(at - timedelta(minutes=limits.current().session.idle_minutes), at)

    def standing_since(self, idle_from: datetime, at: datetime) -> Self:
        """The same; last used after ``idle_from``."""
        return (
            self.filter(ended_at__isnull=True, expires_at__gt=at, last_used_at__gt=idle_from)
            .select_related("customer", "device")
            .filter(customer__is_active=True, customer__locked_at=None)
            .filter(models.Q(customer__suspended_until=None) | models.Q(customer__suspended_until__lte=at))
        )

    def ways_used(self, customer: User, device: UUID | None) -> Iterator[str]:
        """How this customer has proven lately, latest first; what was used in this browser before all else."""
        here = models.Case(models.When(device=device, then=0), default=1) if device else models.Value(0)
        latest = self.filter(customer=customer).order_by(here, "-last_used_at")[:_LATELY]
        return (way for methods in latest.values_list("methods", flat=True) for way in reversed(methods))


# As long as what the customer allowed in their absence lives, what it hangs from stays.
@retention.kept(lambda rules, at: _since(rules, at, "expires_at") & models.Q(refreshtoken=None))
class Session(models.Model):
    """One time of being signed in: the root from which browser session, tokens and keys hang."""

    class Said(models.TextChoices):
        """What the customer answered to "was this you?"."""

        MINE = "mine"
        NOT_MINE = "not_mine"

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="sessions", db_comment="pseudonymous"
    )
    device = models.ForeignKey(
        Device, null=True, on_delete=models.SET_NULL, related_name="sessions", db_comment="pseudonymous"
    )
    browser_key = models.CharField(
        max_length=40, unique=True, db_comment="sensitive: credential; digest of the browser session's key"
    )
    started_at = models.DateTimeField(db_comment="not sensitive")
    last_used_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: absolute end")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")
    end_reason = models.CharField(max_length=32, blank=True, db_comment="not sensitive")
    auth_time = models.DateTimeField(db_comment="not sensitive: latest proof of any kind in this session")
    level = models.PositiveSmallIntegerField(db_comment="not sensitive: assurance level reached")
    level_at = models.DateTimeField(db_comment="not sensitive: latest proof of that level")
    methods = ArrayField(models.CharField(max_length=16), db_comment="not sensitive: ways of proving used")
    challenged_at = models.DateTimeField(null=True, db_comment="not sensitive: latest proof of more than a password")
    recognized_at = models.DateTimeField(
        null=True, db_comment="not sensitive: latest proof of another channel than the mailbox"
    )
    risk = models.PositiveSmallIntegerField(null=True, db_comment="not sensitive: as last weighed; empty: not known")
    decision = models.UUIDField(null=True, db_comment="not sensitive: the decision that let it begin")
    said = models.CharField(
        max_length=8, blank=True, choices=Said.choices, db_comment="not sensitive: whether it was the customer"
    )
    network = models.CharField(max_length=50, db_comment="personal: location; network prefix at the start")
    country = models.CharField(max_length=2, blank=True, db_comment="personal: location; country at the start")
    asn = models.PositiveBigIntegerField(null=True, db_comment="personal: location; AS number at the start")
    visit = models.JSONField(default=dict, db_comment="personal: behavior; pseudonyms of what the sign-in showed")
    network_now = models.CharField(max_length=50, blank=True, db_comment="personal: location; prefix last seen")
    browser_now = models.CharField(max_length=40, blank=True, db_comment="personal: device; family last seen")
    browser = models.CharField(max_length=40, db_comment="personal: device; browser family")
    system = models.CharField(max_length=40, db_comment="personal: device; operating system family")

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
                name="session_ends_after_start",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-last_used_at"], name="session_customer"),
            models.Index(fields=["started_at", "id"], name="session_started"),
            models.Index(fields=["expires_at"], name="session_expires"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def assurance(self) -> Assurance:
        """What this session has proven."""
        return Assurance(Level(self.level), self.level_at)

    def is_live(self, at: datetime, idle: timedelta) -> bool:
        """What the queryset's ``live`` asks, of this row."""
        return self.ended_at is None and at < self.expires_at and self.last_used_at > at - idle

    def assessed(self, risk: int | None) -> None:
        """How worried we are about it now; it falls only with a new sign-in."""
        if risk is not None and (self.risk is None or risk > self.risk):
            self.risk = risk
            self.save(update_fields=["risk"])

    @property
    def agent(self) -> Text:
        """The browser it began in, as people read it."""
        return agent(self.browser, self.system)

    @property
    def place(self) -> Text:
        """Where it began, as people read it."""
        return place(self.network, self.country)

    @property
    def place_now(self) -> tuple[str, str]:
        """The network prefix and the browser it was last seen with; those of its start until they change."""
        return self.network_now or self.network, self.browser_now or self.browser

    def browser_words(self, browser: str, system: str) -> str:
        """The browser of a request as ``browser_now`` keeps it: its family, and the system where that is another."""
        return browser if system == self.system else f"{browser} on {system}"[:40]

    def used(self, at: datetime, *, network: str, browser: str, risk: int | None = None) -> None:
        """A request came in, from there; to the minute is enough while nothing changes. Risk only rises."""
        self.last_used_at, self.network_now, self.browser_now = at, network, browser
        fields = ["last_used_at", "network_now", "browser_now"]
        if risk is not None and (self.risk is None or risk > self.risk):
            self.risk = risk
            fields.append("risk")
        self.save(update_fields=fields)

    def recognized(self, at: datetime) -> None:
        """A code that went to another channel than the mailbox came back."""
        self.recognized_at = at
        self.save(update_fields=["recognized_at"])

    def answered(self, said: str) -> None:
        """The customer says whether it was them."""
        self.said = said
        self.save(update_fields=["said"])

    def moved_to(self, browser_key: str) -> None:
        """The browser session behind it has a new key."""
        self.browser_key = browser_key
        self.save(update_fields=["browser_key"])

    def end(self, at: datetime, reason: str) -> None:
        """Over, for this reason."""
        self.ended_at, self.end_reason = at, reason
        self.save(update_fields=["ended_at", "end_reason"])


@retention.kept(lambda rules, at: _since(rules, at, "at"))
class SignInAttempt(models.Model):
    """From where somebody with the right first step was asked for more, held or stopped: no session says it."""

    decision = models.UUIDField(primary_key=True, db_comment="not sensitive: the decision that paused or stopped it")
    customer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous")
    at = models.DateTimeField(db_comment="not sensitive")
    browser = models.CharField(max_length=40, db_comment="personal: device; browser family")
    system = models.CharField(max_length=40, db_comment="personal: device; operating system family")
    network = models.CharField(max_length=50, db_comment="personal: location; network prefix")
    country = models.CharField(max_length=2, blank=True, db_comment="personal: location; country")

    class Meta:
        indexes = (models.Index(fields=["at"], name="sign_in_attempt_at"),)

    def __str__(self) -> str:
        return str(self.decision)
