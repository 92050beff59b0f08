"""Codes and tokens with all that decides about them: the reads of every request, put into SQL and planned once."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from ciam_portal.core.postgres.prepared import Part, Prepared, connection, versions
from ciam_portal.core.themes import Joined
from ciam_portal.oauth.models import AccessToken, AuthorizationCode, RefreshToken

Token = TypeVar("Token", AccessToken, RefreshToken)
Held = TypeVar("Held", AuthorizationCode, RefreshToken)

ALONGSIDE = Joined[Callable[[], Mapping[str, Any]]]()
"""What themes further up read with a code or token, in the same statement: expressions, by the names they get."""


def _joined() -> dict[str, Any]:
    return {name: expression for part in ALONGSIDE for name, expression in part().items()}


def _whole(kind: type[Token]) -> QuerySet[Token]:
    """Without what is long."""
    rows: QuerySet[Token] = kind.objects.select_related("application", "user", "consent", "session__device")
    rows = rows.annotate(**_joined())
    return rows.defer("session__visit", "session__device__former_digests", "application__redirect_uris")


def _with_root(kind: type[Held]) -> QuerySet[Held]:
    """With what it hangs from."""
    rows: QuerySet[Held] = kind.objects.select_related("user", "consent", "session__device").annotate(**_joined())
    return rows.defer("session__visit")


def _beneath(kind: type[Held]) -> Prepared[Held]:
    """By id; nobody changes it meanwhile."""
    return Prepared(lambda key: _with_root(kind).select_for_update(of=("self",)).filter(pk=key))


ACCESS = Prepared(lambda digest: _whole(AccessToken).filter(token_checksum=digest))
STANDING_REFRESH = Prepared(lambda digest: _whole(RefreshToken).filter(token_checksum=digest, revoked__isnull=True))
REFRESH = Prepared(lambda digest, partner: RefreshToken.objects.filter(token_checksum=digest, application=partner))
_BENEATH: Mapping[type[Any], Prepared[Any]] = {kind: _beneath(kind) for kind in (AuthorizationCode, RefreshToken)}
# Django has no FOR SHARE. Rows are locked in the order of these names.
_ROOT = """
JOIN consent_consent AS consent ON consent.id = held.consent_id
JOIN accounts_user AS customer ON customer.id = held.user_id
JOIN accounts_session AS session ON session.id = held.session_id
"""


def locked(kind: type[Held], partner: UUID, column: str, value: str | UUID) -> Held | None:
    """The code or refresh token of this partner's with this value in a column of it; nobody changes it meanwhile.

    Nor what it hangs from: consent, customer and session are locked first, and all is read as it stands then.
    """
    table = kind._meta.db_table  # noqa: SLF001  (Django's documented way)
    statement = f"""SELECT held.id FROM {table} AS held {_ROOT}
        WHERE held.{column} = %s AND held.application_id = %s FOR UPDATE OF consent FOR SHARE OF customer, session"""  # noqa: S608  (our own)
    with connection.prepared(statement, [value, partner]) as cursor:
        found = cursor.fetchone()
    return _BENEATH[kind].first(*found) if found else None


_AS_READ = versions("oauth_refreshtoken", "consent_consent", "accounts_user", "accounts_session", "accounts_device")
SEEN_REFRESH = Prepared(
    lambda digest, partner: (
        _with_root(RefreshToken)
        .annotate(versions=RawSQL(f"{_AS_READ}::text", ()))  # noqa: S611  (our own)
        .filter(token_checksum=digest, application=partner, revoked__isnull=True)
    )
)
"""A refresh token and what it hangs from, not locked."""
_UNCHANGED = f"""
SELECT 1 FROM {{done}} CROSS JOIN oauth_refreshtoken AS held {_ROOT}
JOIN accounts_device AS device ON device.id = session.device_id
WHERE held.id = %s AND {versions("held", "consent", "customer", "session", "device")}::text = %s
FOR UPDATE OF consent, held SKIP LOCKED FOR SHARE OF customer, session, device SKIP LOCKED
"""  # noqa: S608  (our own)


def unchanged(seen: RefreshToken) -> Part:
    """Locks the same, and finds something if all of them are as they were ``seen``; it waits for nobody.

    Nothing, if one of them is locked, or the session has no device.
    """
    return _UNCHANGED, (seen.pk, seen.versions)
