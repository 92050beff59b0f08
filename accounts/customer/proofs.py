"""Links and codes that prove an address: made, looked up, spent. Single use, digest only, bound to their purpose."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet

from accounts.models import Proof, User
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits

Purpose = Proof.Purpose
_OPENS_NOTHING = (Purpose.DISOWN, Purpose.UNDO, Purpose.STOP_RECOVERY)
_ANYBODY_ASKS = (Purpose.RESET_PASSWORD, Purpose.CONFIRM_EMAIL)


def state_of(customer: User, password: str = "") -> str:
    """Changes when password or address change: a link bound to it dies with the change, with no clean-up.

    ``password``: with this one, as it is kept, in place of the customer's.
    """
    return codes.pseudonym(f"{customer.pk}:{password or customer.password}:{customer.email}", "account state")


def is_unchanged(proof: Proof) -> bool:
    """Whether the account is as it was when the link was sent. A link that brings its own password has that one."""
    return proof.bound_to == state_of(proof.customer, proof.password)


def new_link(customer: User, purpose: Purpose, address: str, at: datetime) -> str:
    """A secret for a link to ``address``. Older links for the same purpose are dead from now on.

    Except those that anybody may ask for, to a new password or to prove the address of a new account: that must not
    void the one the owner is about to use. A new link stands beside the others, all in the same mailbox, until one of
    them is used or its time is over. One that proves the address brings the password of its own sign-up.
    """
    if purpose not in _ANYBODY_ASKS:
        _replace(customer, purpose, at)
    until = at + timedelta(hours=limits.current().proof.link_hours)
    password = customer.password if purpose == Purpose.CONFIRM_EMAIL else ""
    bound_to = state_of(customer)
    return _keep_link(customer, purpose, bound_to=bound_to, address=address, at=at, until=until, password=password)


def new_session_link(customer: User, session: UUID, address: str, at: datetime) -> str:
    """A secret for a link that answers for one session. It opens nothing, so nothing but time and use ends it.

    Other links, other sign-ins, a new password and a new address leave it alone: whoever was there before a thief
    must still be able to say so.
    """
    return _keep_link(
        customer, Purpose.DISOWN, bound_to=str(session), address=address, at=at, until=answerable_until(at)
    )


def new_stop_link(customer: User, case: UUID, address: str, at: datetime, until: datetime) -> str:
    """A secret for a link that stops one recovery. It opens nothing, so it works beside others, whatever changes."""
    return _keep_link(customer, Purpose.STOP_RECOVERY, bound_to=str(case), address=address, at=at, until=until)


def new_finish_link(customer: User, case: UUID, address: str, at: datetime, until: datetime) -> str:
    """A secret for the customer's own link to one recovery, once its wait is over. Older ones are dead from now on."""
    _replace(customer, Purpose.FINISH_RECOVERY, at)
    return _keep_link(customer, Purpose.FINISH_RECOVERY, bound_to=str(case), address=address, at=at, until=until)


def new_contact_link(
    customer: User, purpose: Purpose, bound_to: UUID, address: str, *, at: datetime, until: datetime
) -> str:
    """A secret for somebody whom the customer trusts, about one invitation or one recovery: it works beside others."""
    return _keep_link(customer, purpose, bound_to=str(bound_to), address=address, at=at, until=until)


def new_undo_link(customer: User, change: UUID, address: str, at: datetime) -> str:
    """A secret for a link that takes one change back. It opens nothing, so nothing but time and use ends it either."""
    return _keep_link(customer, Purpose.UNDO, bound_to=str(change), address=address, at=at, until=answerable_until(at))


def _keep_link(
    customer: User,
    purpose: Purpose,
    *,
    bound_to: str,
    address: str,
    at: datetime,
    until: datetime,
    password: str = "",
) -> str:
    secret = codes.new_token()
    Proof.objects.create(
        customer=customer,
        purpose=purpose,
        digest=codes.digest(secret, purpose),
        address=address,
        bound_to=bound_to,
        created_at=at,
        expires_at=until,
        password=password,
    )
    return secret


def answerable_until(at: datetime) -> datetime:
    """When a link ends that was sent at ``at`` to ask "was this you?"."""
    return at + timedelta(hours=limits.current().proof.disown_hours)


def find_link(secret: str, purpose: Purpose) -> Proof | None:
    """The proof that this secret belongs to, with its customer, whether or not it can still be used."""
    rows = Proof.objects.select_related("customer").filter(digest__in=codes.digests(secret, purpose), purpose=purpose)
    return rows.first()


def lock_link(secret: str, purpose: Purpose) -> Proof | None:
    """The same, for a flow: the customer locked first, as everywhere, then the link. None if there is none."""
    found = find_link(secret, purpose)
    if found is None:
        return None
    customer = User.objects.locked(found.customer_id)
    proof = Proof.objects.select_for_update().filter(pk=found.pk).first()
    if proof is not None:
        proof.customer = customer
    return proof


