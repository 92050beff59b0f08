"""Recovery addresses: proven by a code, told to everybody, and resting before they restore anything."""

from datetime import datetime, timedelta

from accounts.budgets import mails
from accounts.customer import addresses, proofs
from accounts.lock.flows import reversible
from accounts.models import Change, Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from recovery.addresses import events, policy
from recovery.case.policy.evidence import Way
from recovery.models import RecoveryAddress
from recovery.news import flows as news
from recovery.news import notices

RECOVERY_ADDRESS = proofs.declare(proofs.Code("recovery_address"))


def _check(customer: User, kind: Medium, address: str, by: Actor, at: datetime) -> None:
    asked = policy.AddressFacts(
        kept=RecoveryAddress.objects.kept().filter(customer=customer).count(),
        is_known=(kind, address) in addresses.every(customer),
        is_carried=kind.is_there,
    )
    require(policy.may_add, asked, about=customer.pk, by=by, at=at)


@flow
def ask_address(customer: User, session: Session, kind: Medium, address: str, *, by: Actor, at: datetime) -> None:
    """Send a code to the address. Nothing is kept until it is proven. Raises ProveMore, Refused; TooMany."""
    customer, session = permitted(Action.CHANGE_RECOVERY_ADDRESS, customer, session, by=by, at=at)
    _check(customer, kind, address, by, at)
    asked = mails.take_new_address(customer, address)
    code = proofs.new_code(customer, RECOVERY_ADDRESS, session.pk, address, at)
    notice = notices.CodeForAddress(code=code, minutes=limits.current().proof.code_minutes)
    tell(customer, notice, to=[address], channel=kind, at=at, asked=asked)
    record(events.RecoveryAddressAsked(way=Way(kind), sent=True), about=customer.pk, by=by, at=at)


@flow
def add_address(
    customer: User, session: Session, kind: Medium, address: str, code: str, *, by: Actor, at: datetime
) -> RecoveryAddress | None:
    """The address is proven by the code that went there; None for a wrong code. Raises ProveMore, Refused."""
    customer, session = permitted(Action.CHANGE_RECOVERY_ADDRESS, customer, session, by=by, at=at)
    _check(customer, kind, address, by, at)
    sent = proofs.waiting(customer, RECOVERY_ADDRESS).filter(bound_to=str(session.pk), address=address)
    if not (sent.exists() and proofs.guess_code(customer, RECOVERY_ADDRESS, session.pk, code, at)):
        record(events.RecoveryAddressMissed(), about=customer.pk, by=by, at=at)
        return None
    rest = timedelta(hours=limits.current().recovery.address_rest_hours)
    made = RecoveryAddress.objects.create(
        customer=customer, kind=kind, address=address, proven_at=at, usable_from=at + rest
    )
    event = events.RecoveryAddressAdded(key=made.pk, way=Way(kind), usable_from=made.usable_from)
    record(event, about=customer.pk, by=by, at=at)
    undo = reversible.note(customer, Change.Kind.RECOVERY_ADDRESS, session, key=made.pk, at=at)
    news.announce_address(customer, made, undo, added=True, at=at)
    return made


@flow
def remove_address(customer: User, session: Session, item: RecoveryAddress, *, by: Actor, at: datetime) -> None:
    """It is one no longer. Everybody is told how to take that back, also the removed address. Raises as above."""
    customer, session = permitted(Action.CHANGE_RECOVERY_ADDRESS, customer, session, by=by, at=at)
    found = RecoveryAddress.objects.kept().select_for_update().filter(pk=item.pk, customer=customer).first()
    if found is None:
        raise Refused(policy.Reason.NOT_THERE)
    undo = reversible.note(customer, Change.Kind.RECOVERY_ADDRESS, session, key=found.pk, at=at)
    found.remove(at)
    record(events.RecoveryAddressRemoved(key=found.pk, way=Way(found.kind)), about=customer.pk, by=by, at=at)
    news.announce_address(customer, found, undo, added=False, at=at)
