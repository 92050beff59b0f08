"""What was issued to partners: find it, issue it, end it. The only writer of codes and tokens.

Clear values exist only in the response that carries them; rows are found by digest. Everything issued from one
authorization code is a *family*, and dies together. Whoever issues holds the lock on the consent row; whoever ends
works in the order codes, refresh tokens, access tokens, so that nothing issued meanwhile is missed.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from ciam_portal.core.crypto import codes, passing, vault
from ciam_portal.core.policy import limits
from ciam_portal.core.postgres import prepared
from ciam_portal.oauth import rows
from ciam_portal.oauth.families import Carried, Issued, Root
from ciam_portal.oauth.models import AccessToken, AuthorizationCode, Partner, RefreshToken
from ciam_portal.oauth.profiles import AGENTS, Profile
from ciam_portal.oauth.resources import signed
from ciam_portal.oauth.scopes import OFFLINE

_CODE = "authorization code"
_SPENT = """UPDATE oauth_refreshtoken AS old SET used_at = %s, revoked = %s, answer = ''
FROM {done} WHERE old.id = %s AND old.revoked IS NULL RETURNING 1"""
_SEVERAL = 16  # passes over refresh tokens; each further one needs somebody who rotated during the one before


def checksum(value: str) -> str:
    """Under what a token is stored: tokens are 256 random bits, so a plain digest gives nothing away."""
    return hashlib.sha256(value.encode()).hexdigest()


# --- find


def code_of(partner: Partner, value: str) -> AuthorizationCode | None:
    """The authorization code of this value, if it was issued to this partner; used and expired ones too."""
    return AuthorizationCode.objects.filter(code__in=codes.digests(value, _CODE), application=partner).first()


def refresh_of(partner: Partner, value: str) -> RefreshToken | None:
    """The refresh token of this value, if it was issued to this partner; used, revoked and expired ones too."""
    return rows.REFRESH.first(checksum(value), partner.pk)


def access_of(value: str) -> AccessToken | None:
    """The access token of this value with all that decides about it, in one statement; expired ones too."""
    return rows.ACCESS.first(checksum(value))


def standing_refresh(value: str) -> RefreshToken | None:
    """The refresh token of this value with all that decides about it, unless it was used or revoked."""
    return rows.STANDING_REFRESH.first(checksum(value))


# --- issue


def new_code(
    root: Root, scopes: tuple[str, ...], *, redirect_uri: str, challenge: str, nonce: str, at: datetime
) -> str:
    """A new authorization code, bound to everything that its exchange will be checked against."""
    value = codes.new_token()
    AuthorizationCode.objects.create(
        code=codes.digest(value, _CODE),
        application_id=root.partner,
        user_id=root.customer,
        session_id=root.session,
        consent_id=root.consent,
        scope=" ".join(scopes),
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        code_challenge_method="S256",
        nonce=nonce,
        resource=list(root.resources),
        named=list(root.named),
        jkt=root.jkt,
        details=list(root.details) or None,
        expires=at + timedelta(seconds=limits.current().oauth.code_seconds),
    )
    return value


def spend(code: AuthorizationCode, family: UUID | None, at: datetime) -> None:
    """Used, successfully (with the family it founded) or not."""
    code.used_at, code.family = at, family
    AuthorizationCode.objects.filter(pk=code.pk).update(used_at=at, family=family)


def issue(root: Root, lasting: tuple[str, ...], carried: Carried, *, ends_at: datetime, at: datetime) -> Issued:
    """The first tokens of a family. With offline_access among the scopes, a refresh token until ``ends_at`` at most.

    An agent gets one without it: it acts until its grant ends, wherever its customer is.
    """
    lasts = OFFLINE in lasting or carried.delegation is not None
    kept, refresh = _new_refresh(root, lasting, ends_at, at) if lasts else (None, "")
    row, access = _new_access(root, carried, at)
    prepared.insert(*([kept] if kept else ()), row)
    return Issued(access, refresh, carried.scopes, lasting, carried.seconds(at), carried.details)


def rotate(
    old: RefreshToken, root: Root, lasting: tuple[str, ...], carried: Carried,
    *, after: Sequence[prepared.Part] = (), at: datetime,
) -> Issued | None:  # fmt: skip
    """The next of a family, in exchange for its refresh token; None if ``after`` found nothing (``prepared.insert``).

    The absolute end stays where it was. What is answered waits beside the next, until that is used.
    """
    kept, refresh = _new_refresh(root, lasting, old.expires_at, at)
    row, access = _new_access(root, carried, at)
    said = json.dumps([_alike(carried, root.jkt), access, refresh, carried.scopes, lasting])
    kept.answer = vault.seal(said.encode(), _context(old), beside=passing.key(at))
    if not prepared.insert(kept, row, after=(*after, (_SPENT, (at, at, old.pk)))):
        return None
    return Issued(access, refresh, carried.scopes, lasting, carried.seconds(at), carried.details)


def repeated(old: RefreshToken, wanted: Carried, *, jkt: str, at: datetime) -> Issued | None:
    """What the very same refresh was just answered with, if that answer may be lost: it was not used yet.

    For the same key and the same of everything, within the grace. None otherwise: then the token is presented twice.
    """
    grace = timedelta(seconds=limits.current().oauth.refresh_grace_seconds)
    if old.used_at is None or abs(at - old.used_at) >= grace:
        return None
    key = passing.key(old.used_at)
    live = RefreshToken.objects.filter(consent=old.consent_id, revoked__isnull=True, used_at__isnull=True)
    try:
        sealed = live.filter(token_family=old.token_family).values_list("answer", flat=True).first() or ""
        was, access, refresh, had, lasting = json.loads(vault.unseal(sealed, _context(old), beside=key))
    except vault.CannotOpen:  # what is live came later
        return None
    if was != _alike(wanted, jkt) or set(wanted.scopes or had) != set(had):
        return None
    return Issued(access, refresh, tuple(had), tuple(lasting), wanted.seconds(at), wanted.details)


def _alike(carried: Carried, jkt: str) -> list[Any]:
    return [jkt, carried.target.url, sorted(map(str, carried.details))]


def _context(old: RefreshToken) -> str:
    return f"answer to refresh token {old.pk}"


def exchanged(root: Root, carried: Carried, *, at: datetime) -> Issued:
    """An access token in exchange for another of its family."""
    row, access = _new_access(root, carried, at)
    prepared.insert(row)
    return Issued(access, "", carried.scopes, carried.scopes, carried.seconds(at), carried.details)


def issue_to_partner(partner: Partner, carried: Carried, *, jkt: str, at: datetime) -> Issued:
    """An access token with which a partner acts for itself."""
    row, access = _access(carried, at, application=partner, jkt=jkt)
    prepared.insert(row)
    return Issued(access, "", carried.scopes, carried.scopes, carried.seconds(at))


def issue_another(partner: Partner, carried: Carried, after: prepared.Part, *, at: datetime) -> Issued | None:
    """Another of these, in one statement with what is done first (``prepared.insert``); None if that did nothing."""
    row, access = _access(carried, at, application=partner)
    issued = Issued(access, "", carried.scopes, carried.scopes, carried.seconds(at))
    return issued if prepared.insert(row, after=(after,)) else None


def _new_access(root: Root, carried: Carried, at: datetime) -> tuple[AccessToken, str]:
    owned: dict[str, Any] = {"user_id": root.customer, "session_id": root.session, "consent_id": root.consent}
    owned |= {"application_id": root.partner, "family": root.family}
    return _access(carried, at, jkt=root.jkt, named=list(root.named), **owned)


def _access(carried: Carried, at: datetime, **owned: Any) -> tuple[AccessToken, str]:  # noqa: ANN401  (columns)
    """A row to be stored, and the token itself."""
    target = carried.target
    owned |= {"resource": target.audience, "details": list(carried.details) or None}
    owned |= {"parent": carried.parent, "act": carried.act, "delegation_id": carried.delegation}
    expires = at + timedelta(seconds=carried.seconds(at))
    row = AccessToken(token="", scope=" ".join(carried.scopes), expires=expires, **owned)
    server = target.signed_for
    value = signed.access_token(row, carried.says, server, at) if server else codes.new_token()
    row._raw_token = value  # noqa: SLF001  (how the library's checksum column takes the value)
    return row, value


def _new_refresh(root: Root, scopes: tuple[str, ...], ends_at: datetime, at: datetime) -> tuple[RefreshToken, str]:
    """A row to be stored, and the token itself."""
    value = codes.new_token()
    row = RefreshToken(
        token="",
        scope=" ".join(scopes),
        application_id=root.partner,
        user_id=root.customer,
        session_id=root.session,
        consent_id=root.consent,
        token_family=root.family,
        resource=list(root.resources),
        jkt=root.jkt,
        details=list(root.details) or None,
        named=list(root.named),
        idle_at=min(at + timedelta(days=limits.current().oauth.refresh_idle_days), ends_at),
        expires_at=ends_at,
    )
    row._raw_token = value  # noqa: SLF001  (how the library's checksum column takes the value)
    return row, value


# --- end


def revoke(consent: UUID) -> int:
    """End all that hangs from a consent: codes, refresh tokens, access tokens, whoever holds them. How many tokens."""
    return _end(Q(consent_id=consent))


def end_refreshing(consent: UUID) -> int:
    """End the refresh tokens that hang from a consent, and spare what is in use. How many."""
    return _end_refreshing(Q(consent_id=consent))


def revoke_all(customer: UUID) -> int:
    """End all that any partner holds from ``customer``. The number of tokens ended."""
    return _end(Q(user_id=customer))


def revoke_session(session: UUID, *, keep_offline: bool) -> int:
    """End all that came from one session; ``keep_offline`` spares what the customer allowed in their absence.

    That is what agents hold too: they act until their grant ends.
    """
    if not keep_offline:
        return _end(Q(session_id=session))
    _erase(AuthorizationCode.objects.filter(session_id=session))
    agents = AccessToken.objects.filter(session_id=session, application__profile__in=AGENTS)
    rows = AccessToken.objects.filter(session_id=session).exclude(scope__contains=OFFLINE)
    return _erase(rows.exclude(pk__in=agents.values("pk")))


def end_family(family: UUID | None) -> int:
    """End everything issued from one code. The number of tokens ended."""
    if family is None:
        return 0
    return _end_refreshing(Q(token_family=family)) + _erase(AccessToken.objects.filter(family=family))


def apps_of(customer: UUID, at: datetime) -> QuerySet[RefreshToken]:
    """The apps on this customer's devices that stay signed in: a refresh token for each, last used first."""
    on_devices = [each.value for each in Profile if each.rules.on_devices]
    rows = RefreshToken.objects.filter(user_id=customer, revoked__isnull=True, idle_at__gt=at, expires_at__gt=at)
    found = rows.filter(application__profile__in=on_devices, application__is_enabled=True, consent__ended_at=None)
    return found.select_related("application", "session").order_by("-created")


