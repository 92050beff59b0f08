"""Was this you? On the activity page, and by the link in the mail about a new browser."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.contrib.sessions.models import Session as BrowserSession
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.activity import policy
from accounts.activity.flows import disown as flows
from accounts.activity.proofs import DISOWN
from accounts.customer import proofs
from accounts.models import Device, Dispute, Proof, Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from recovery.reset.proofs import RESET_PASSWORD
from tests import elsewhere, factories, mailed
from tests.factories import Message

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
Said = Session.Said


def latest() -> Session:
    return Session.objects.order_by("-started_at")[0]


def follow(client: Client, link: str) -> Any:
    return client.get("/" + link.split("/", 3)[3], follow=True)


@pytest.fixture
def home(sign_in: SignIn, customer: User) -> Client:
    """The customer's own browser."""
    return sign_in(customer, on=Client())


@pytest.fixture
def thief(home: Client, customer: User) -> Client:
    """Somebody in another browser, who has the password and the mailbox."""
    client = elsewhere.browser()
    elsewhere.sign_in(client, customer)
    return client


@pytest.fixture
def theirs(thief: Client) -> Session:
    """The thief's session."""
    return Session.objects.get(pk=thief.session["portal_session"])


@pytest.fixture
def link(theirs: Session, outbox: Outbox) -> str:
    """The link in the mail about the thief's browser."""
    words = [mail.words for mail in outbox() if mail.kind == "new_device"][-1]
    return str(words["link"])


def say(client: Client, session: Session, said: str) -> Any:
    return client.post(f"/activity/sessions/{session.pk}/answer/", {"said": said})


# The page


@pytest.mark.control("v5.0.0-7.4.3")
def test_not_me_ends_that_session_with_all_that_hangs_from_it(
    home: Client, thief: Client, theirs: Session, customer: User, outbox: Outbox
) -> None:
    page = say(home, theirs, Said.NOT_MINE)
    assert "That session is ended" in page.text
    theirs.refresh_from_db()
    assert (theirs.end_reason, theirs.said) == ("disowned", Said.NOT_MINE)
    assert thief.get("/profile/").status_code == 302
    assert not BrowserSession.objects.filter(pk=theirs.browser_key).exists()
    assert theirs.device is not None
    assert theirs.device.revoked_at is not None
    assert home.get("/profile/").status_code == 200
    dispute = Dispute.objects.get()
    assert (dispute.kind, dispute.session, dispute.decision) == (Dispute.Kind.NOT_ME, theirs.pk, theirs.decision)
    mail = outbox()[-1]
    assert (mail.kind, mail.to) == ("session_disowned", customer.email)
    assert mail.words["password_link"].endswith("/forgotten-password/")
    label = AuditEntry.objects.get(name="activity.not_me")
    assert (label.decision, label.about) == (theirs.decision, customer.pk)


def test_me_is_remembered_and_changes_nothing(home: Client, thief: Client, theirs: Session) -> None:
    assert say(home, theirs, Said.MINE)["Location"] == "/activity/"
    theirs.refresh_from_db()
    assert (theirs.said, theirs.ended_at) == (Said.MINE, None)
    assert thief.get("/profile/").status_code == 200
    label = AuditEntry.objects.get(name="activity.was_me")
    assert (label.decision, label.data["own"]) == (theirs.decision, False)
    assert not Dispute.objects.exists()


def test_a_label_given_in_the_session_itself_says_so(thief: Client, theirs: Session) -> None:
    say(thief, theirs, Said.MINE)
    assert AuditEntry.objects.get(name="activity.was_me").data["own"] is True


def test_a_thief_who_said_it_was_me_does_not_have_the_last_word(home: Client, thief: Client, theirs: Session) -> None:
    say(thief, theirs, Said.MINE)
    say(home, theirs, Said.NOT_MINE)
    assert thief.get("/profile/").status_code == 302
    assert AuditEntry.objects.filter(name="activity.not_me").count() == 1


def test_answers_given_twice_count_once(home: Client, theirs: Session, outbox: Outbox) -> None:
    say(home, theirs, Said.NOT_MINE)
    mails = len(outbox())
    assert say(home, theirs, Said.NOT_MINE).status_code == 200
    assert "You said before that this was not you" in home.get(say(home, theirs, Said.MINE)["Location"]).text
    assert AuditEntry.objects.filter(name__in=("activity.not_me", "activity.was_me")).count() == 1
    assert AuditEntry.objects.filter(name="activity.answered_again").count() == 2
    assert Dispute.objects.count() == 1
    assert len(outbox()) == mails
    theirs.refresh_from_db()
    assert theirs.said == Said.NOT_MINE


