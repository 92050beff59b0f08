"""Codes and tokens with all that decides about them: the reads of every request, put into SQL and planned once."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet

from ciam_portal.core.postgres.prepared import Prepared
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


def _locked(kind: type[Held]) -> Prepared[Held]:
    """By id; nobody changes it meanwhile."""
    rows = kind.objects.select_for_update(of=("self",)).select_related("user", "session__device")
    return Prepared(lambda key: rows.defer("session__visit").annotate(**_joined()).filter(pk=key))


ACCESS = Prepared(lambda digest: _whole(AccessToken).filter(token_checksum=digest))
STANDING_REFRESH = Prepared(lambda digest: _whole(RefreshToken).filter(token_checksum=digest, revoked__isnull=True))
REFRESH = Prepared(lambda digest, partner: RefreshToken.objects.filter(token_checksum=digest, application=partner))
LOCKED_CODE, LOCKED_REFRESH = _locked(AuthorizationCode), _locked(RefreshToken)
