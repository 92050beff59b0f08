"""Second factors as verbs: bind, rename, remove, and answer with them.

Adding keeps every session. Removing ends the customer's other sessions that were proven with that kind of factor:
what they rest on is gone, and a lost phone or a thief's own passkey goes with it. This session stays, but shows no
more than what is left.
"""

from datetime import datetime
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as lazy

from accounts.account import notices as account_notices
from accounts.customer import proofs
from accounts.factors import bound, events, notices, policy, verifier
from accounts.factors.verifier import Checked, Outcome
from accounts.lock.flows import reversible
from accounts.lock.flows.everywhere import announce
from accounts.models import BackupCode, Change, Passkey, Session, Totp, User
from accounts.sessions import flows as sessions
from accounts.sign_in import flows as sign_in
from accounts.step_up.flows import permitted
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import Text

APP_WORDS = lazy("an authenticator app")
STEP_UP = proofs.declare(proofs.Code("step_up"))


def gather(customer: User) -> policy.FactorFacts:
    """What the policies ask about, as it stands now."""
    held = bound.second_factors(customer)
    passkeys = Passkey.objects.filter(user=customer).count() if Method.PASSKEY in held else 0
    return policy.FactorFacts(has_app=Method.TOTP in held, passkeys=passkeys)


def _words() -> dict[str, str]:
    """What every message about a factor says: where to look."""
    return {"security_link": links.absolute("accounts:security")}


def _alarm() -> dict[str, str]:
    """What is said when a password may be known to others: where a new one is set, without the old one too."""
    return _words() | {"password_link": links.absolute("account_reset_password")}


# Binding


@flow
def add_app(customer: User, session: Session, seed: bytes, code: str, *, by: Actor, at: datetime) -> bool:
    """Bind the app that shows ``code``; False if the code is wrong. The session has then proven the app as well."""
    customer, session = permitted(Action.ADD_FACTOR, customer, session, by=by, at=at)
    require(policy.may_add_app, gather(customer), about=customer.pk, by=by, at=at)
    app = verifier.add_app(customer, seed, code, at)
    if app is None:
        record(events.FactorFailed(Method.TOTP, why=Code("not_added")), about=customer.pk, by=by, at=at)
        return False
    undo = reversible.note(customer, Change.Kind.FACTOR_ADDED, session, method=Method.TOTP, key=app.pk, at=at)
    record(events.FactorAdded(Method.TOTP, key=app.pk), about=customer.pk, by=by, at=at)
    sign_in.step_up(session, Method.TOTP, by=by, at=at)
    announce(customer, notices.FactorAdded(what=APP_WORDS, **_words(), **undo), at=at)
    return True


@flow
def add_passkey(
    customer: User, session: Session, answer: verifier.Answer, name: str, *, by: Actor, at: datetime
) -> Passkey | None:
    """Bind the passkey the browser made; None if its message proves nothing. Raises Refused, ProveMore."""
    customer, session = permitted(Action.ADD_FACTOR, customer, session, by=by, at=at)
    require(policy.may_add_passkey, gather(customer), about=customer.pk, by=by, at=at)
    try:
        passkey = verifier.add_passkey(customer, answer, name)
    except verifier.KnownPasskey:
        raise Refused(policy.Reason.KNOWN_PASSKEY) from None
    except verifier.NotProven:
        record(events.FactorFailed(Method.PASSKEY, why=Code("not_added")), about=customer.pk, by=by, at=at)
        return None
    undo = reversible.note(customer, Change.Kind.FACTOR_ADDED, session, method=Method.PASSKEY, key=passkey.pk, at=at)
    event = events.FactorAdded(Method.PASSKEY, key=passkey.pk, synced=passkey.backup_eligible)
    record(event, about=customer.pk, by=by, at=at)
    sign_in.step_up(session, Method.PASSKEY, by=by, at=at)
    announce(customer, notices.FactorAdded(what=_passkey_words(passkey), **_words(), **undo), at=at)
    return passkey


def _passkey_words(passkey: Passkey) -> Text:
    return format_lazy(lazy("the passkey “{name}”"), name=passkey.name)


@flow
def make_backup_codes(customer: User, session: Session, *, by: Actor, at: datetime) -> list[str]:
    """A new set of codes, to be shown this once; older ones are dead."""
    customer, session = permitted(Action.VIEW_BACKUP_CODES, customer, session, by=by, at=at)
    require(policy.may_make_backup_codes, gather(customer), about=customer.pk, by=by, at=at)
    return _new_codes(customer, session, by=by, at=at)