def test_a_session_that_is_over_can_still_be_disowned(home: Client, theirs: Session, by: Actor, customer: User) -> None:
    sessions.end(theirs, by=by, at=clock.now(), reason=sessions.SIGNED_OUT)
    theirs.refresh_from_db()
    ended = theirs.ended_at
    say(home, theirs, Said.NOT_MINE)
    theirs.refresh_from_db()
    assert (theirs.ended_at, theirs.said) == (ended, Said.NOT_MINE)
    assert AuditEntry.objects.get(name="activity.not_me").data["was_live"] is False
    assert Device.objects.filter(customer=customer, revoked_at__isnull=False).count() == 1


def test_what_a_plain_sign_out_had_spared_ends_too(
    home: Client, theirs: Session, by: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[UUID, bool]] = []

    def revoke(session: UUID, *, keep_offline: bool) -> int:
        seen.append((session, keep_offline))
        return 1

    sessions.end(theirs, by=by, at=clock.now(), reason=sessions.SIGNED_OUT)
    monkeypatch.setattr("accounts.activity.flows.disown.tokens.revoke_session", revoke)
    say(home, theirs, Said.NOT_MINE)
    assert seen == [(theirs.pk, False)]
    assert AuditEntry.objects.get(name="activity.not_me").data["left_tokens_ended"] == 1


def test_whoever_disowns_the_session_they_are_in_is_signed_out(home: Client) -> None:
    page = say(home, latest(), Said.NOT_MINE)
    assert page.status_code == 200
    assert "signed out here too" in page.text
    assert home.get("/profile/").status_code == 302


def test_somebody_elses_session_is_not_there(theirs: Session, sign_in: SignIn) -> None:
    stranger = sign_in(factories.customer(), on=Client())
    for said in Said.values:
        assert say(stranger, theirs, said).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.said, theirs.ended_at) == ("", None)


@pytest.mark.parametrize("said", ["", "perhaps", "<script>", "mine " * 100])
def test_an_answer_that_is_none_changes_nothing(home: Client, theirs: Session, said: str) -> None:
    assert say(home, theirs, said)["Location"] == "/activity/"
    theirs.refresh_from_db()
    assert theirs.said == ""


@pytest.mark.parametrize("key", ["1", "0" * 32, "../../x", "018f0000-0000-7000-8000-00000000000g", "%00"])
def test_ids_that_are_none_lead_nowhere(home: Client, key: str) -> None:
    assert home.post(f"/activity/sessions/{key}/answer/", {"said": "not_mine"}).status_code in {400, 404}


