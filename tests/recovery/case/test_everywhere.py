"""Every proven channel hears of every change: no thief of one of them is the only one who does."""

import importlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock, patch

import pytest
from django.test import Client, override_settings

from accounts.account import flows as account
from accounts.activity.flows import disown
from accounts.customer import addresses as accounts_addresses
from accounts.factors import flows as factor_flows
from accounts.factors import verifier as factors
from accounts.factors.verifier import Outcome
from accounts.factors.verifier.passkeys import Assertion
from accounts.lock.flows import locks
from accounts.lock.policy import WayBack
from accounts.models import BackupCode, Change, Device, Passkey, Session, Totp, User
from accounts.proofing.flows import checks as identity
from accounts.restrictions import flows as restrictions
from accounts.restrictions.policy import RestrictionKind as Restricting
from accounts.restrictions.policy import Wanted, WhyRestrict
from accounts.sign_in import warn
from accounts.staff.flows import people as staff
from accounts.staff.policy import WhyLook
from accounts.undo import flows as undo
from accounts.upstream import flows as upstream
from accounts.upstream.shapes import Identity, Upstream
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.outbox.notice import ChangeNotice, Medium
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from consent.erasure import flows as erasure
from consent.export import flows as exports
from consent.models import Deletion
from recovery.addresses import facts as addresses
from recovery.case.policy.evidence import Way
from recovery.contacts.flows import contacts
from recovery.models import RecoveryAddress, Successor
from recovery.succession import flows as successors
from recovery.succession.shapes import Kind, May
from tests import factories, mailed
from tests.accounts.proofing.conftest import PASSPORT
from tests.accounts.staff.people import Member
from tests.factories import outbox
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db
OTHER = "other@example.com"
TEXTS = Path(__file__).parents[3] / "templates" / "sms"


