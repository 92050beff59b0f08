"""Where the mailbox lay with which an account began, if not with everybody's provider; domains that staff passed."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.customer.models.user import User
from accounts.trust.policy import WhyPass
from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.words import choices


@retention.kept(lambda rules, at: Q(proven_at__lt=at - timedelta(days=rules.trust.waiting_days)))
class Beginning(models.Model):
    """An account's first proven mailbox. ``waits``: others came before it there, so it waits for evidence.

    It is the domain as it was then: a later change of address takes nobody out of the count.
    """

    customer = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="beginning", db_comment="pseudonymous"
    )
    domain = models.CharField(max_length=253, db_comment="personal: email; the domain of the first address")
    host = models.CharField(max_length=49, blank=True, db_comment="personal: email; the network that took its mail")
    proven_at = models.DateTimeField(db_comment="not sensitive")
    decision = models.UUIDField(null=True, db_comment="pseudonymous: the decision about it")
    waits = models.BooleanField(db_comment="not sensitive: whether it waits for evidence, or for age")
    passed_at = models.DateTimeField(null=True, db_comment="not sensitive: when staff let it go on")

    class Meta:
        verbose_name = _("account that waits for evidence")
        verbose_name_plural = _("accounts that wait for evidence")
        constraints = (
            models.CheckConstraint(
                condition=Q(waits=False) | Q(passed_at__isnull=True), name="beginning_passed_waits_no_more"
            ),
        )
        indexes = (
            models.Index(fields=["domain", "proven_at"], name="beginning_domain"),
            models.Index(fields=["host", "proven_at"], condition=~Q(host=""), name="beginning_host"),
            models.Index(fields=["proven_at"], name="beginning_proven"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    def passed(self, at: datetime) -> None:
        """It waits no longer."""
        self.waits, self.passed_at = False, at
        self.save(update_fields=["waits", "passed_at"])

    def waits_again(self) -> None:
        """It was let go on by mistake."""
        self.waits, self.passed_at = True, None
        self.save(update_fields=["waits", "passed_at"])


@erasing.stays(erasing.STAFF)
class PassedDomain(models.Model):
    """A mail domain whose accounts begin like any others, and who of the staff said so."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    domain = models.CharField(max_length=253, unique=True, db_comment="not sensitive: an organization's mail domain")
    reason = models.CharField(max_length=16, choices=choices(WhyPass), db_comment="not sensitive: a code")
    passed_by = models.UUIDField(db_comment="pseudonymous: member of staff")
    passed_at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        verbose_name = _("passed mail domain")
        verbose_name_plural = _("passed mail domains")

    def __str__(self) -> str:
        return self.domain
