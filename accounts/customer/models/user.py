"""A person with an account."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.lock.policy import WayBack, hardest
from accounts.passwords.shapes import FOREIGN
from ciam_portal.core import clock, mailbox, reference
from ciam_portal.core.categories import of_library
from ciam_portal.core.crypto import codes
from ciam_portal.core.words import instant

DOMAIN = Func("email", Value("@"), Value(2), function="split_part", output_field=models.TextField())
"""The mail domain of the address to sign in with."""


class Unsettled(models.TextChoices):
    """Why an account from before addresses had one form could not be given its own."""

    TAKEN = "taken", _("Another account has this mailbox")
    REFUSED = "refused", _("No address that mail can go to")


class UserManager(BaseUserManager["User"]):
    """Looks people up by email address, however it is written."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this email address."""
        return self.get(email=mailbox.named(username or ""))

    def with_foreign_passwords(self) -> "models.QuerySet[User]":
        """Those who have not signed in since they were brought from elsewhere."""
        return self.filter(password__startswith=FOREIGN)

    def locked(self, key: UUID) -> "User":
        """The user as they stand now; nobody changes them before this transaction is through."""
        return self.select_for_update(no_key=True).get(pk=key)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account: a customer, or staff."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    email = models.EmailField(unique=True, db_comment="personal: email; the login, in its canonical form")
    unsettled = models.CharField(
        max_length=8,
        blank=True,
        choices=Unsettled.choices,
        db_comment="not sensitive: why the address is not in its canonical form; empty: it is",
    )
    name = models.CharField(max_length=120, blank=True, db_comment="personal: name")
    phone = models.CharField(max_length=20, blank=True, db_comment="personal: phone; E.164, not proven")
    locale = models.CharField(max_length=10, default="en", db_comment="personal: preference")
    timezone = models.CharField(max_length=64, blank=True, default="", db_comment="personal: preference; empty: none")
    zone_seen = models.CharField(
        max_length=64, blank=True, default="", db_comment="personal: location; what their browser said at the sign-up"
    )
    is_active = models.BooleanField(default=True, db_comment="not sensitive: false closes every way in")
    is_staff = models.BooleanField(default=False, db_comment="not sensitive: may sign in to the staff site")
    created_at = models.DateTimeField(default=clock.now, editable=False, db_comment="not sensitive")
    imported_at = models.DateTimeField(null=True, db_comment="not sensitive: brought from elsewhere; empty: signed up")
    # Each session keeps its own moment of signing in; one for the whole account would be untrue for all but one.
    last_login = None
    password_changed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    contact_changed_at = models.DateTimeField(null=True, db_comment="not sensitive: address or phone last changed")
    email_changed_at = models.DateTimeField(null=True, db_comment="not sensitive: address to sign in with last changed")
    recovered_at = models.DateTimeField(null=True, db_comment="not sensitive: access last restored without signing in")
    is_recovering = models.BooleanField(default=False, db_comment="not sensitive: somebody is recovering the account")

    locked_at = models.DateTimeField(null=True, db_comment="not sensitive: nothing works until it is unlocked")
    way_back = models.CharField(
        max_length=8,
        blank=True,
        choices=[(way.value, way.name.capitalize()) for way in WayBack],
        db_comment="not sensitive: what leads back while locked",
    )

    # What stands in ``Restriction`` rows, kept beside it in the same transaction: every request reads this row anyway.
    suspended_until = models.DateTimeField(null=True, db_comment="not sensitive: until then nobody comes in")
    step_up_until = models.DateTimeField(null=True, db_comment="not sensitive: until then more proof is asked for")

    erase_at = models.DateTimeField(
        null=True, db_comment="not sensitive: erased from then on unless it is kept; nothing works until it is"
    )
    evidence_key = models.UUIDField(
        default=codes.new_key,
        db_default=RandomUUID(),
        editable=False,
        db_comment="sensitive: evidence; behind what the audit keeps of them: without this row it means nothing",
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower"),
            models.CheckConstraint(
                condition=models.Q(email__regex=mailbox.SHAPE) | ~models.Q(unsettled=""),
                name="user_email_is_canonical",
            ),
            models.CheckConstraint(
                condition=models.Q(locked_at__isnull=True, way_back="")
                | (models.Q(locked_at__isnull=False) & ~models.Q(way_back="")),
                name="user_locked_has_a_way_back",
            ),
        )
        indexes = (
            models.Index(reference.end(), name="user_reference"),
            models.Index(DOMAIN, name="user_mail_domain"),
            models.Index(fields=["phone"], condition=~models.Q(phone=""), name="user_phone"),
            models.Index(
                fields=["imported_at"], condition=models.Q(password__startswith=FOREIGN), name="user_foreign_password"
            ),
        )
        # No role may create or edit people by hand; what staff may do is a flow.
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.pk)

    def role_names(self) -> list[tuple[str, bool]]:
        """Every role held now, and whether it was given; those taken in an emergency were not. One query."""
        given = self.groups.values_list("name", Value(value=True))
        taken = self.break_glass.filter(expires_at__gt=clock.now()).values_list("role", Value(value=False))
        return list(given.union(taken))

    def move_to(self, address: str) -> None:
        """This address, in its canonical form, is the one to sign in with. Not saved yet."""
        self.email, self.unsettled = address, ""

    @property
    def shown_email(self) -> str:
        """The address as its owner would write it."""
        return mailbox.shown(self.email)

    @property
    def reference(self) -> str:
        """What they say on the phone, so that the help desk finds them."""
        return reference.of(self.pk)

    @property
    def is_nobodys(self) -> bool:
        """Whether nobody signs in to it: a business, say, for which others act."""
        return mailbox.is_nowhere(self.email)

    @property
    def called(self) -> str:
        """By what others know that it is them: the address; of an account that nobody signs in to, the name."""
        return self.name if self.is_nobodys else mailbox.spelled_out(self.email)

    @property
    def stands(self) -> bool:
        """Neither closed, locked nor about to be erased. It may be suspended for a while all the same."""
        return self.is_active and self.locked_at is None and self.erase_at is None

    def is_suspended(self, at: datetime) -> bool:
        """Whether staff have suspended the account; the instant at which that ends belongs to "over"."""
        return self.suspended_until is not None and at < self.suspended_until

    def is_open_at(self, at: datetime) -> bool:
        """Whether anything may be done with this account: it stands, and is not suspended."""
        return self.stands and not self.is_suspended(at)

    @property
    def is_open(self) -> bool:
        """The same, at this moment. What knows its own moment asks ``is_open_at``."""
        return self.is_open_at(clock.now())

    def restricted(self, *, suspended_until: datetime | None, step_up_until: datetime | None) -> None:
        """Until when restrictions by staff hold from now on."""
        self.suspended_until, self.step_up_until = suspended_until, step_up_until
        self.save(update_fields=["suspended_until", "step_up_until"])

    def shut(self, way: WayBack, at: datetime) -> None:
        """Locked from now on; the way back never gets easier while it is."""
        self.locked_at, self.way_back = at, hardest(self.way_back, way)
        self.save(update_fields=["locked_at", "way_back"])

    def leaves(self, at: datetime | None) -> None:
        """It is erased then; None: it is kept after all."""
        self.erase_at = at
        self.save(update_fields=["erase_at"])

    def close(self) -> None:
        """Nobody comes in any more, and whatever rests on the password or the account as it was is dead."""
        self.is_active = False
        self.set_unusable_password()
        self.save(update_fields=["is_active", "password"])

    def reopen(self) -> None:
        """Not locked any more."""
        self.locked_at, self.way_back = None, ""
        self.save(update_fields=["locked_at", "way_back"])

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone: the one they chose, else the one of the browser they signed up with, else UTC."""
        try:
            return ZoneInfo(self.timezone or self.zone_seen or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    def knows_a_browser(self, at: datetime, *, besides: UUID | None) -> bool:
        """Whether there is a browser, other than this one, that is theirs and known by now."""
        others = self.devices.filter(revoked_at__isnull=True, known_at__lte=at, expires_at__gt=at)
        return (others.exclude(pk=besides) if besides else others).exists()

    def local(self, at: datetime) -> str:
        """An instant as they would say it, for a message; in the language in which it is read."""
        return instant(at, self.zone)

    def get_full_name(self) -> str:
        """The name they gave, or nothing."""
        return self.name

    def get_short_name(self) -> str:
        """The name they gave, or nothing."""
        return self.name


# What the tables of libraries hold about people: of Django's own, allauth's, and axes', which stay empty.
of_library("accounts_user", password="credential")  # noqa: S106  (a category, not a secret)
of_library("accounts_user_groups")
of_library("accounts_user_user_permissions")
of_library("account_emailaddress", email="email")
of_library("account_emailconfirmation", key="credential")
of_library("django_session", session_key="credential", session_data="behavior")
of_library("django_admin_log", object_id="behavior", object_repr="behavior", change_message="behavior")
of_library("auth_group", plain="name")
of_library("auth_group_permissions")
of_library("auth_permission", plain="name codename")
of_library("django_content_type", plain="app_label model")
_REQUEST = {"user_agent": "device", "ip_address": "location", "username": "email"}
_PLAIN = "http_accept path_info"
of_library("axes_accessattempt", plain=_PLAIN, get_data="behavior", post_data="behavior", **_REQUEST)
of_library("axes_accessattemptexpiration")
of_library("axes_accessfailurelog", plain=_PLAIN, **_REQUEST)
of_library("axes_accesslog", plain=_PLAIN, session_hash="credential", **_REQUEST)
