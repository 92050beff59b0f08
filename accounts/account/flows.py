"""An account's own life: opened, its address proven and changed, its password changed, its profile edited."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils.translation import get_language

from accounts.account import events, notices, policy
from accounts.account.proofs import CHANGE_EMAIL, CONFIRM_EMAIL, void_confirmations
from accounts.budgets import mails
from accounts.customer import addresses, proofs
from accounts.lock.flows import locks, reversible
from accounts.lock.flows.everywhere import announce
from accounts.models import Change, Session, User
from accounts.passwords import validator as passwords
from accounts.registration import challenges
from accounts.registration.facts import of_sign_up
from accounts.restrictions import notices as restriction_notices
from accounts.sessions import flows as sessions
from accounts.step_up.flows import permitted
from ciam_portal.core import gate, links, mailbox
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require_action
from ciam_portal.core.outbox.notice import Asked
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.themes import Joined

if TYPE_CHECKING:
    from accounts.sign_in.flows import Browser

PROVEN = Joined[Callable[..., None]]()
"""What else begins once the address of a new account is proven: ``f(customer, *, by, at)``, part of that flow."""


@flow
def open_account(
    email: str, password: str | None, browser: "Browser | None" = None, *, by: Actor, at: datetime
) -> User | None:
    """A new account that can do nothing until its address is proven; None if the address has a proven account.

    Anybody may sign up with an address that nobody has proven, again and again, and voids nothing: each attempt has a
    link of its own, and the one that is used first decides which password the account has. ``password`` None: it is
    chosen behind the link. ``browser``: where a stranger comes from; only the system (an import, the demonstration)
    comes from nowhere. Raises NoMailbox, TooMany; ProveMore, OnHold or Refused by what the gate says.
    """
    email = mailbox.canonical(email)
    if by.channel is not Channel.SYSTEM:
        if browser is None:
            raise Refused(gate.Reason.WRONG_DOOR)
        require_action(Action.SIGN_UP, of_sign_up(email, browser, by=by, at=at), about=None, by=by, at=at)
        _pay(email, browser, at)  # who is refused uses up nothing of the address
    return prepare(email, password, browser, by=by, at=at)


def prepare(email: str, password: str | None, browser: "Browser | None", *, by: Actor, at: datetime) -> User | None:
    """The same, once it is decided and paid for: part of a flow that has."""
    known = User.objects.select_for_update(no_key=True).filter(email=email).first()
    if known is not None:
        return _again(known, password, by=by, at=at)
    try:
        with transaction.atomic():
            customer = User(email=email, password=make_password(password), created_at=at, password_changed_at=at)
            customer.locale = get_language() or settings.LANGUAGE_CODE
            customer.zone_seen = browser.zone if browser else ""
            customer.save(force_insert=True)
    except IntegrityError:  # the same address, signed up in the same instant
        return _again(User.objects.select_for_update(no_key=True).get(email=email), password, by=by, at=at)
    addresses.add(customer, email, proven=False)
    record(events.AccountOpened(), about=customer.pk, by=by, at=at)
    return customer


def _pay(email: str, browser: "Browser", at: datetime) -> None:
    """Work done for it, once, pays for what a network may ask; what may go to one address stays as it is."""
    work = browser.form.work
    if work is None:
        mails.take_to(mails.MailFor.SIGN_UP, email, browser.bucket)
    else:
        challenges.spend(work, at)
        mails.take(mails.MailFor.SIGN_UP, email)


def _again(known: User, password: str | None, *, by: Actor, at: datetime) -> User | None:
    hashed = make_password(password)  # in every case, so that no case is faster
    if addresses.is_proven(known) or not known.is_active or known.imported_at is not None:
        record(events.SignUpWithKnownAddress(), about=known.pk, by=by, at=at)
        return None
    if password is not None:
        set_first_password(known, hashed, at)
    record(events.AccountOpened(again=True), about=known.pk, by=by, at=at)
    return known


def set_first_password(customer: User, hashed: str, at: datetime) -> None:
    """The account has this password, as it is kept, until its address is proven. Part of a flow."""
    customer.password, customer.password_changed_at = hashed, at
    customer.save(update_fields=["password", "password_changed_at"])


@flow
def send_confirmation(customer: User, *, asked: Asked | None = None, by: Actor, at: datetime) -> None:
    """Mail the link that proves the address, with the password of now. The caller has asked for the budget."""
    link = proofs.new_link(customer, CONFIRM_EMAIL, customer.email, at, password=customer.password)
    record(events.ProofSent(purpose=Code(CONFIRM_EMAIL.name)), about=customer.pk, by=by, at=at)
    notice = notices.ConfirmYourAddress(link=link.url, hours=limits.current().proof.link_hours)
    tell(customer, notice, to=[customer.email], at=at, asked=asked)


@flow
def tell_owner(email: str, *, asked: Asked | None = None, by: Actor, at: datetime) -> None:
    """Tell the owner of a known address that somebody signed up with it."""
    customer = User.objects.get(email=email)
    record(events.ProofSent(purpose=Code("known_address")), about=customer.pk, by=by, at=at)
    notice = notices.YouHaveAnAccount(sign_in_link=links.absolute("account_login"))
    tell(customer, notice, to=[customer.email], at=at, asked=asked)


@flow
def confirm_email(secret: str, *, by: Actor, at: datetime) -> User:
    """The address is proven; the password is that of the attempt whose link this is, and no other link is left.

    Raises Refused for a link that is spent or expired.
    """
    proof = proofs.use(secret, CONFIRM_EMAIL, by=by, at=at).proof
    customer = proof.customer
    if proof.password and proof.password != customer.password:
        customer.password, customer.password_changed_at = proof.password, proof.created_at
        customer.save(update_fields=["password", "password_changed_at"])
    proven(customer, by=by, at=at)
    return customer


def proven(customer: User, *, by: Actor, at: datetime) -> None:
    """The address of a new account is proven, and it has the password that it has now. Part of a flow."""
    addresses.confirm(customer)
    void_confirmations(customer, at)
    for begin in PROVEN:
        begin(customer, by=by, at=at)
    record(events.EmailConfirmed(), about=customer.pk, by=by.known_as(customer.pk), at=at)


@flow
def ask_email_change(
    customer: User, new: str, session: Session, *, asked: Asked | None = None, by: Actor, at: datetime
) -> None:
    """Send a link to the new address, and tell the old one. Nothing changes until the new address is proven.

    An address that belongs to somebody else's account walks the same path; its owner is told instead. An account that
    was opened with it but never proven is nobody's yet.
    """
    new = mailbox.canonical(new)
    customer, _session = permitted(Action.CHANGE_EMAIL, customer, session, by=by, at=at)
    owner = User.objects.filter(email=new).first()
    if owner is not None and _is_nobodys(owner):
        owner = None
    record(events.EmailChangeAsked(address_is_free=owner is None), about=customer.pk, by=by, at=at)
    announce(customer, notices.EmailChangeStarted(links.absolute("account_reset_password")), at=at)
    if owner is None:
        link = proofs.new_link(customer, CHANGE_EMAIL, new, at)
        notice = notices.ConfirmYourNewAddress(link=link.url, hours=limits.current().proof.link_hours)
        tell(customer, notice, to=[new], at=at, asked=asked)
    else:
        tell_owner(new, asked=asked, by=by, at=at)


@flow
def change_email(customer: User, secret: str, session: Session, *, by: Actor, at: datetime) -> None:
    """The signed-in owner proves the new address with the link; old and new are told. Raises ProveMore, Refused."""
    permitted(Action.CHANGE_EMAIL, customer, session, by=by, at=at)
    found = proofs.find_link(secret, CHANGE_EMAIL)
    if found is None or found.customer_id != customer.pk:
        raise Refused(policy.Reason.LINK_DEAD)
    proof = proofs.use(secret, CHANGE_EMAIL, by=by, at=at).proof
    customer, new = proof.customer, proof.address
    before, old = addresses.proven(customer), customer.email
    undo = reversible.note(customer, Change.Kind.EMAIL, session, previous=old.encode(), at=at)
    clear(new, by=by, at=at)
    try:
        with transaction.atomic():
            customer.move_to(new)
            customer.contact_changed_at = customer.email_changed_at = at
            changed = ["email", "unsettled", "contact_changed_at", "email_changed_at"]
            customer.save(update_fields=changed)
    except IntegrityError:
        raise Refused(policy.Reason.ADDRESS_TAKEN) from None
    addresses.replace(customer, new)
    proofs.drop(customer, at)
    record(events.EmailChanged(), about=customer.pk, by=by, at=at)
    announce(customer, notices.EmailChanged(**undo), before=before, without=[new], at=at)
    tell(customer, notices.EmailChanged(), to=[new], at=at)


def _is_nobodys(account: User) -> bool:
    """Opened by somebody who never proved the address: it can do nothing, and waits for whoever reads that mail."""
    return account.is_active and account.imported_at is None and not addresses.is_proven(account)


def clear(address: str, *, by: Actor, at: datetime) -> None:
    """Whoever reads this mail has just shown it: an account that others prepared with the address goes."""
    prepared = User.objects.select_for_update().filter(email=address).first()
    if prepared is not None and _is_nobodys(prepared):
        record(events.UnprovenAccountRemoved(), about=prepared.pk, by=by, at=at)
        prepared.delete()


@transaction.atomic
def remove_never_proven(batch: int, *, by: Actor, at: datetime) -> int:
    """Accounts whose address nobody has proven in time go, with their passwords. How many: a batch at most."""
    rules = limits.current()
    before, brought = (at - timedelta(days=days) for days in (rules.retention.unproven_days, rules.moving.unseen_days))
    rows = list(addresses.never_proven(before, brought).select_for_update(skip_locked=True, of=("self",))[:batch])
    for account in rows:
        record(events.UnprovenAccountRemoved(), about=account.pk, by=by, at=at)
    User.objects.filter(pk__in=[account.pk for account in rows]).delete()
    return len(rows)


@flow
def change_password(customer: User, new: str, session: Session, *, by: Actor, at: datetime) -> None:
    """Set a password the owner chose; every other session and every token ends. Raises ProveMore or Refused."""
    customer, session = permitted(Action.CHANGE_PASSWORD, customer, session, by=by, at=at)
    undo = reversible.note(customer, Change.Kind.PASSWORD, session, at=at)
    _set_password(customer, new, at)
    ended = sessions.end_all(customer, by=by, at=at, reason=sessions.CREDENTIALS_CHANGED, keep=session)
    event = events.PasswordChanged(sessions_ended=ended[0], tokens_ended=ended[1])
    record(event, about=customer.pk, by=by, at=at)
    announce(customer, notices.PasswordChanged(**undo), at=at)


def _set_password(customer: User, new: str, at: datetime) -> None:
    customer.password, customer.password_changed_at = make_password(new), at
    customer.save(update_fields=["password", "password_changed_at"])


@flow
def restore_access(customer: User, new: str, *, by: Actor, at: datetime) -> tuple[int, int]:
    """A new password for someone who proved their address without signing in.

    Ends every session, token, link and remembered device. Second factors stay exactly as they are, nobody is signed
    in by this. A locked account is unlocked if a mailed link is enough for that (``accounts.lock.flows.locks``).
    The numbers of sessions and tokens ended. Called by recovery, which records and tells why. Raises Refused for the
    password that there is: asked last, so that nobody tries passwords here without setting the one they try.
    """
    customer = User.objects.locked(customer.pk)
    if passwords.is_the_same(new, customer):
        raise Refused(policy.Reason.SAME_PASSWORD)
    _set_password(customer, new, at)
    customer.recovered_at = at
    customer.save(update_fields=["recovered_at"])
    locks.restored(customer, by=by, at=at)
    _remind(customer, at)
    proofs.drop(customer, at)
    customer.devices.filter(revoked_at__isnull=True).update(revoked_at=at)
    return sessions.end_all(customer, by=by, at=at, reason=sessions.CREDENTIALS_CHANGED)


def _remind(customer: User, at: datetime) -> None:
    """The new password opens nothing while staff have suspended the account."""
    if customer.suspended_until is not None and customer.is_suspended(at):
        notice = restriction_notices.StillSuspended(until=customer.local(customer.suspended_until))
        tell(customer, notice, to=addresses.proven(customer), at=at)


@flow
def edit_profile(customer: User, changes: dict[str, str], session: Session, *, by: Actor, at: datetime) -> None:
    """Change name, phone, locale or timezone; only which fields changed is recorded. Raises ProveMore, Refused."""
    customer, session = permitted(Action.EDIT_PROFILE, customer, session, by=by, at=at)
    if changes.get("phone", customer.phone) != customer.phone:
        customer, _session = permitted(Action.CHANGE_PHONE, customer, session, by=by, at=at)
        undo = reversible.note(customer, Change.Kind.PHONE, session, previous=customer.phone.encode(), at=at)
        customer.contact_changed_at = at
        customer.save(update_fields=["contact_changed_at"])
        announce(customer, notices.PhoneChanged(**undo), at=at)
    fill_profile(customer, changes, by=by, at=at)


@flow
def fill_profile(customer: User, changes: dict[str, str], *, by: Actor, at: datetime) -> None:
    """The same, on the word of the system (an import, the demonstration) or of a flow that has asked."""
    customer = User.objects.locked(customer.pk)
    changed = [field for field, value in changes.items() if getattr(customer, field) != value]
    for field in changed:
        setattr(customer, field, changes[field])
    if changed:
        customer.save(update_fields=changed)
    event = events.ProfileChanged(fields=tuple(Code(field) for field in sorted(changed)))
    record(event, about=customer.pk, by=by, at=at)
