"""What a customer has to prove with."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from accounts.factors import policy
from accounts.models import BackupCode, Passkey, Totp, User
from ciam_portal.core.policy.assurance import Level, Method

# Asked at every sign-in and step: written out, for putting it together costs ten times what it takes to answer.
_HELD = """
SELECT EXISTS (SELECT FROM otp_totp_totpdevice WHERE user_id = %(customer)s AND confirmed),
       EXISTS (SELECT FROM accounts_passkey WHERE user_id = %(customer)s AND confirmed),
       EXISTS (SELECT FROM accounts_backupcode WHERE customer_id = %(customer)s AND used_at IS NULL)
"""
# A sign-in elsewhere (accounts.upstream) stands in for a password.
_LINKED = "SELECT EXISTS (SELECT FROM socialaccount_socialaccount WHERE user_id = %(customer)s)"


def second_factors(customer: User) -> frozenset[Method]:
    """The second factors that this customer can use now. One query. Backup codes count only beside another factor."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"customer": customer.pk})
        app, key, spare = cursor.fetchone()
    held = {method for method, there in ((Method.TOTP, app), (Method.PASSKEY, key)) if there}
    return frozenset(held | {Method.BACKUP_CODE}) if held and spare else frozenset(held)


def _is_linked(customer: User) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_LINKED, {"customer": customer.pk})
        return bool(cursor.fetchone()[0])


def highest_level(customer: User) -> Level:
    """The most that this customer can prove."""
    known = customer.has_usable_password() or _is_linked(customer)
    return policy.highest(second_factors(customer), has_password=known)


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer's factors, for the page."""

    app: Totp | None
    passkeys: list[Passkey]
    codes_made: int
    codes_left: int


def listed(customer: User) -> Listed:
    """What the customer sees on the security page. Three queries."""
    numbers = BackupCode.objects.filter(customer=customer).aggregate(
        made=Count("pk"), left=Count("pk", filter=Q(used_at__isnull=True))
    )
    return Listed(
        app=Totp.objects.filter(user=customer, confirmed=True).order_by("pk").first(),
        passkeys=list(Passkey.objects.filter(user=customer, confirmed=True).order_by("pk")),
        codes_made=numbers["made"],
        codes_left=numbers["left"],
    )
