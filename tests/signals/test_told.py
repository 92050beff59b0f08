"""What becomes of a customer is told to the partners that they use and that asked; nothing else, and to nobody else."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.account import events as account_events
from accounts.account import flows as account
from accounts.customer import addresses
from accounts.lock.flows import locks, reversible
from accounts.models import Change, Session, User
from accounts.restrictions import events as restrictions
from accounts.sessions import flows as sessions
from accounts.sign_in.flows import step_up
from ciam_portal.celery import app as celery
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.retention import forget
from ciam_portal.oauth import id_tokens, jwts, keys, partners
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.signals import meanings
from ciam_portal.signals.models import Signal, Stream
from ciam_portal.signals.tasks import push_what_waits
from consent.models import Consent, ConsentRecord
from consent.permission import flows as consents
from tests import factories
from tests.oauth.walk import payload
from tests.signals.receiver import PUSH, Hearing, Receiver, delivered, kinds, read

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


def lock(customer: User) -> None:
    locks.lock(customer, by=SYSTEM, at=clock.now())


@pytest.mark.control("SSF-explicit-typing")
def test_what_a_signal_says(receiver: Receiver, customer: User, settings: Any) -> None:
    before = int(clock.now().timestamp())
    lock(customer)
    told = receiver.takes()
    assert kinds(told) == ["account-disabled", "session-revoked"]
    disabled, revoked = sorted(told, key=lambda each: kinds([each]))
    for each in told:
        assert each.keys() == {"iss", "jti", "iat", "aud", "txn", "sub_id", "events"}  # no sub, no exp
        assert each["iss"] == settings.PUBLIC_URL
        assert each["aud"] == receiver.stream["aud"] != receiver.partner.client_id
        assert len(each["events"]) == 1
    assert disabled["jti"] != revoked["jti"]
    assert disabled["txn"] == revoked["txn"]
    assert disabled["sub_id"] == receiver.of_ours(customer)
    assert revoked["sub_id"]["format"] == "complex"
    assert revoked["sub_id"]["user"] == receiver.of_ours(customer)
    (said,) = revoked["events"].values()
    assert said["event_timestamp"] >= before
    assert (said["initiating_entity"], said["reason_admin"]) == ("system", {"en": "session.all_ended"})
    assert receiver.takes() == []


def test_a_signal_is_no_other_token_and_no_other_token_a_signal(receiver: Receiver, customer: User) -> None:
    given = receiver.tokens("openid")
    lock(customer)
    (token, *_rest) = receiver.polls()["sets"].values()
    assert id_tokens.read_hint(token) is None
    assert receiver.userinfo(token).status_code == 401
    assert receiver.asks("GET", "stream", token=token).status_code == 401
    assert receiver.introspect(token) == {"active": False}
    assert jwts.read(given["id_token"], keys.named, algorithms=("ES256",), kinds=("secevent+jwt",)) is None


@pytest.mark.control("CAEP-session-revoked")
def test_one_session_of_two(receiver: Receiver, customer: User, sign_in: Callable[..., Client]) -> None:
    """The session that ended is named by the ``sid`` of its ID token, and no other is meant."""
    here = payload(receiver.tokens("openid")["id_token"])
    receiver.browser = sign_in(customer, on=Client())
    there = payload(receiver.tokens("openid")["id_token"])
    sessions.end(Session.objects.filter(customer=customer).latest("started_at"), by=SYSTEM, at=clock.now())
    (told,) = receiver.takes()
    assert told["sub_id"]["session"] == {"format": "opaque", "id": there["sid"]}
    assert here["sid"] != there["sid"]


def test_a_session_that_the_partner_had_no_part_in_is_not_told(
    receiver: Receiver, customer: User, sign_in: Callable[..., Client]
) -> None:
    sign_in(customer, on=Client())
    sessions.end(Session.objects.filter(customer=customer).latest("started_at"), by=SYSTEM, at=clock.now())
    assert receiver.takes() == []


@pytest.mark.control("SSF-previously-consented")
@pytest.mark.parametrize("why", ["withdrawn", "not asked for", "off", "other type", "removed"])
def test_who_hears_nothing(receiver: Receiver, customer: User, why: str) -> None:
    if why == "withdrawn":
        consents.withdraw(Consent.objects.get(), by=SYSTEM, at=clock.now())
    elif why == "not asked for":
        receiver.asks("DELETE", f"stream?stream_id={receiver.stream['stream_id']}")
        receiver.create()
    elif why == "off":
        partners.switch(receiver.partner, by=SYSTEM, at=clock.now(), on=False)
    elif why == "other type":
        said = {"stream_id": receiver.stream["stream_id"], "events_requested": [meanings.PURGED, "urn:odd"]}
        assert receiver.asks("PATCH", "stream", said).json()["events_delivered"] == [meanings.PURGED]
    else:
        said = {"stream_id": receiver.stream["stream_id"], "subject": receiver.of_ours(customer)}
        assert receiver.asks("POST", "subjects/remove", said).status_code == 204
    lock(customer)
    assert not Signal.objects.exists()


def test_what_was_not_taken_before_a_withdrawal_is_not_told_after_it(receiver: Receiver, customer: User) -> None:
    lock(customer)
    consents.withdraw(Consent.objects.get(), by=SYSTEM, at=clock.now())
    assert Signal.objects.count() == 2
    assert receiver.polls() == {"sets": {}}
    assert not Signal.objects.exists()


def test_two_partners_cannot_compare(receiver: Receiver, customer: User) -> None:
    other = Receiver(
        receiver.browser, "Other", redirect_uris=("https://shop.example/callback",), sector="other.example"
    )
    other.create()
    other.tokens("openid")
    other.wants(customer)
    lock(customer)
    one, two = receiver.takes(), other.takes()
    assert len(one) == len(two) == 2
    for what in ("aud", "txn", "jti"):
        assert not {each[what] for each in one} & {each[what] for each in two}
    assert not {json.dumps(each["sub_id"]) for each in one} & {json.dumps(each["sub_id"]) for each in two}


@pytest.mark.control("CAEP-token-claims-change")
def test_claims_are_told_as_they_are_now_and_as_far_as_consent_goes(receiver: Receiver, customer: User) -> None:
    account.fill_profile(customer, {"name": "Ada", "phone": "+4722855050"}, by=SYSTEM, at=clock.now())
    account.fill_profile(customer, {"name": "Ada L.", "phone": ""}, by=SYSTEM, at=clock.now())
    consents.narrow(Consent.objects.get(), ("profile",), by=Actor.system(), at=clock.now())
    said = [next(iter(each["events"].values()))["claims"] for each in receiver.takes()]
    assert said == [{"phone_number": None}, {"phone_number": None}, {"scope": "openid email phone"}]


@pytest.mark.control("SSF-previously-consented")
@pytest.mark.parametrize(
    ("how", "told"),
    [("time", [{"scope": "openid email"}]), ("ceiling", [{"scope": "openid email"}]), ("sandbox", []), ("all", [])],
)
def test_a_signal_tells_no_more_than_a_token_would(
    receiver: Receiver, customer: User, how: str, told: list[dict[str, str]]
) -> None:
    consents.narrow(Consent.objects.get(), ("phone",), by=SYSTEM, at=clock.now())
    account.fill_profile(customer, {"name": "Ada"}, by=SYSTEM, at=clock.now())
    if how == "time":
        ConsentRecord.objects.filter(purpose="profile").update(expires_at=clock.now())
    elif how == "ceiling":
        Partner.objects.filter(pk=receiver.partner.pk).update(scopes_allowed=["openid", "email", "ssf.manage"])
    elif how == "sandbox":
        Partner.objects.filter(pk=receiver.partner.pk).update(environment=Environment.SANDBOX)
    else:
        ConsentRecord.objects.update(expires_at=clock.now())
        sessions.end(Session.objects.get(customer=customer), by=SYSTEM, at=clock.now())
    assert [next(iter(each["events"].values()))["claims"] for each in receiver.takes()] == told


def test_a_changed_address_is_told_by_the_old_one_to_who_could_see_it(receiver: Receiver, customer: User) -> None:
    blind = Receiver(receiver.browser, "Blind")
    blind.create()
    blind.tokens("openid profile")
    blind.wants(customer)
    at, old = clock.now(), customer.email
    reversible.keep(customer, Change.Kind.EMAIL, None, at=at, previous=old.encode())
    customer.move_to("new@example.com")
    customer.save()
    record(account_events.EmailChanged(), about=customer.pk, by=SYSTEM, at=at)
    changed, claims = sorted(receiver.takes(), key=lambda each: kinds([each]))
    assert changed["sub_id"] == {"format": "email", "email": old}
    assert changed["events"] == {meanings.IDENTIFIER_CHANGED: {}}
    (said,) = claims["events"].values()
    assert said["claims"] == {"email": "new@example.com", "email_verified": True}
    assert blind.takes() == []


@pytest.mark.control("CAEP-assurance-level-change")
def test_an_address_that_is_anothers_now_is_told_to_who_knew_it_once_it_may_be_seen(
    receiver: Receiver, customer: User, sign_in: Callable[..., Client]
) -> None:
    at, old = clock.now(), customer.email
    reversible.keep(customer, Change.Kind.EMAIL, None, at=at, previous=old.encode())
    customer.move_to("new@example.com")
    customer.save()
    addresses.replace(customer, "new@example.com")
    record(account_events.EmailChanged(), about=customer.pk, by=SYSTEM, at=at)
    receiver.takes()
    heir = factories.customer(old)
    receiver.browser = sign_in(heir, on=Client())
    receiver.tokens("openid")
    assert receiver.takes() == []  # it learns nothing of somebody whose address it may not see
    receiver.tokens("openid email")
    (told,) = [each for each in receiver.takes() if each["sub_id"]["format"] == "email"]
    assert told["sub_id"] == {"format": "email", "email": old}
    assert told["events"] == {meanings.IDENTIFIER_RECYCLED: {}}
    account.fill_profile(heir, {"name": "Heir"}, by=SYSTEM, at=clock.now())
    assert receiver.takes() == []  # once


def test_a_rising_session_is_told(receiver: Receiver, customer: User) -> None:
    session = Session.objects.get(customer=customer)
    for _ in range(2):
        session = step_up(session, Method.TOTP, by=SYSTEM, at=clock.now())
    (told,) = receiver.takes()
    (said,) = told["events"].values()
    levels = {"namespace": "NIST-AAL", "current_level": "nist-aal2", "previous_level": "nist-aal1"}
    assert said.items() >= (levels | {"change_direction": "increase"}).items()


def test_an_account_that_is_gone_is_told_after_it_is_gone(receiver: Receiver, customer: User) -> None:
    record(account_events.UnprovenAccountRemoved(), about=customer.pk, by=SYSTEM, at=clock.now())
    Consent.objects.all().delete()
    assert kinds(receiver.takes()) == ["account-purged"]


def test_nothing_of_it_is_in_the_audit_or_readable_in_the_table(receiver: Receiver, customer: User) -> None:
    lock(customer)
    written = json.dumps([*AuditEntry.objects.values(), *Signal.objects.values()], default=str)
    assert receiver.of_ours(customer)["sub"] not in written
    assert customer.email not in written


def test_a_partner_without_a_stream_costs_nothing(customer: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):  # the row, and who would hear
        record(account_events.PasswordChanged(0, 0), about=customer.pk, by=SYSTEM, at=clock.now())
    with django_assert_num_queries(1):
        record(account_events.EmailConfirmed(), about=customer.pk, by=SYSTEM, at=clock.now())


def test_what_is_not_taken_goes_after_some_days(receiver: Receiver, customer: User) -> None:
    lock(customer)
    days = timedelta(days=limits.current().signals.held_days, seconds=1)
    with time_machine.travel(clock.now() + days):
        forget(clock.now(), 5)
    assert not Signal.objects.exists()
    assert Stream.objects.exists()


# --- what is known to come

WHEN = timedelta(hours=2)


def suspend(customer: User, until: datetime) -> None:
    """As the flow of restrictions does."""
    customer.restricted(suspended_until=until, step_up_until=None)
    fields: dict[str, Any] = {"until": until, "review_due_at": until, "sessions_ended": 0, "tokens_ended": 0}
    event = restrictions.Restricted(restriction=customer.pk, kind=Code("suspend"), reason=Code("x"), **fields)
    record(event, about=customer.pk, by=SYSTEM, at=clock.now())


def test_a_suspension_that_ends_by_itself_is_told_when_it_has(
    receiver: Receiver, hearing: Hearing, customer: User
) -> None:
    pushed(receiver, hearing)
    at = clock.now()
    suspend(customer, at + WHEN)
    assert (delivered(), kinds(hearing.heard)) == (["sent"], ["account-disabled"])
    assert push_what_waits() == 0
    with time_machine.travel(at + WHEN, tick=True):
        assert push_what_waits() == 1
        assert push_what_waits() == 0  # the outbox speaks of it
        delivered()
    assert kinds(hearing.heard) == ["account-disabled", "account-enabled"]


def test_one_that_goes_on_longer_is_told_when_that_ends(receiver: Receiver, customer: User) -> None:
    at = clock.now()
    suspend(customer, at + WHEN)
    customer.restricted(suspended_until=at + 2 * WHEN, step_up_until=None)  # somebody reviewed it
    with time_machine.travel(at + WHEN):
        receiver._token = ""
        assert kinds(receiver.takes()) == ["account-disabled"]
    with time_machine.travel(at + 2 * WHEN):
        receiver._token = ""
        assert kinds(receiver.takes()) == ["account-enabled"]


@pytest.mark.parametrize("how", ["lifted", "locked"])
def test_one_that_ended_otherwise_is_told_once(receiver: Receiver, customer: User, how: str) -> None:
    at = clock.now()
    suspend(customer, at + WHEN)
    if how == "lifted":
        customer.restricted(suspended_until=None, step_up_until=None)
        record(
            restrictions.RestrictionEnded(customer.pk, Code("suspend"), by_review=False),
            about=customer.pk,
            by=SYSTEM,
            at=at,
        )
    else:
        lock(customer)
    with time_machine.travel(at + WHEN):
        receiver._token = ""
        told = [each for each in kinds(receiver.takes()) if each == "account-enabled"]
    assert len(told) == (1 if how == "lifted" else 0)
    assert not Signal.objects.exists()


# --- pushed


def test_a_partner_hears_within_a_second_of_the_commit(
    receiver: Receiver, hearing: Hearing, customer: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Nothing waits for a sweep: what is committed is handed to a worker, and that one asks nobody else first."""
    pushed(receiver, hearing)
    settings.NUDGE_WORKERS = celery.conf.task_always_eager = True
    session = Session.objects.get(customer=customer)
    start = time.monotonic()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            sessions.end(session, by=SYSTEM, at=clock.now())
    finally:
        celery.conf.task_always_eager = False
    assert time.monotonic() - start < 1
    assert kinds(hearing.heard) == ["session-revoked"]