def test_reading_changes_nothing_and_forms_need_their_token(theirs: Session, home: Client) -> None:
    assert home.get(f"/activity/sessions/{theirs.pk}/answer/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = home.cookies
    assert say(strict, theirs, Said.NOT_MINE).status_code == 403
    theirs.refresh_from_db()
    assert theirs.said == ""


def lately(client: Client, minutes: int) -> None:
    """What this session has proven, it has proven so long ago."""
    then = clock.now() - timedelta(minutes=minutes)
    Session.objects.filter(pk=client.session["portal_session"]).update(
        started_at=then, auth_time=then, level_at=then, challenged_at=None
    )


@pytest.mark.control("v5.0.0-7.5.3")
@pytest.mark.parametrize("said", Said.values)
def test_an_answer_about_another_session_needs_a_fresh_proof(
    home: Client, thief: Client, theirs: Session, said: str
) -> None:
    """A thief in a live session answers nothing in the owner's name, about no other session."""
    lately(home, 11)
    asked = say(home, theirs, said)
    assert asked["Location"].startswith("/prove/?ref=")
    theirs.refresh_from_db()
    assert (theirs.said, theirs.ended_at) == ("", None)
    assert theirs.device is not None
    assert theirs.device.revoked_at is None
    assert not AuditEntry.objects.filter(name__startswith="activity.").exists()
    page = home.post(asked["Location"], {"way": "password", "password": factories.PASSWORD}, follow=True)
    assert "Say whether that sign-in was you?" in page.text
    assert ("It was me" if said == Said.MINE else "It was not me") in page.text
    path, reference = page.context["path"], page.context["reference"]
    home.post(path, {"resume": reference})
    theirs.refresh_from_db()
    assert theirs.said == said


def test_an_answer_about_the_session_itself_needs_none(thief: Client, theirs: Session) -> None:
    lately(thief, 60)
    say(thief, theirs, Said.MINE)
    assert "signed out here too" in say(thief, theirs, Said.NOT_MINE).text


def test_ending_another_session_needs_no_proof(home: Client, thief: Client, theirs: Session) -> None:
    lately(home, 60)
    assert home.post(f"/sessions/{theirs.pk}/end/")["Location"] == "/sessions/"
    assert thief.get("/profile/").status_code == 302


def test_the_link_in_the_mail_needs_no_proof(link: str, theirs: Session, home: Client) -> None:
    lately(home, 60)
    follow(home, link)
    home.post(mailed.page(home, "/was-this-you/"), {"said": "not_mine"})
    theirs.refresh_from_db()
    assert theirs.said == Said.NOT_MINE


# The link


def test_the_mail_says_what_was_used_and_links_to_the_answer(
    link: str, theirs: Session, outbox: Outbox, customer: User
) -> None:
    mail = next(mail for mail in outbox() if mail.kind == "new_device")
    assert mail.words["where"] == f"{theirs.agent}, {theirs.place}"
    proof = Proof.objects.get(purpose=DISOWN.name, bound_to=str(theirs.pk))
    assert proof.expires_at - proof.created_at == timedelta(hours=240)
    assert codes.matches(link.rstrip("/").rsplit("/", 1)[1], DISOWN.name, proof.digest)


def test_a_scanner_that_opens_the_link_changes_nothing(link: str, theirs: Session) -> None:
    for _ in range(3):
        page = follow(Client(), link)
        assert page.status_code == 200
        assert "Was this you?" in page.text
    theirs.refresh_from_db()
    assert (theirs.said, theirs.ended_at) == ("", None)
    assert follow(Client(), link).status_code == 200


def test_the_secret_leaves_the_address_at_once(link: str) -> None:
    page = follow(Client(), link)
    secret = link.rstrip("/").rsplit("/", 1)[1]
    assert secret not in page.request["PATH_INFO"]
    assert secret not in page.text


@pytest.mark.control("v5.0.0-6.4.1")
def test_not_me_by_link_ends_that_session_once_and_lets_nobody_in(
    link: str, thief: Client, home: Client, theirs: Session, customer: User, outbox: Outbox
) -> None:
    browser = Client()
    follow(browser, link)
    page = browser.post(mailed.page(browser, "/was-this-you/"), {"said": "not_mine"})
    assert "That session is ended" in page.text
    assert thief.get("/profile/").status_code == 302
    assert home.get("/profile/").status_code == 200
    for path in ("/profile/", "/activity/", "/security/"):
        assert browser.get(path).status_code == 302
    assert outbox()[-1].kind == "session_disowned"
    label = AuditEntry.objects.get(name="activity.not_me")
    assert (label.decision, label.data["via"], label.actor) == (theirs.decision, "link", customer.pk)
    assert browser.get(mailed.page(browser, "/was-this-you/")).status_code == 410
    assert follow(Client(), link).status_code == 410
    assert browser.post(mailed.page(browser, "/was-this-you/"), {"said": "mine"}).status_code == 410


def test_me_by_link_counts_once(link: str, theirs: Session) -> None:
    browser = Client()
    follow(browser, link)
    assert "Thank you" in browser.post(mailed.page(browser, "/was-this-you/"), {"said": "mine"}).text
    theirs.refresh_from_db()
    assert (theirs.said, theirs.ended_at) == (Said.MINE, None)
    assert follow(Client(), link).status_code == 410


def test_an_answer_that_is_none_leaves_the_link_alive(link: str, theirs: Session) -> None:
    browser = Client()
    follow(browser, link)
    assert "Was this you?" in browser.post(mailed.page(browser, "/was-this-you/"), {"said": "perhaps"}).text
    theirs.refresh_from_db()
    assert theirs.said == ""
    assert browser.post(mailed.page(browser, "/was-this-you/"), {"said": "mine"}).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 410), (1, 410)])
def test_the_link_works_for_240_hours_and_not_a_moment_longer(
    link: str, theirs: Session, seconds: int, status: int
) -> None:
    end = Proof.objects.get(purpose=DISOWN.name, bound_to=str(theirs.pk)).expires_at
    assert limits.current().proof.disown_hours == 240
    with time_machine.travel(end + timedelta(seconds=seconds), tick=False):
        browser = Client()
        assert follow(browser, link).status_code == status
        assert browser.post(mailed.page(browser, "/was-this-you/"), {"said": "not_mine"}).status_code == status
    theirs.refresh_from_db()
    assert (theirs.said == Said.NOT_MINE) == (status == 200)


def test_the_link_survives_a_new_password_a_new_address_and_other_sign_ins(
    link: str, theirs: Session, customer: User, outbox: Outbox
) -> None:
    elsewhere.sign_in(elsewhere.browser(), customer)
    assert [mail.kind for mail in outbox()].count("new_device") == 2
    customer.set_password("another quiet passphrase here")
    customer.email = "thief@example.com"
    customer.save()
    proofs.drop(customer, clock.now())
    browser = Client()
    follow(browser, link)
    assert browser.post(mailed.page(browser, "/was-this-you/"), {"said": "not_mine"}).status_code == 200
    theirs.refresh_from_db()
    assert theirs.said == Said.NOT_MINE