@flow
def renew_backup_codes(customer: User, *, by: Actor, at: datetime) -> list[str]:
    """The same after a code was used up to get back in. Called by recovery, which asks. Raises Refused."""
    customer = User.objects.locked(customer.pk)
    require(policy.may_make_backup_codes, gather(customer), about=customer.pk, by=by, at=at)
    return _new_codes(customer, None, by=by, at=at)


def _new_codes(customer: User, session: Session | None, *, by: Actor, at: datetime) -> list[str]:
    undo = reversible.note(customer, Change.Kind.BACKUP_CODES, session, at=at)
    made = verifier.make_backup_codes(customer, at)
    record(events.BackupCodesMade(count=len(made)), about=customer.pk, by=by, at=at)
    announce(customer, notices.BackupCodesMade(count=len(made), **_words(), **undo), at=at)
    return made


@flow
def rename_passkey(passkey: Passkey, name: str, *, by: Actor, at: datetime) -> None:
    """Another name for it: a word for the customer, no proof of anything."""
    passkey = Passkey.objects.select_for_update().get(pk=passkey.pk)
    passkey.name = name
    passkey.save(update_fields=["name"])
    record(events.PasskeyRenamed(key=passkey.pk), about=passkey.user_id, by=by, at=at)


# Removing


@flow
def remove_app(customer: User, session: Session, *, by: Actor, at: datetime) -> None:
    """The authenticator app no longer opens anything."""
    customer, session = permitted(Action.REMOVE_FACTOR, customer, session, by=by, at=at)
    app = Totp.objects.select_for_update().filter(user=customer).first()
    if app is None:
        raise Refused(policy.Reason.NOT_THERE)
    undo = _note_removal(customer, session, Method.TOTP, app, at)
    key = app.pk
    Totp.objects.filter(user=customer).delete()
    _removed(customer, session, Method.TOTP, key, APP_WORDS, undo, by=by, at=at)


@flow
def remove_passkey(customer: User, session: Session, passkey: Passkey, *, by: Actor, at: datetime) -> None:
    """This passkey no longer opens anything."""
    customer, session = permitted(Action.REMOVE_FACTOR, customer, session, by=by, at=at)
    found = Passkey.objects.select_for_update().filter(pk=passkey.pk, user=customer).first()
    if found is None:
        raise Refused(policy.Reason.NOT_THERE)
    undo = _note_removal(customer, session, Method.PASSKEY, found, at)
    key, words = found.pk, _passkey_words(found)
    found.delete()
    _removed(customer, session, Method.PASSKEY, key, words, undo, by=by, at=at)


def _note_removal(
    customer: User, session: Session, method: Method, factor: Totp | Passkey, at: datetime
) -> dict[str, str]:
    stored = verifier.row_of(factor)
    return reversible.note(
        customer, Change.Kind.FACTOR_REMOVED, session, previous=stored, method=method, key=factor.pk, at=at
    )


def _removed(  # noqa: PLR0913, PLR0917  (one removal)
    customer: User,
    session: Session,
    method: Method,
    key: int,
    words: Text,
    undo: dict[str, str],
    *,
    by: Actor,
    at: datetime,
) -> None:
    held = bound.second_factors(customer)
    last = not held & policy.STRONG
    gone = {method} - held
    if last:
        BackupCode.objects.filter(customer=customer).delete()
        gone |= {Method.BACKUP_CODE}
    ended = _end_others(customer, session, method, by=by, at=at)
    proven = [Method(name) for name in session.methods]
    stored, level = policy.left_of(proven, gone)
    if len(stored) < len(proven):
        session.methods, session.level = list(stored), level
        session.save(update_fields=["methods", "level"])
    event = events.FactorRemoved(method, key=key, last=last, sessions_ended=ended)
    record(event, about=customer.pk, by=by, at=at)
    announce(customer, notices.FactorRemoved(what=words, last=last, **_words(), **undo), at=at)


def _end_others(customer: User, session: Session, method: Method, *, by: Actor, at: datetime) -> int:
    others = Session.objects.filter(customer=customer, ended_at__isnull=True, methods__contains=[method])
    resting = list(others.exclude(pk=session.pk))
    for other in resting:
        sessions.end(other, by=by, at=at, reason=sessions.CREDENTIALS_CHANGED)
    return len(resting)