def new_code(customer: User, purpose: Purpose, session: UUID, address: str, at: datetime) -> str:
    """A code to be typed in this very session. Guesses made at an older code of it still count.

    Codes of other sessions go on working: whoever knows the password cannot void the owner's code by asking for one.
    """
    guesses = _guesses(customer, purpose, session, at)
    _codes_of(customer, purpose, session, at).filter(used_at__isnull=True).update(used_at=at)
    until = at + timedelta(minutes=limits.current().proof.code_minutes)
    return _keep_code(customer, purpose, session=session, address=address, at=at, until=until, guesses=guesses)


def new_contact_code(customer: User, attempt: UUID, address: str, at: datetime, until: datetime) -> str:
    """A code that a contact passes on. Other contacts' codes for the same try stay, and share its count of guesses."""
    guesses = _guesses(customer, Purpose.RECOVER, attempt, at)
    return _keep_code(customer, Purpose.RECOVER, session=attempt, address=address, at=at, until=until, guesses=guesses)


def _codes_of(customer: User, purpose: Purpose, session: UUID, at: datetime) -> QuerySet[Proof]:
    return Proof.objects.filter(customer=customer, purpose=purpose, bound_to=str(session), expires_at__gt=at)


def _guesses(customer: User, purpose: Purpose, session: UUID, at: datetime) -> int:
    """Those made at earlier codes of this session, which a new one does not forget."""
    most: int = _codes_of(customer, purpose, session, at).aggregate(most=Max("attempts", default=0))["most"]
    return most


def _keep_code(
    customer: User, purpose: Purpose, *, session: UUID, address: str, at: datetime, until: datetime, guesses: int
) -> str:
    code = codes.new_number()
    Proof.objects.create(
        customer=customer,
        purpose=purpose,
        digest=codes.digest(f"{session}:{code}", purpose),
        address=address,
        bound_to=str(session),
        created_at=at,
        expires_at=until,
        attempts=guesses,
    )
    return code


def void_confirmations(customer: User, at: datetime) -> None:
    """The address is proven: every other link that would prove it is dead, and the password that it brought is gone."""
    links = Proof.objects.filter(customer=customer, purpose=Purpose.CONFIRM_EMAIL)
    links.filter(used_at__isnull=True).update(used_at=at)
    links.update(password="")


def void_contact(customer: User, address: str, at: datetime) -> None:
    """Every link and code that went to this contact is dead."""
    purposes = (Purpose.CONTACT_INVITE, Purpose.CONTACT_ASK, Purpose.RECOVER)
    waiting = Proof.objects.filter(customer=customer, purpose__in=purposes, address=address, used_at__isnull=True)
    waiting.update(used_at=at)


def void_recovery(customer: User, at: datetime) -> None:
    """Every code that went out for a recovery, and every link that leads a contact to one, is dead."""
    purposes = (Purpose.CONTACT_ASK, Purpose.RECOVER)
    Proof.objects.filter(customer=customer, purpose__in=purposes, used_at__isnull=True).update(used_at=at)


def blocked_until(customer: User, purpose: Purpose, session: UUID, at: datetime) -> datetime | None:
    """Until when no code for this session is looked at, after too many wrong ones; None if one would be."""
    used_up = Proof.objects.filter(
        customer=customer,
        purpose=purpose,
        bound_to=str(session),
        expires_at__gt=at,
        attempts__gte=limits.current().proof.code_attempts,
    )
    last: datetime | None = used_up.aggregate(last=Max("expires_at"))["last"]
    return last


def awaits_code(customer: User, purpose: Purpose, session: UUID, at: datetime) -> bool:
    """Whether a code for this session is out that a guess would still be looked at for."""
    out = _codes_of(customer, purpose, session, at).filter(used_at__isnull=True)
    return out.filter(attempts__lt=limits.current().proof.code_attempts).exists()


def guess_code(customer: User, purpose: Purpose, session: UUID, code: str, at: datetime) -> bool:
    """Spend the code if it is right; count the guess if it is not. Call inside a transaction.

    There can be several: each contact of a customer has one of their own. A guess counts against all of them, and a
    right one spends all.
    """
    waiting = list(
        Proof.objects.select_for_update()
        .filter(customer=customer, purpose=purpose, bound_to=str(session), used_at__isnull=True, expires_at__gt=at)
        .order_by("pk")
    )
    if any(proof.attempts >= limits.current().proof.code_attempts for proof in waiting):
        return False
    right = [codes.matches(f"{session}:{code}", purpose, proof.digest) for proof in waiting]
    for proof in waiting:
        if any(right):
            proof.spend(at)
        else:
            proof.missed()
    return any(right)


def drop(customer: User, at: datetime) -> None:
    """Every link and code of this customer that opens something is dead."""
    waiting = Proof.objects.filter(customer=customer, used_at__isnull=True)
    waiting.exclude(purpose__in=_OPENS_NOTHING).update(used_at=at)


def _replace(customer: User, purpose: Purpose, at: datetime) -> None:
    Proof.objects.filter(customer=customer, purpose=purpose, used_at__isnull=True).update(used_at=at)