def test_the_link_works_when_the_session_is_over(link: str, theirs: Session, by: Actor) -> None:
    sessions.end(theirs, by=by, at=clock.now())
    browser = Client()
    follow(browser, link)
    browser.post(mailed.page(browser, "/was-this-you/"), {"said": "not_mine"})
    assert Dispute.objects.get().session == theirs.pk


def test_the_link_is_dead_once_the_sessions_record_is_gone(link: str, theirs: Session) -> None:
    theirs.delete()
    browser = Client()
    assert follow(browser, link).status_code == 410
    assert browser.post(mailed.page(browser, "/was-this-you/"), {"said": "not_mine"}).status_code == 410


@pytest.mark.parametrize("secret", ["x", "A" * 43, "A" * 5000, "%3Cscript%3E", "..%2f..%2fx"])
def test_a_forged_link_opens_nothing(customer: User, secret: str) -> None:
    page = Client().get(f"/was-this-you/{secret}/", follow=True)
    assert page.status_code in {404, 410}
    assert "<script>" not in page.text


def test_a_link_of_another_purpose_opens_nothing(customer: User) -> None:
    secret = proofs.new_link(customer, RESET_PASSWORD, customer.email, clock.now()).secret
    assert follow(Client(), f"http://x/was-this-you/{secret}/").status_code == 410


def test_the_link_resets_no_password_and_confirms_no_address(link: str) -> None:
    secret = link.rstrip("/").rsplit("/", 1)[1]
    for path in ("forgotten-password/link", "confirm-email"):
        assert follow(Client(), f"http://x/{path}/{secret}/").status_code == 410


def test_the_link_speaks_for_its_own_customer_whoever_is_signed_in(
    link: str, theirs: Session, customer: User, sign_in: SignIn
) -> None:
    other = factories.customer()
    browser = sign_in(other, on=Client())
    follow(browser, link)
    browser.post(mailed.page(browser, "/was-this-you/"), {"said": "not_mine"})
    label = AuditEntry.objects.get(name="activity.not_me")
    assert (label.about, label.actor, label.session) == (customer.pk, customer.pk, None)
    assert browser.get("/profile/").status_code == 200


def test_the_link_answered_in_the_very_session_signs_it_out(link: str, thief: Client) -> None:
    follow(thief, link)
    assert "signed out here too" in thief.post(mailed.page(thief, "/was-this-you/"), {"said": "not_mine"}).text
    assert thief.get("/profile/").status_code == 302


def test_a_form_without_its_token_is_refused_and_other_methods_too(link: str, theirs: Session) -> None:
    strict = Client(enforce_csrf_checks=True)
    follow(strict, link)
    assert strict.post(mailed.page(strict, "/was-this-you/"), {"said": "not_mine"}).status_code == 403
    assert Client().put("/was-this-you/").status_code == 405
    theirs.refresh_from_db()
    assert theirs.said == ""


def test_without_a_link_there_is_nothing(customer: User) -> None:
    assert Client().get("/was-this-you/").status_code == 410
    by = Actor(ActorKind.STRANGER, None, Channel.WEB)
    with pytest.raises(Refused):
        flows.answer_link("A" * 43, Said.NOT_MINE, by=by, at=clock.now())


# The policy


@pytest.mark.parametrize(
    ("live", "known", "answer"),
    [
        (True, True, Allow()),
        (False, True, Deny(policy.Reason.ANSWER_LINK_DEAD)),
        (True, False, Deny(policy.Reason.ANSWER_LINK_DEAD)),
    ],
)
def test_may_answer(live: bool, known: bool, answer: object, noon: Any) -> None:
    facts = policy.AnswerLinkFacts(is_live=live, session_known=known)
    assert policy.may_answer(facts, limits=limits.current(), at=noon) == answer


# Personal data, names from outside


def test_nothing_personal_is_in_the_audit(link: str, home: Client, theirs: Session, customer: User) -> None:
    Session.objects.filter(pk=theirs.pk).update(browser="Sentinelbrowser", network="203.0.113.0/24")
    say(home, theirs, Said.NOT_MINE)
    written = json.dumps([*AuditEntry.objects.values(), *DecisionEntry.objects.values()], default=str)
    for sentinel in (customer.email, "Sentinelbrowser", "203.0.113", link.rstrip("/").rsplit("/", 1)[1]):
        assert sentinel not in written


def test_a_browsers_name_is_never_markup(link: str, theirs: Session) -> None:
    Session.objects.filter(pk=theirs.pk).update(browser="<b>x</b>", system="<script>")
    page = follow(Client(), link).text
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_one_session_is_disputed_once(theirs: Session, customer: User) -> None:
    Dispute.objects.create(customer=customer, session=theirs.pk, kind="not_me", opened_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.create(customer=customer, session=theirs.pk, kind="not_me", opened_at=clock.now())