# Answering


@flow
def answer_with_app(customer: User, code: str, origin: str, *, by: Actor, at: datetime) -> Checked:
    """Look at a code from the customer's app, typed at ``origin``. A wrong one is counted; the last one is told."""
    checked = _answered(customer, Method.TOTP, verifier.check_app(customer, code, origin, at), by=by, at=at)
    if checked.off:
        count = limits.current().factors.app_failures
        announce(customer, notices.AppSwitchedOff(count=count, **_alarm()), at=at)
    return checked


@flow
def answer_with_backup_code(customer: User, typed: str, *, by: Actor, at: datetime) -> Checked:
    """Use up a backup code. The customer is told, so that a stolen sheet does not stay secret."""
    checked = _answered(customer, Method.BACKUP_CODE, verifier.spend_backup_code(customer, typed, at), by=by, at=at)
    if checked.outcome is Outcome.RIGHT and checked.left is not None:
        few = checked.left <= verifier.FEW_LEFT
        announce(customer, notices.BackupCodeUsed(left=checked.left, few=few, **_alarm()), at=at)
    return checked


def _answered(customer: User, method: Method, checked: Checked, *, by: Actor, at: datetime) -> Checked:
    event: events.FactorUsed | events.FactorFailed
    if checked.outcome is Outcome.RIGHT:
        event = events.FactorUsed(method, left=checked.left)
    else:
        event = events.FactorFailed(method, why=Code("switched_off" if checked.off else checked.outcome))
    record(event, about=customer.pk, by=by, at=at)
    return checked


@flow
def answer_with_passkey(customer: User | None, answer: verifier.Answer, *, by: Actor, at: datetime) -> Passkey | None:
    """The passkey that signed this challenge, with its owner; None if none did. ``customer`` None: whose is not known.

    A right signature with a counter that went back is refused, recorded, and its owner told.
    """
    try:
        shown = verifier.check_passkey(customer, answer)
    except verifier.NotProven:
        about = customer.pk if customer else None
        record(events.FactorFailed(Method.PASSKEY, why=Code("wrong")), about=about, by=by, at=at)
        return None
    passkey, owner = shown.passkey, shown.passkey.user
    if shown.went_back:
        event = events.PasskeyCounterWentBack(key=passkey.pk, known=shown.known, shown=shown.shown)
        record(event, about=owner.pk, by=by, at=at)
        announce(owner, notices.PasskeyRefused(name=passkey.name, **_alarm()), at=at)
        return None
    record(events.FactorUsed(Method.PASSKEY), about=owner.pk, by=by, at=at)
    return passkey


@flow
def send_code(customer: User, session: Session, *, by: Actor, at: datetime) -> None:
    """Mail a code that works in this session only. The caller has asked ``mails.within_budget``."""
    code = proofs.new_code(customer, STEP_UP, session.pk, customer.email, at)
    record(events.StepUpCodeSent(session=session.pk), about=customer.pk, by=by, at=at)
    minutes, link = limits.current().proof.code_minutes, links.absolute("account_reset_password")
    notice = account_notices.CodeToProve(code=code, minutes=minutes, password_link=link)
    tell(customer, notice, to=[customer.email], at=at)


@flow
def answer_with_mail_code(
    customer: User, spec: proofs.Code, bound_to: UUID, code: str, *, by: Actor, at: datetime
) -> Checked:
    """Look at a code that was mailed for this session or sign-in. Shows that somebody reads the mailbox, no more."""
    blocked = proofs.blocked_until(customer, spec, bound_to, at)
    if blocked is not None:
        checked = Checked(Outcome.WAIT, blocked)
    elif proofs.guess_code(customer, spec, bound_to, code, at):
        checked = Checked(Outcome.RIGHT)
    else:
        checked = Checked(Outcome.WRONG, proofs.blocked_until(customer, spec, bound_to, at))
    return _answered(customer, Method.EMAIL_CODE, checked, by=by, at=at)


@flow
def note_password(customer: User, *, right: bool, by: Actor, at: datetime) -> None:
    """The customer typed the password once more; axes has counted a wrong one."""
    _answered(customer, Method.PASSWORD, Checked(Outcome.RIGHT if right else Outcome.WRONG), by=by, at=at)
