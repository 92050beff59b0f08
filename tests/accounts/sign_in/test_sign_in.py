"""Signing in, sessions, and going: what begins, what is kept, what ends when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.core import context
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session as BrowserSession
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.baseline.history import Seen
from accounts.models import Device, Session, User
from accounts.sessions import flows
from accounts.sign_in import flows as sign_in_flows
from accounts.sign_in.stages import Denied
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from tests.factories import FIREFOX, PASSWORD, Message, at_home
from tests.factories import customer as new_customer

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


def post_sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/sign-in/", {"login": email, "password": password}, **extra)


def test_a_session_knows_when_and_how_it_was_proven(client: Client, customer: User) -> None:
    before, agent = clock.now(), "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    at_home(client, customer, agent=agent)
    assert post_sign_in(client, customer.email, headers={"User-Agent": agent}).status_code == 302
    session = Session.objects.get()
    assert before <= session.auth_time <= clock.now()
    assert (session.level, session.methods) == (Level.AAL1, ["password"])
    assert (session.browser, session.system) == ("Firefox", "Linux")
    assert session.expires_at - session.started_at == timedelta(hours=limits.current().session.absolute_hours)
    assert DecisionEntry.objects.get().answer == "allow"
    assert AuditEntry.objects.filter(name="sign_in.completed", about=customer.pk).count() == 1


def test_a_wrong_password_and_a_stranger_read_alike(client: Client, customer: User) -> None:
    wrong = post_sign_in(client, customer.email, "not the password at all")
    strange = post_sign_in(Client(), "nobody@example.com", "not the password at all")
    closed = new_customer(is_active=False)
    shut = post_sign_in(Client(), closed.email)
    for page in (wrong, strange, shut):
        assert page.status_code == 200
        assert "are not correct" in page.text
    assert AuditEntry.objects.filter(name="sign_in.failed").count() == 3


@pytest.mark.control("v5.0.0-7.2.4")
def test_the_session_id_rotates_at_sign_in(client: Client, customer: User) -> None:
    at_home(client, customer)
    client.get("/sign-in/?next=/profile/")
    client.post("/sign-up/", {"email": "x@example.com", "password1": PASSWORD})  # an anonymous session
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    post_sign_in(client, customer.email)
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert before != after
    old = Client()
    old.cookies[settings.SESSION_COOKIE_NAME] = before
    assert old.get("/profile/").status_code == 302


def test_the_browser_session_is_found_by_its_digest_only(client: Client, customer: User) -> None:
    at_home(client, customer)
    post_sign_in(client, customer.email)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert not BrowserSession.objects.filter(pk=key).exists()
    assert BrowserSession.objects.filter(pk=Session.objects.get().browser_key).exists()


@pytest.mark.control("v5.0.0-7.3.1", "v5.0.0-7.3.2")
def test_a_session_ends_when_idle_and_absolutely(sign_in: SignIn, customer: User) -> None:
    rules = limits.current().session
    idle, whole = timedelta(minutes=rules.idle_minutes), timedelta(hours=rules.absolute_hours)
    start = clock.now()
    client = sign_in(customer)
    with time_machine.travel(start + idle - timedelta(seconds=5), tick=False):
        assert client.get("/profile/").status_code == 200
    with time_machine.travel(start + 2 * idle, tick=False):
        assert client.get("/profile/").status_code == 302
    start = clock.now()
    client = sign_in(customer, on=Client())
    step = idle - timedelta(seconds=30)
    at = start
    while at + step < start + whole - timedelta(seconds=5):
        at += step
        with time_machine.travel(at, tick=False):
            assert client.get("/profile/").status_code == 200
    with time_machine.travel(start + whole + timedelta(seconds=5), tick=False):
        assert client.get("/profile/").status_code == 302


@pytest.mark.control("v5.0.0-7.4.2")
@pytest.mark.parametrize("stop", ["closed", "locked", "suspended", "ended", "over"])
def test_whatever_stops_a_customer_bites_at_the_next_request(sign_in: SignIn, customer: User, stop: str) -> None:
    """Though nothing else was done about the browser's session."""
    client, now = sign_in(customer), clock.now()
    if stop in {"ended", "over"}:
        Session.objects.filter(customer=customer).update(**{"ended_at" if stop == "ended" else "expires_at": now})
    else:
        soon = now + timedelta(hours=1)
        row: dict[str, dict[str, Any]] = {
            "closed": {"is_active": False},
            "locked": {"locked_at": now, "way_back": "mailbox"},
            "suspended": {"suspended_until": soon},
        }
        User.objects.filter(pk=customer.pk).update(**row[stop])
    assert client.get("/profile/").status_code == 302