def pushed(receiver: Receiver, hearing: Hearing, **more: Any) -> None:
    said = {"method": PUSH, "endpoint_url": hearing.url} | more
    answer = receiver.asks("PATCH", "stream", {"stream_id": receiver.stream["stream_id"], "delivery": said})
    assert answer.status_code == 200, answer.content


def test_signals_are_pushed_in_order_with_the_partners_own_header(
    receiver: Receiver, hearing: Hearing, customer: User
) -> None:
    pushed(receiver, hearing, authorization_header="Bearer of-theirs")
    account.fill_profile(customer, {"name": "Ada"}, by=SYSTEM, at=clock.now())
    assert delivered() == ["sent"]
    lock(customer)
    assert set(delivered()) == {"sent"}
    assert kinds(hearing.heard) == ["account-disabled", "session-revoked", "token-claims-change"]
    assert kinds(hearing.heard[:1]) == ["token-claims-change"]
    assert {each["Content-Type"] for each in hearing.headers} == {"application/secevent+jwt"}
    assert {each["Authorization"] for each in hearing.headers} == {"Bearer of-theirs"}
    assert not Signal.objects.exists()
    kept = Stream.objects.values_list("authorization", flat=True).get()
    assert "of-theirs" not in kept
    shown = receiver.asks("GET", f"stream?stream_id={receiver.stream['stream_id']}").content
    assert b"of-theirs" not in shown


