"""The portal makes the keys it signs with, puts the next one out before it is used, and the last one away.

A partner may keep a key set for a while, so a key is published for ``signing_key_ahead_hours`` before it signs. One
that has signed stays published as long as a session may last: what was signed in it can come back until then. One that
has signed receipts stays for as long as these are to be believed.
"""

from datetime import datetime, timedelta

from django.db import transaction

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import vault
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.signing import events
from ciam_portal.oauth.signing.models import SigningKey, Use


def need(algorithm: str, use: Use = Use.TOKENS, *, by: Actor, at: datetime) -> None:
    """See that something signs with this algorithm. The first key of a kind is made when somebody needs it."""
    if not SigningKey.objects.standing(algorithm, use).exists():
        make(algorithm, at, use, by=by, at=at)


def tend(*, at: datetime) -> int:
    """Rotate what is due: how many keys were made or put away. Run twice, nothing happens twice."""
    oauth, by, done = limits.current().oauth, Actor.system(), 0
    ahead = timedelta(hours=oauth.signing_key_ahead_hours)
    for algorithm, use in sorted(set(SigningKey.objects.filter(ends_at=None).values_list("algorithm", "use"))):
        standing = list(SigningKey.objects.standing(algorithm, use))
        for former in [key for key in standing if key.signs_from <= at][:-1]:
            retire(former, by=by, at=at)
            done += 1
        if at >= standing[-1].signs_from + timedelta(days=oauth.signing_key_days) - ahead:
            make(algorithm, at + ahead, Use(use), by=by, at=at)
            done += 1
    return done


@flow
def make(algorithm: str, signs_from: datetime, use: Use = Use.TOKENS, *, by: Actor, at: datetime) -> SigningKey:
    """A new key. It is published at once, and signs from then on."""
    kid, public, private = jwts.new_key(algorithm)
    key = SigningKey(kid=kid, algorithm=algorithm, use=use, public=public, signs_from=signs_from)
    key.sealed = vault.seal(private.encode(), key.context)
    key.save(force_insert=True)
    record(events.SigningKeyMade(Code(kid), Code(algorithm), signs_from), about=None, by=by, at=at)
    transaction.on_commit(keys.forget)
    return key


@flow
def retire(key: SigningKey, *, by: Actor, at: datetime) -> None:
    """Another one signs now. What it has signed is still believed, for as long as that may live."""
    until = at + _believed(key.use)
    SigningKey.objects.select_for_update().get(pk=key.pk).end(until)
    record(events.SigningKeyRetired(Code(key.kid), until), about=None, by=by, at=at)


def _believed(use: str) -> timedelta:
    """For how long what a key has signed is believed after it."""
    rules = limits.current()
    if use == Use.RECEIPTS:
        return timedelta(days=rules.retention.receipt_key_days)
    seconds = max(rules.oauth.id_token_seconds, rules.oauth.access_token_seconds, rules.oauth.logout_token_seconds)
    return max(timedelta(seconds=seconds), timedelta(hours=rules.session.absolute_hours))


@flow
def revoke(kid: str, *, by: Actor, at: datetime) -> SigningKey | None:
    """This key may be known to others: from now on it signs nothing and is believed by nobody who asks us.

    If nothing else signs with its algorithm, the one that waits does from now on, or a new one: that one. Raises
    SigningKey.DoesNotExist.
    """
    key = SigningKey.objects.select_for_update().published(at).get(kid=kid)
    key.end(at)
    record(events.SigningKeyRevoked(Code(kid)), about=None, by=by, at=at)
    transaction.on_commit(keys.forget)
    standing = SigningKey.objects.standing(key.algorithm, key.use)
    if standing.filter(signs_from__lte=at).exists():
        return None
    waits = standing.first()
    if waits is None:
        return make(key.algorithm, at, Use(key.use), by=by, at=at)
    waits.begin(at)
    return waits