class Owner:
    """A customer with an app, a recovery phone and a recovery mailbox, in a session that has just proven two steps."""

    def __init__(self) -> None:
        self.customer = factories.customer(created_at=clock.now() - timedelta(days=90))
        steps.with_app(self.customer)
        steps.with_phone(self.customer)
        at = clock.now() - timedelta(days=30)
        RecoveryAddress.objects.create(
            customer=self.customer, kind="mail", address=OTHER, proven_at=at, usable_from=at + timedelta(hours=72)
        )
        self.client = Client()
        self.session = factories.signed_in(self.client, self.customer, (Method.PASSWORD, Method.TOTP))
        self.by = Actor(ActorKind.CUSTOMER, self.customer.pk, Channel.WEB, self.session.pk)
        self.channels = {self.customer.email, OTHER, steps.PHONE}

    def changes_password(self) -> None:
        account.change_password(self.customer, steps.NEW, self.session, by=self.by, at=clock.now())

    def resets(self) -> None:
        reset(self.customer)

    def changes_phone(self) -> None:
        changes = {"phone": "+4722428590"}
        account.edit_profile(self.customer, changes, self.session, by=self.by, at=clock.now())

    def changes_email(self) -> None:
        account.ask_email_change(self.customer, "new@example.com", self.session, by=self.by, at=clock.now())
        secret = message("confirm_your_new_address", "link").rstrip("/").rsplit("/", 1)[1]
        account.change_email(self.customer, secret, self.session, by=self.by, at=clock.now())

    def makes_codes(self) -> None:
        factor_flows.make_backup_codes(self.customer, self.session, by=self.by, at=clock.now())

    def adds_app(self) -> None:
        factors.take_away(self.customer, Method.TOTP, str(Totp.objects.get(user=self.customer).pk))
        at = clock.now()
        code = steps.code_at(steps.SEED, at)
        assert factor_flows.add_app(self.customer, self.session, steps.SEED, code, by=self.by, at=at)

    def removes_app(self) -> None:
        factor_flows.remove_app(self.customer, self.session, by=self.by, at=clock.now())

    def links_sign_in(self) -> None:
        at, identity = clock.now(), Identity("acme", "https://acme.example", "ada")
        with override_settings(UPSTREAMS={"acme": Upstream("Acme", "portal", "secret", key="acme")}):
            upstream.link(self.customer, self.session, identity, 0, by=self.by, at=at)

    def unlinks_sign_in(self) -> None:
        self.links_sign_in()
        with override_settings(UPSTREAMS={"acme": Upstream("Acme", "portal", "secret", key="acme")}):
            upstream.unlink(self.customer, self.session, "acme", by=self.by, at=clock.now())

    def loses_app_to_guesses(self) -> None:
        for number in range(200):
            at = clock.now() + timedelta(days=number)
            if factor_flows.answer_with_app(self.customer, "000000", f"door {number}", by=self.by, at=at).off:
                return
        raise AssertionError(Outcome.WRONG)

    def is_unlocked(self) -> None:
        locks.lock(self.customer, by=self.by, at=clock.now())
        locks.unlock(self.customer, by=self.by, at=clock.now())

    def takes_back(self) -> None:
        self.makes_codes()
        undo.undo(Change.objects.latest("at"), by=self.by, at=clock.now())

    def disowns(self) -> None:
        other = factories.signed_in(Client(), self.customer, (Method.PASSWORD, Method.BACKUP_CODE))
        disown.disown(self.customer, other, None, by=self.by, at=clock.now())

    def asks_for_change(self) -> None:
        account.ask_email_change(self.customer, "new@example.com", self.session, by=self.by, at=clock.now())

    def shows_backup_code(self) -> None:
        code = factors.make_backup_codes(self.customer, clock.now())[0]
        assert factor_flows.answer_with_backup_code(self.customer, code, by=self.by, at=clock.now()).left is not None

    def is_copied(self) -> None:
        warn.of_copied_key(self.customer, self.session_device(), by=self.by, at=clock.now())

    def session_device(self) -> Device:
        at = clock.now()
        return Device.objects.create(
            customer=self.customer, cookie_digest="d", first_seen_at=at, last_seen_at=at, known_at=at, expires_at=at
        )

    def has_passkey_copied(self) -> None:
        passkey = Passkey(user=self.customer, name="Laptop")
        shown = Assertion(passkey, went_back=True, known=7, shown=3)
        with patch.object(factors, "check_passkey", return_value=shown):
            factor_flows.answer_with_passkey(self.customer, Mock(), by=self.by, at=clock.now())

    def locks(self) -> None:
        locks.lock(self.customer, by=self.by, at=clock.now())

    def is_restricted(
        self, kind: Restricting = Restricting.SUSPEND, reason: WhyRestrict = WhyRestrict.SUSPECTED_FRAUD
    ) -> None:
        agent, at = Member(Role.AGENT), clock.now()
        staff.open_record(self.customer, WhyLook.IDENTITY_CHECK, agent.user, agent.session, by=agent.by, at=at)
        wanted = Wanted(kind, reason, 1)
        made = restrictions.restrict(self.customer, wanted, agent.user, agent.session, by=agent.by, at=at)
        restrictions.end(made, agent.user, agent.session, by=agent.by, at=at)

    def is_asked_for_more(self) -> None:
        self.is_restricted(Restricting.STEP_UP)

    def is_held(self) -> None:
        self.is_restricted(Restricting.LEGAL_HOLD, WhyRestrict.LEGAL_DUTY)

    def takes_data(self) -> None:
        exports.ask(self.customer, self.session, by=self.by, at=clock.now())

    def deletes(self) -> None:
        erasure.ask(self.customer, self.session, by=self.by, at=clock.now())

    def is_reminded(self) -> None:
        self.deletes()
        erasure.remind(Deletion.objects.get(), by=Actor.system(), at=clock.now())

    def keeps(self) -> None:
        self.deletes()
        erasure.keep(self.customer, by=self.by, at=clock.now())

    def shows_who_they_are(self) -> None:
        check, _begun = identity.start(self.customer, self.session, "attended", by=self.by, at=clock.now())
        identity.passed(identity.locked(check), PASSPORT, by=self.by, at=clock.now())

    def names_contact(self) -> None:
        contacts.invite(self.customer, self.session, "Aunt May", steps.FRIEND, by=self.by, at=clock.now())

    def names_successor(self, address: str = steps.FRIEND) -> Successor:
        return successors.name(self.customer, self.session, address, (May.BILLS,), by=self.by, at=clock.now())

    def is_said_to_have_died(self) -> None:
        person = factories.customer()
        steps.with_app(person)
        session = factories.signed_in(Client(), person, (Method.PASSWORD, Method.TOTP))
        by, long_ago = Actor(ActorKind.CUSTOMER, person.pk, Channel.WEB, session.pk), clock.now() - timedelta(days=40)
        row = self.names_successor(person.email)
        successors.accept(row, person, session, by=by, at=clock.now())
        Session.objects.filter(pk=self.session.pk).update(auth_time=long_ago)
        Successor.objects.filter(pk=row.pk).update(named_at=long_ago, accepted_at=long_ago)
        row.refresh_from_db()
        successors.open_case(row, person, session, Kind.DEATH, by=by, at=clock.now())