@pytest.mark.control("RFC8935")
@pytest.mark.parametrize(
    ("status", "state", "left"), [(202, "sent", 0), (200, "sent", 0), (302, "waiting", 2), (500, "waiting", 2),
                                  (429, "waiting", 2), (401, "waiting", 2), (404, "waiting", 2), (400, "refused", 0)]
)  # fmt: skip
def test_what_its_answer_means(
    receiver: Receiver, hearing: Hearing, customer: User, status: int, state: str, left: int
) -> None:
    pushed(receiver, hearing)
    hearing.status = status
    lock(customer)
    assert state in delivered()
    assert Signal.objects.count() == left


def test_a_receiver_that_was_away_for_a_minute_misses_nothing(
    receiver: Receiver, hearing: Hearing, customer: User
) -> None:
    pushed(receiver, hearing)
    Stream.objects.update(endpoint_url="http://127.0.0.1:9/signals")
    account.fill_profile(customer, {"name": "Ada"}, by=SYSTEM, at=clock.now())
    lock(customer)
    assert set(delivered()) == {"waiting"}
    Stream.objects.update(endpoint_url=hearing.url)
    later = clock.now() + timedelta(seconds=60)
    with time_machine.travel(later, tick=True):
        tasks.sweep()
        assert set(delivered()) == {"sent"}
    # What changed in a profile that is locked by now is not told any more.
    assert kinds(hearing.heard) == ["account-disabled", "session-revoked"]
    assert len({each["jti"] for each in hearing.heard}) == 2
    assert all(each["iat"] >= int(later.timestamp()) for each in hearing.heard)


