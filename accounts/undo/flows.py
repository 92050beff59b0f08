"""This wasn't me: a change is taken back with all that came after it, everything ends, and the account is locked.

It is no way in. It signs nobody in, sets no password, and what it puts back does not open the account by itself: after
an undo of an address, a number or a factor, the mailbox alone leads nowhere (``accounts.lock.policy.WayBack``).

What themes above this one end or put back with it (consents, recoveries under way, recovery addresses) joins
``accounts.lock.flows.locks.ENDS``; a lock calls them too, with its own instant.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from accounts.activity.flows import dispute as disputes
from accounts.customer import addresses, proofs
from accounts.factors import bound
from accounts.factors import verifier as factors
from accounts.lock import events, notices, policy
from accounts.lock.flows import locks, reversible
from accounts.lock.flows.everywhere import announce
from accounts.lock.policy import WayBack
from accounts.lock.proofs import UNDO
from accounts.models import BackupCode, Change, Dispute, User
from accounts.sessions import flows as sessions
from accounts.upstream import bound as upstream
from ciam_portal.core import mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import vault
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow

log = logging.getLogger(__name__)

UNDONE = "undone"
Kind = Change.Kind
# What leads back in afterwards. Where a link could give an old mailbox or an old phone weight again, more is asked for.
_CONTACT = {Kind.EMAIL, Kind.PHONE, Kind.RECOVERY_ADDRESS}
WAYS = {
    Kind.PASSWORD: WayBack.MAILBOX,
    Kind.BACKUP_CODES: WayBack.MAILBOX,
    Kind.EMAIL: WayBack.FACTOR,
    Kind.PHONE: WayBack.FACTOR,
    Kind.FACTOR_ADDED: WayBack.FACTOR,
    Kind.FACTOR_REMOVED: WayBack.RECOVERY,
    Kind.RECOVERY_ADDRESS: WayBack.FACTOR,
    Kind.SIGN_IN_LINKED: WayBack.FACTOR,
    Kind.SIGN_IN_UNLINKED: WayBack.FACTOR,
}


@flow
def undo_by_link(secret: str, *, by: Actor, at: datetime) -> Change:
    """Whoever holds the link in the mail takes the change back. Raises Refused."""
    link = proofs.use(secret, UNDO, by=by, at=at)
    return undo(link.about, by=by.known_as(link.customer.pk), at=at)


@flow
def lock_by_link(secret: str, *, by: Actor, at: datetime) -> Change:
    """Whoever holds the link only locks; the change stays. The link is spent by it. Raises Refused."""
    link = proofs.use(secret, UNDO, by=by, at=at)
    locks.lock(link.customer, by=by.known_as(link.customer.pk), at=at)
    return link.about


@flow
def undo(change: Change, *, by: Actor, at: datetime) -> Change:
    """Put back what stood before this change, as it was before all that followed it too; end everything; lock.

    Later changes are undone with it, newest first: a thief who changed the address first got all later mails, so the
    one link that the customer has must reach all of it. Raises Refused if it was undone meanwhile.
    """
    customer = User.objects.locked(change.customer_id)
    standing = list(Change.objects.select_for_update().standing_since(customer.pk, change.at))
    if change.pk not in {each.pk for each in standing}:
        raise Refused(policy.Reason.UNDO_LINK_DEAD)
    told = addresses.proven(customer)
    restored = _take_back(customer, standing, by=by, at=at)
    proofs.drop(customer, at)
    customer.shut(policy.hardest(*(WAYS[Kind(each.kind)] for each in standing)), at)
    ended = sessions.end_all(customer, by=by, at=at, reason=UNDONE)
    locks.end_beyond(customer, change.at, by=by, at=at)
    event = events.ChangeUndone(
        change=change.pk,
        kind=Code(change.kind),
        later=len(standing) - 1,
        restored=restored,
        way=WayBack(customer.way_back),
        sessions_ended=ended[0],
        tokens_ended=ended[1],
    )
    record(event, about=customer.pk, by=by, at=at)
    disputes.open_one(customer, Dispute.Kind.NOT_ME, decision=None, change=change.pk, by=by, at=at)
    _tell(customer, change, told, restored=restored, at=at)
    change.refresh_from_db()
    return change


def _tell(customer: User, change: Change, before: Iterable[str], *, restored: bool, at: datetime) -> None:
    """To every address that was or is proven: one of them is the customer's, whoever used the link."""
    notice = notices.ChangeUndone(
        what=Change.Kind(change.kind).label, made=customer.local(change.at), restored=restored, **locks.words(customer)
    )
    announce(customer, notice, before=before, at=at)


def _take_back(customer: User, standing: list[Change], *, by: Actor, at: datetime) -> bool:
    """Newest first, each as if it had never been; whether all of it could be."""
    well = True
    before: dict[str, str] = {}
    for each in standing:
        try:
            kept = reversible.unseal(each)
        except vault.CannotOpen:
            log.exception("what was before change %s cannot be opened", each.pk)
            well = False
        else:
            before[each.kind] = kept.decode()  # the oldest one comes last and stays
            well = _factor_back(customer, each, kept) and well
        each.undo(at)
    factors.drop_idle_codes(customer, bound.second_factors(customer))
    if Kind.PASSWORD in before:
        customer.set_unusable_password()
        customer.password_changed_at = at
    customer.phone = before.get(Kind.PHONE, customer.phone)
    if Kind.EMAIL in before:
        well = _readdress(customer, before[Kind.EMAIL], by=by, at=at) and well
    if _CONTACT & before.keys():
        customer.contact_changed_at = at
    if Kind.EMAIL in before:
        customer.email_changed_at = at
    changed = ["email", "unsettled", "phone", "password", "password_changed_at", "contact_changed_at"]
    customer.save(update_fields=[*changed, "email_changed_at"])
    return well


def _factor_back(customer: User, change: Change, kept: bytes) -> bool:
    """What a change did to sign-in methods is as it was; False if it cannot be."""
    match change.kind:
        case Kind.FACTOR_ADDED:
            factors.take_away(customer, change.method, change.key)  # gone already is as good
        case Kind.SIGN_IN_LINKED:
            upstream.take_away(customer, change.key)
        case Kind.SIGN_IN_UNLINKED:
            return upstream.put_back(customer, kept)
        case Kind.FACTOR_REMOVED:
            return factors.put_back(customer, kept)
        case Kind.BACKUP_CODES:
            BackupCode.objects.filter(customer=customer, created_at__gte=change.at).delete()
    return True


def _readdress(customer: User, address: str, *, by: Actor, at: datetime) -> bool:
    """The old address is the proven one again; False if it belongs to another account by now, or is none any more.

    A sign-up with it that was never proven does not stand in the way: a thief could make one to keep the address.
    """
    try:
        address = mailbox.canonical(address)
    except mailbox.NoMailbox:
        return False
    other = User.objects.select_for_update(no_key=True).filter(email=address).exclude(pk=customer.pk).first()
    if other is not None and (addresses.is_proven(other) or other.is_staff):
        return False
    if other is not None:
        record(events.SignUpVoided(), about=other.pk, by=by, at=at)
        other.delete()
    customer.move_to(address)
    addresses.replace(customer, address)
    return True


def later(change: Change) -> list[Change]:
    """What would be undone with this change because it came after it, newest first."""
    return list(Change.objects.standing_since(change.customer_id, change.at).exclude(pk=change.pk))
