"""Lost factors go, a new one comes: the part of a recovery that changes what a customer proves with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.factors import bound, events, policy, verifier
from accounts.lock.flows import reversible
from accounts.models import BackupCode, Change, Passkey, Totp, User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from ciam_portal.core.policy.assurance import Method

Kind = Change.Kind


@dataclass(frozen=True, slots=True)
class NewApp:
    """An authenticator app to be bound: the seed it was given, and the code it shows."""

    seed: bytes
    code: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey to be bound: what the browser made, and a name for it."""

    answer: verifier.Answer
    name: str


@flow
def replace_factors(
    customer: User, lost: tuple[Method, ...], new: NewApp | NewPasskey | None, *, by: Actor, at: datetime
) -> tuple[Method, ...]:
    """Drop these kinds of factors and bind the new one; the kinds that were dropped. Called by recovery, which asks.

    Each is noted, so that it is taken back with the recovery. Backup codes stand in for a factor: once the last is
    gone, so are they. Raises Refused, and changes nothing, if what was shown of the new factor is wrong.
    """
    customer = User.objects.locked(customer.pk)
    dropped = []
    for method, rows in (
        (Method.TOTP, Totp.objects.filter(user=customer)),
        (Method.PASSKEY, Passkey.objects.filter(user=customer)),
    ):
        held = list(rows) if method in lost else []
        for factor in held:
            row = verifier.row_of(factor)
            reversible.keep(customer, Kind.FACTOR_REMOVED, None, previous=row, method=method, key=factor.pk, at=at)
        if held:
            rows.delete()
            dropped.append(method)
    last = bool(dropped) and not bound.second_factors(customer) & policy.STRONG
    if last:
        BackupCode.objects.filter(customer=customer).delete()
    if new is not None:
        _bind(customer, new, by=by, at=at)
    record(
        events.FactorsReplaced(dropped=tuple(dropped), last=last, added=new is not None),
        about=customer.pk,
        by=by,
        at=at,
    )
    return tuple(dropped)


def _bind(customer: User, new: NewApp | NewPasskey, *, by: Actor, at: datetime) -> None:
    if isinstance(new, NewPasskey):
        _bind_passkey(customer, new, by=by, at=at)
        return
    if Method.TOTP in bound.second_factors(customer):
        raise Refused(policy.Reason.ONE_APP)
    app = verifier.add_app(customer, new.seed, new.code, at)
    if app is None:
        raise Refused(policy.Reason.WRONG_NEW_CODE)
    _added(customer, Method.TOTP, app, at)
    record(events.FactorAdded(Method.TOTP, key=app.pk), about=customer.pk, by=by, at=at)


def _bind_passkey(customer: User, new: NewPasskey, *, by: Actor, at: datetime) -> None:
    try:
        passkey = verifier.add_passkey(customer, new.answer, new.name)
    except verifier.KnownPasskey:
        raise Refused(policy.Reason.KNOWN_PASSKEY) from None
    except verifier.NotProven:
        raise Refused(policy.Reason.WRONG_NEW_CODE) from None
    _added(customer, Method.PASSKEY, passkey, at)
    event = events.FactorAdded(Method.PASSKEY, key=passkey.pk, synced=passkey.backup_eligible)
    record(event, about=customer.pk, by=by, at=at)


def _added(customer: User, method: Method, factor: Totp | Passkey, at: datetime) -> None:
    # A moment after what it replaces went, so that it is taken back before that returns.
    moment = at + timedelta(microseconds=1)
    reversible.keep(customer, Kind.FACTOR_ADDED, None, method=method, key=factor.pk, at=moment)