def test_a_partner_that_was_switched_off_hears_later_what_it_missed(
    receiver: Receiver, hearing: Hearing, customer: User
) -> None:
    pushed(receiver, hearing)
    lock(customer)
    partners.switch(receiver.partner, by=SYSTEM, at=clock.now(), on=False)
    assert (set(delivered()), hearing.heard) == ({"waiting"}, [])
    partners.switch(receiver.partner, by=SYSTEM, at=clock.now(), on=True)
    with time_machine.travel(clock.now() + timedelta(seconds=60), tick=True):
        assert set(delivered()) == {"sent"}
    assert len(hearing.heard) == 2


def test_one_worker_pushes_at_a_time_and_one_that_died_holds_up_nobody_for_long(
    receiver: Receiver, hearing: Hearing, customer: User
) -> None:
    pushed(receiver, hearing)
    lock(customer)
    assert Stream.objects.hold(Stream.objects.get().pk, clock.now(), timedelta(seconds=15))
    first, *_rest = Notice.objects.filter(channel="signals").order_by("created_at")
    kept = first.sealed
    tasks.deliver_to_machine(notice=str(first.pk))
    first.refresh_from_db()
    assert (first.state, hearing.heard) == ("sent", [])  # whoever holds the stream brings it
    assert Signal.objects.count() == 2
    Notice.objects.filter(pk=first.pk).update(
        state="waiting", attempts=1, sealed=kept
    )  # that one died with this very message
    tasks.deliver_to_machine(notice=str(first.pk))
    first.refresh_from_db()
    assert (first.state, first.trouble) == ("waiting", "busy")
    with time_machine.travel(clock.now() + timedelta(seconds=60), tick=True):
        assert set(delivered()) == {"sent"}
    assert len(hearing.heard) == 2


