"""A person with an account."""

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from ciam_portal import clock, codes


class UserManager(BaseUserManager["User"]):
    """Looks people up by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this e-mail address."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account: a customer, or staff."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    email = models.EmailField(unique=True, db_comment="personal: contact; the login, lower case")
    name = models.CharField(max_length=120, blank=True, db_comment="personal: name")
    phone = models.CharField(max_length=20, blank=True, db_comment="personal: contact; E.164, not proven")
    locale = models.CharField(max_length=10, default="en", db_comment="personal: preference")
    timezone = models.CharField(max_length=64, default="UTC", db_comment="personal: preference")
    is_active = models.BooleanField(default=True, db_comment="not sensitive: false closes every way in")
    is_staff = models.BooleanField(default=False, db_comment="not sensitive: may sign in to the staff site")
    created_at = models.DateTimeField(default=clock.now, editable=False, db_comment="not sensitive")
    # Each session keeps its own moment of signing in; one for the whole account would be untrue for all but one.
    last_login = None
    password_changed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    contact_changed_at = models.DateTimeField(null=True, db_comment="not sensitive: address or phone last changed")
    recovered_at = models.DateTimeField(null=True, db_comment="not sensitive: access last restored without signing in")
    is_recovering = models.BooleanField(default=False, db_comment="not sensitive: somebody is recovering the account")

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower"),)
        # No role may create or edit people by hand; what staff may do is a flow.
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone; UTC if what is stored is none."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    def local(self, at: datetime) -> str:
        """An instant as they would say it, for a message."""
        return f"{at.astimezone(self.zone):%-d %B %Y, %H:%M} ({self.zone.key})"

    def get_full_name(self) -> str:
        """The name they gave, or nothing."""
        return self.name

    def get_short_name(self) -> str:
        """The name they gave, or nothing."""
        return self.name
