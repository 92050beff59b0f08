"""Was this you? The customer's answer about one sign-in, from the activity page or from a link in a mail.

"Not me" takes away what that sign-in had: session, browser session, tokens, the device. It lets nobody in, touches no
other session, and can be said of a session that is long over: the answer is a label that the model learns from.

An answer about another session than the one it is given in needs a proof that is fresh, in either direction: it forgets
a device and teaches the model, and a thief in a live session would give it in the owner's name. The whole answer waits
for that, so that half of one is never left behind; merely ending a session (``sessions.end``) takes one click and no
proof. The link in the mail needs none: whoever reads the mailbox is asked nowhere else to be the owner.
"""

from datetime import datetime

from accounts.activity import events, notices
from accounts.activity.events import Via
from accounts.activity.flows import dispute
from accounts.activity.proofs import DISOWN
from accounts.customer import proofs
from accounts.factors import verifier as factors
from accounts.lock.flows import locks
from accounts.lock.flows.everywhere import announce
from accounts.models import Dispute, Session, User
from accounts.sessions import flows as sessions
from accounts.step_up.flows import locked, permitted
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.oauth import tokens

Said = Session.Said
DISOWNED = "disowned"


@flow
def confirm_mine(customer: User, session: Session, here: Session | None, *, by: Actor, at: datetime) -> Session:
    """It was the customer. Nothing changes but what is known of it; a disowned sign-in stays disowned.

    ``here``: the session in which it is said; None by the link in a mail. Raises ProveMore, OnHold or Refused.
    """
    session, via = _heard(customer, session, here, by=by, at=at)
    if session.said:
        return _again(session, Said.MINE, via, by=by, at=at)
    session.answered(Said.MINE)
    event = events.WasMe(session=session.pk, via=via, own=here is not None and here.pk == session.pk)
    record(event, about=customer.pk, by=by, at=at, decision=session.decision)
    return session


@flow
def disown(customer: User, session: Session, here: Session | None, *, by: Actor, at: datetime) -> Session:
    """It was somebody else: end that session with all that hangs from it, forget its device, tell customer and staff.

    If a backup code was shown in it, the whole set is dead: new ones are made on the security page.

    Saying "it was me" before does not stand in the way: a thief in the session would have said so. ``here``: the
    session in which it is said; None by the link in a mail. Raises ProveMore, OnHold or Refused.
    """
    session, via = _heard(customer, session, here, by=by, at=at)
    if session.said == Said.NOT_MINE:
        return _again(session, Said.NOT_MINE, via, by=by, at=at)
    session.answered(Said.NOT_MINE)
    was_live = session.ended_at is None
    if was_live:
        sessions.end(session, by=by, at=at, reason=DISOWNED)
    # A plain sign-out spares what apps may do in the customer's absence; a thief's sign-out must not.
    left = tokens.revoke_session(session.pk, keep_offline=False)
    device = session.device
    revoked = device is not None and device.revoked_at is None
    if device is not None and revoked:
        device.revoke(at)
    dead = factors.drop_codes(customer) if had_codes(session) else 0
    event = events.NotMe(
        session=session.pk,
        via=via,
        was_live=was_live,
        left_tokens_ended=left,
        device_revoked=revoked,
        codes_dropped=dead,
    )
    record(event, about=customer.pk, by=by, at=at, decision=session.decision)
    dispute.open_one(customer, Dispute.Kind.NOT_ME, decision=session.decision, session=session.pk, by=by, at=at)
    announce(customer, _told(customer, session), at=at)
    return session


@flow
def answer_link(secret: str, said: Session.Said, *, by: Actor, at: datetime) -> Session:
    """The answer of whoever holds the link in the mail: it speaks for one session and opens nothing. Raises Refused."""
    link = proofs.use(secret, DISOWN, by=by, at=at)
    verb = disown if said == Said.NOT_MINE else confirm_mine
    return verb(link.customer, link.about, None, by=by.known_as(link.customer.pk), at=at)


@flow
def lock_by_link(secret: str, *, by: Actor, at: datetime) -> Session:
    """Whoever holds the link says that it was somebody else, and locks the account. Raises Refused."""
    session = answer_link(secret, Said.NOT_MINE, by=by, at=at)
    locks.lock(session.customer, by=by.known_as(session.customer_id), at=at)
    return session


def _heard(customer: User, session: Session, here: Session | None, *, by: Actor, at: datetime) -> tuple[Session, Via]:
    """The session that is spoken of, locked after its customer, once the answer may be given there."""
    if here is not None and here.pk != session.pk:
        permitted(Action.ANSWER_ABOUT_SIGN_IN, customer, here, by=by, at=at)
    _customer, session = locked(customer.pk, session.pk)
    if session.customer_id != customer.pk:
        raise Session.DoesNotExist
    return session, Via.LINK if here is None else Via.PAGE


def _again(session: Session, said: Session.Said, via: Via, *, by: Actor, at: datetime) -> Session:
    event = events.AnsweredAgain(session=session.pk, via=via, said=Code(said))
    record(event, about=session.customer_id, by=by, at=at)
    return session


def _told(customer: User, session: Session) -> notices.SessionDisowned:
    return notices.SessionDisowned(
        browser=session.agent,
        place=session.place,
        when=customer.local(session.started_at),
        password_link=links.absolute("account_reset_password"),
        security_link=links.absolute("accounts:security"),
        codes=had_codes(session),
    )


def had_codes(session: Session) -> bool:
    """Whether one of the customer's backup codes was shown in it: whoever did has seen them, so all are dead."""
    return Method.BACKUP_CODE in session.methods