def test_paused_it_holds_and_disabled_it_drops(receiver: Receiver, hearing: Hearing, customer: User) -> None:
    pushed(receiver, hearing)
    assert receiver.status("paused", reason="Maintenance").json()["reason"] == "Maintenance"
    lock(customer)
    assert delivered() == []
    receiver.status("enabled")
    assert (delivered(), len(hearing.heard)) == (["sent"], 2)
    receiver.status("paused")
    locks.unlock(customer, by=SYSTEM, at=clock.now())
    receiver.status("disabled")
    lock(customer)
    receiver.status("enabled")
    assert (delivered(), len(hearing.heard)) == (["sent"], 2)
    assert not Signal.objects.exists()


def test_what_waits_goes_the_new_way(receiver: Receiver, hearing: Hearing, customer: User) -> None:
    lock(customer)
    pushed(receiver, hearing)
    assert (delivered(), len(hearing.heard)) == (["sent"], 2)


def test_a_customer_of_another_who_is_told_of_nothing(receiver: Receiver) -> None:
    """A stranger's account does not concern this partner, also if it asked to hear of it."""
    stranger = factories.customer("stranger@example.com")
    receiver.wants(stranger)
    lock(stranger)
    assert receiver.takes() == []


@pytest.mark.control("RFC8936")
def test_many_wait_and_are_taken_in_parts(receiver: Receiver, customer: User) -> None:
    for number in range(3):
        account.fill_profile(customer, {"name": f"Ada {number}"}, by=SYSTEM, at=clock.now())
    first = receiver.polls(maxEvents=2)
    assert (len(first["sets"]), first["moreAvailable"]) == (2, True)
    again = receiver.polls(maxEvents=2, ack=["nonsense"], returnImmediately=True)
    assert list(again["sets"]) == list(first["sets"])  # until they are acknowledged
    one, two = first["sets"]
    left = receiver.polls(ack=[one], setErrs={two: {"err": "invalid_request"}})
    assert len(left["sets"]) == 1
    assert "moreAvailable" not in left
    assert read(next(iter(left["sets"].values())))["jti"] not in {one, two}