def message(kind: str, word: str) -> str:
    return str([mail for mail in outbox() if mail.kind == kind][-1].words[word])


def reset(customer: User, password: str = steps.NEW) -> str:
    """Through the pages, with the link in the mailbox; what the last page says."""
    client = Client()
    client.post("/forgotten-password/", {"email": customer.email})
    client.get(steps.path(message("reset_your_password", "link")), follow=True)
    return str(client.post(mailed.page(client, "/forgotten-password/new-password/"), {"password": password}).text)


def answer(link: str, do: str) -> None:
    """Somebody opens the link in a notice and presses a button."""
    browser = Client()
    browser.get(steps.path(link), follow=True)
    browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": do})


DEEDS: dict[str, Callable[[Owner], object]] = {
    "EmailChanged": Owner.changes_email,
    "PasswordChanged": Owner.changes_password,
    "PasswordWasReset": Owner.resets,
    "PhoneChanged": Owner.changes_phone,
    "FactorAdded": Owner.adds_app,
    "FactorRemoved": Owner.removes_app,
    "BackupCodesMade": Owner.makes_codes,
    "SignInLinked": Owner.links_sign_in,
    "SignInUnlinked": Owner.unlinks_sign_in,
    "AppSwitchedOff": Owner.loses_app_to_guesses,
    "AccountUnlocked": Owner.is_unlocked,
    "ChangeUndone": Owner.takes_back,
    "SessionDisowned": Owner.disowns,
    "ContactChanged": Owner.names_contact,
    "IdentityChanged": Owner.shows_who_they_are,
    "SuccessorChanged": Owner.names_successor,
    "SuccessionNews": Owner.is_said_to_have_died,
    "EmailChangeStarted": Owner.asks_for_change,
    "BackupCodeUsed": Owner.shows_backup_code,
    "DeviceCopied": Owner.is_copied,
    "PasskeyRefused": Owner.has_passkey_copied,
    "AccountLocked": Owner.locks,
    "AccountSuspended": Owner.is_restricted,
    "MoreProofAsked": Owner.is_asked_for_more,
    "RestrictionEnded": Owner.is_restricted,
    "DataHeld": Owner.is_held,
    "ExportAsked": Owner.takes_data,
    "DeletionAsked": Owner.deletes,
    "DeletionSoon": Owner.is_reminded,
    "DeletionKept": Owner.keeps,
}
NOTICES = {kind.__name__: kind for kind in ChangeNotice.__subclasses__()}


def test_every_notice_of_a_change_has_its_deed_here_and_a_text_message() -> None:
    for module in ("account", "activity", "factors", "lock", "restrictions"):
        importlib.import_module(f"accounts.{module}.notices")
    assert set(NOTICES) == set(DEEDS)
    assert not [kind.template for kind in NOTICES.values() if not (TEXTS / f"{kind.template}.txt").exists()]


@pytest.mark.control("v5.0.0-6.3.7", "63B 4.6")
@pytest.mark.parametrize("name", DEEDS)
def test_every_proven_channel_hears_of_it(name: str) -> None:
    owner = Owner()
    DEEDS[name](owner)
    told = [mail for mail in outbox() if mail.kind == NOTICES[name].template]
    assert {mail.to for mail in told} >= owner.channels
    if "undo_link" in NOTICES[name].__dataclass_fields__:
        assert all(mail.words["undo_link"] for mail in told if mail.to in owner.channels), name