def sign_out_app(customer: UUID, family: UUID) -> tuple[UUID | None, int]:
    """End what one of them holds: of which app, and how many tokens; None if this customer has no such family."""
    rows = RefreshToken.objects.select_for_update(of=("consent",)).select_related("consent")  # as whoever issues
    held = rows.filter(user_id=customer, token_family=family).first()
    return (held.application_id, end_family(family)) if held else (None, 0)


def end_access(token: AccessToken) -> int:
    """End one access token, and what was exchanged for it. The number of tokens ended."""
    ended, layer = 0, [token.pk]
    while layer:
        # First the parents, so that whoever is exchanging one of them is waited for; then what came of it is there.
        ended += _erase(AccessToken.objects.filter(pk__in=layer))
        layer = list(AccessToken.objects.filter(parent__in=layer).values_list("pk", flat=True))
    return ended


def end_delegated(delegation: UUID) -> int:
    """End all with which somebody acts by this delegation. The number of tokens ended."""
    return _erase(AccessToken.objects.filter(delegation=delegation))


def _end(whose: Q) -> int:
    _erase(AuthorizationCode.objects.filter(whose))
    return _end_refreshing(whose) + _erase(AccessToken.objects.filter(whose))


def _end_refreshing(whose: Q) -> int:
    ended, live = 0, RefreshToken.objects.filter(whose, revoked__isnull=True)
    for _ in range(_SEVERAL):
        # An update waits for whoever is rotating one of these rows, but does not see the row that replaces it.
        ended += live.update(revoked=Now(), answer="")
        if not live.exists():
            break
    return ended


def _erase(rows: QuerySet[Any]) -> int:
    # One DELETE. Django would first collect rows that point here; the library's columns that could are never filled.
    return int(rows._raw_delete(rows.db))  # noqa: SLF001  (see above)