@pytest.mark.control("v5.0.0-7.4.1")
def test_signing_out_ends_the_session_on_the_server(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.get("/sign-out/").status_code == 200  # a link signs nobody out
    assert client.get("/profile/").status_code == 200
    assert "signed out" in client.post("/sign-out/").text
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = key
    assert stolen.get("/profile/").status_code == 302
    assert Session.objects.get().end_reason == "signed_out"


@pytest.mark.control("v5.0.0-7.4.3", "v5.0.0-7.5.2")
def test_one_or_all_other_sessions_can_be_ended(sign_in: SignIn, customer: User) -> None:
    here, phone, laptop = sign_in(customer, on=Client()), sign_in(customer, on=Client()), sign_in(customer, on=Client())
    assert here.get("/sessions/").text.count("Network ") == 3
    on_phone = Session.objects.order_by("started_at")[1]
    assert here.post(f"/sessions/{on_phone.pk}/end/").status_code == 302
    assert phone.get("/profile/").status_code == 302
    assert laptop.get("/profile/").status_code == 200
    here.post("/sessions/end-others/")
    assert laptop.get("/profile/").status_code == 302
    assert here.get("/profile/").status_code == 200


def test_ending_the_session_one_is_in_signs_out(sign_in: SignIn, customer: User) -> None:
    here = sign_in(customer)
    answer = here.post(f"/sessions/{Session.objects.get().pk}/end/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert here.get("/profile/").status_code == 302
    assert Session.objects.get().end_reason == "signed_out"


def test_somebody_elses_session_is_not_there(sign_in: SignIn, customer: User) -> None:
    sign_in(new_customer(), on=Client())
    other = Session.objects.get()
    mine = sign_in(customer, on=Client())
    assert mine.post(f"/sessions/{other.pk}/end/").status_code == 404
    other.refresh_from_db()
    assert other.ended_at is None


def test_the_sessions_page_costs_the_same_for_many(
    sign_in: SignIn, customer: User, django_assert_num_queries: Any
) -> None:
    client = sign_in(customer)
    for _ in range(limits.current().session.at_once - 1):
        sign_in(customer, on=Client())
    with django_assert_num_queries(5):  # browser session, session with customer, sessions, apps, remembered browsers
        client.get("/sessions/")


def test_a_new_browser_is_told_about_and_a_known_one_is_not(
    client: Client, customer: User, outbox: Callable[[], list[Message]]
) -> None:
    at_home(client, customer)
    for _ in range(2):
        post_sign_in(client, customer.email)
        client.post("/sign-out/")
    assert outbox() == []
    assert Device.objects.count() == 1
    elsewhere = Client()
    assert post_sign_in(elsewhere, customer.email)["Location"] == "/sign-in/prove/"
    code = outbox()[-1].words["code"]
    assert not Session.objects.filter(ended_at=None).exists()
    assert elsewhere.post("/sign-in/prove/", {"way": "email_code", "code": code}).status_code == 302
    assert [mail.kind for mail in outbox()] == ["code_to_sign_in", "new_device"]
    assert Session.objects.get(ended_at=None).methods == ["password", "email_code"]


def shared(client: Client, who: User) -> None:
    """Somebody else proves their address in this browser, too."""
    cookie = getattr(client.cookies.get(settings.DEVICE_COOKIE_NAME), "value", "")
    seen = Seen(address="127.0.0.1", browser="Unknown", system="Unknown")
    known = sign_in_flows.remember_first(
        who, sign_in_flows.Browser(cookie, "", seen), by=Actor.system(), at=clock.now()
    )
    client.cookies[settings.DEVICE_COOKIE_NAME] = known


def test_a_shared_browser_is_one_device_for_each_customer(client: Client, customer: User) -> None:
    other = new_customer()
    for who in (customer, other):
        shared(client, who)
        post_sign_in(client, who.email)
        client.post("/sign-out/")
    assert Device.objects.count() == 2
    for who in (customer, other, customer):  # both stay known, whoever came last
        post_sign_in(client, who.email)
        assert client.get("/sessions/").status_code == 200
        client.post("/sign-out/")
    assert Device.objects.count() == 2


def test_stepping_up_raises_this_session_only(customer: User, by: Actor, sign_in: SignIn) -> None:
    sign_in(customer, on=Client())
    sign_in(customer, on=Client())
    one, two = Session.objects.order_by("started_at")
    later = clock.now() + timedelta(minutes=5)
    risen = sign_in_flows.step_up(one, Method.TOTP, by=by, at=later)
    two.refresh_from_db()
    assert (risen.level, risen.level_at, risen.auth_time) == (Level.AAL2, later, later)
    assert (two.level, two.methods) == (Level.AAL1, ["password"])


@pytest.mark.parametrize(
    ("first", "then", "level", "fresh"),
    [
        ((Method.PASSWORD,), Method.PASSWORD, Level.AAL1, True),
        ((Method.PASSWORD, Method.TOTP), Method.PASSWORD, Level.AAL2, False),  # a password renews no second factor
        ((Method.PASSWORD, Method.TOTP), Method.TOTP, Level.AAL2, True),
        ((Method.PASSKEY,), Method.TOTP, Level.PHR, False),
        ((Method.PASSKEY,), Method.PASSKEY, Level.PHR, True),
        ((Method.PASSWORD,), Method.EMAIL_CODE, Level.AAL1, False),  # a mailbox renews nothing
    ],
)
def test_only_a_proof_of_the_level_renews_it(
    customer: User,
    by: Actor,
    sign_in: SignIn,
    first: tuple[Method, ...],
    then: Method,
    level: Level,
    fresh: bool,
) -> None:
    sign_in(customer, *first)
    session, later = Session.objects.get(), clock.now() + timedelta(minutes=5)
    risen = sign_in_flows.step_up(session, then, by=by, at=later)
    authenticated = session.auth_time if then is Method.EMAIL_CODE else later
    assert (risen.level, risen.level_at == later, risen.auth_time) == (level, fresh, authenticated)


def test_ending_twice_is_harmless(customer: User, by: Actor, sign_in: SignIn, noon: Any) -> None:
    sign_in(customer)
    session, at = Session.objects.get(), clock.now()
    flows.end(session, by=by, at=at)
    flows.end(session, by=by, at=at + timedelta(minutes=1))
    session.refresh_from_db()
    assert session.ended_at == at


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-up/", "/sign-out/", "/profile/", "/sessions/"])
@pytest.mark.parametrize("verb", ["put", "delete", "patch"])
def test_wrong_methods_are_refused(sign_in: SignIn, customer: User, path: str, verb: str) -> None:
    client = sign_in(customer)
    assert getattr(client, verb)(path).status_code in {302, 405}


def test_a_forged_session_record_signs_nobody_in(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    other = new_customer()
    Session.objects.update(customer=other)  # the browser session says one customer, the record another
    assert client.get("/profile/").status_code == 302


@pytest.mark.control("v5.0.0-6.3.4")
def test_a_way_in_that_proved_nothing_is_refused(rf: RequestFactory, client: Client, customer: User) -> None:
    request = rf.get("/")
    request.session, request.user = client.session, AnonymousUser()
    with context.request_context(request), pytest.raises(Denied):
        perform_login(request, Login(user=customer, email=customer.email))
    assert not Session.objects.exists()
    assert DecisionEntry.objects.get().reason == "nothing_proven"


def test_a_sign_in_from_a_known_browser_costs_at_most_eighteen_statements(client: Client, customer: User) -> None:
    """Without what opens and closes transactions and savepoints."""
    at_home(client, customer, agent=FIREFOX)
    client.defaults["HTTP_USER_AGENT"] = FIREFOX
    with CaptureQueriesContext(connection) as queries:
        answer = client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    assert answer["Location"] == "/"
    said = [query["sql"] for query in queries]
    assert len([sql for sql in said if not sql.startswith(("SAVEPOINT", "RELEASE"))]) <= 18
    assert len([sql for sql in said if 'FROM "accounts_device"' in sql]) == 2  # at the door, and when it is renewed