def test_the_channels_are_all_that_is_proven_also_what_is_too_new() -> None:
    owner = Owner()
    RecoveryAddress.objects.update(
        usable_from=clock.now() + timedelta(days=1), proven_at=clock.now() - timedelta(days=1)
    )
    first, *others = accounts_addresses.every(owner.customer)
    assert first == (Medium.MAIL, owner.customer.email)
    assert sorted(others) == [(Medium.MAIL, OTHER), (Medium.SMS, steps.PHONE)]


# A reset, and what takes it back


@pytest.mark.control("v5.0.0-6.4.3")
def test_a_reset_is_taken_back_by_whoever_hears_of_it_on_another_channel() -> None:
    owner = Owner()
    owner.resets()
    link = next(mail.words["undo_link"] for mail in outbox() if mail.kind == "password_was_reset" and mail.to == OTHER)
    answer(link, "undo")
    owner.customer.refresh_from_db()
    assert (owner.customer.is_open, owner.customer.way_back) == (False, WayBack.MAILBOX)
    assert not owner.customer.has_usable_password()


def test_or_only_locked() -> None:
    owner = Owner()
    owner.resets()
    answer(message("password_was_reset", "undo_link"), "lock")
    owner.customer.refresh_from_db()
    assert not owner.customer.is_open
    assert owner.customer.check_password(steps.NEW)


# A new phone


def test_a_new_phone_in_the_profile_keeps_no_code_from_the_mailbox() -> None:
    owner = Owner()
    owner.changes_phone()
    person = Person(Client())
    person.start(owner.customer.email)
    assert owner.customer.email in {mail.to for mail in outbox() if mail.kind == "recovery_code"}


def test_a_new_address_gets_none_for_three_days_and_the_page_says_so() -> None:
    owner = Owner()
    owner.changes_email()
    owner.customer.refresh_from_db()
    page = Person(Client()).start(owner.customer.email)
    assert owner.customer.email not in {mail.to for mail in outbox() if mail.kind == "recovery_code"}
    assert "has been for 72 hours" in page.text
    assert addresses.for_codes(owner.customer, Way.MAIL, clock.now() + timedelta(hours=73))


# A sign-in with a backup code


@pytest.mark.parametrize("methods", [(Method.PASSWORD, Method.BACKUP_CODE), (Method.PASSWORD, Method.TOTP)])
def test_disowning_a_sign_in_with_a_backup_code_ends_the_set_and_says_so(
    methods: tuple[Method, ...],
) -> None:
    owner, with_code = Owner(), Method.BACKUP_CODE in methods
    sheet = factors.make_backup_codes(owner.customer, clock.now())
    other = factories.signed_in(Client(), owner.customer, methods)
    page = owner.client.post(f"/activity/sessions/{other.pk}/answer/", {"said": "not_mine"}, follow=True)
    assert Session.objects.get(pk=other.pk).said == Session.Said.NOT_MINE
    assert BackupCode.objects.filter(customer=owner.customer).exists() is not with_code
    told = [mail for mail in outbox() if mail.kind == "session_disowned"]
    assert {mail.words["codes"] for mail in told} == {with_code}
    assert ("Make new backup codes" in page.text) is with_code
    outcome = factor_flows.answer_with_backup_code(owner.customer, sheet[0], by=owner.by, at=clock.now()).outcome
    assert (outcome is Outcome.WRONG) is with_code


# A new password is another one


SAME = "This is the password you have already"


@pytest.mark.control("v5.0.0-6.2.2")
@pytest.mark.parametrize("where", ["change", "reset", "finish"])
def test_a_new_password_is_another_one(where: str) -> None:
    owner = Owner()
    if where == "change":
        sent = {"current": factories.PASSWORD, "password": factories.PASSWORD}
        said = owner.client.post("/security/password/", sent).text
    elif where == "reset":
        said = reset(owner.customer, factories.PASSWORD)
    else:
        person = Person(Client())
        person.two_codes(owner.customer.email)
        with steps.later(days=8):
            said = person.finish(factories.PASSWORD).text
    assert SAME in said
    owner.customer.refresh_from_db()
    assert owner.customer.check_password(factories.PASSWORD)
    assert not [mail for mail in outbox() if mail.kind in {"password_changed", "password_was_reset"}]
