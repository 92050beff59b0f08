"""The activity page: what happened, in the customer's words and time, and why."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.account import flows as account
from accounts.activity import lines, runs
from accounts.activity.lines import LENGTH, Mark
from accounts.models import Session, User
from accounts.sessions import flows as sessions
from accounts.step_up import suspended
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.audit.months import MonthsDropped
from ciam_portal.core.audit.tree.nightly import AuditVerified
from ciam_portal.core.flow import FlowRefused
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.timeline import TOLD, is_decided
from ciam_portal.traces import Forbidden
from consent.models import Consent
from tests import elsewhere, factories
from tests.factories import FIREFOX
from tests.oauth.walk import register

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
GATE = "gate.decide"


def event(customer: User, name: str, at: datetime, *, inside: UUID | None = None, **data: Any) -> AuditEntry:
    return AuditEntry.objects.create(
        at=at, about=customer.pk, actor_kind="customer", channel="web", session=inside, name=name, data=data
    )


def decided(
    customer: User, at: datetime, answer: str = "hold", action: str = "change_email", **more: Any
) -> DecisionEntry:
    reason = {"hold": "on_hold", "deny": "too_risky", "step_up": "prove_more", "allow": ""}[answer]
    columns = {
        "question": GATE, "policy_version": "x", "inputs": [action, {}], "reason": reason, "actor_kind": "customer",
    } | more  # fmt: skip
    return DecisionEntry.objects.create(
        at=at, about=customer.pk, channel="web", action=action, answer=answer, **columns
    )


def titles(customer: User) -> list[str]:
    return [line.title for line in lines.page(customer).lines]


@pytest.fixture
def home(sign_in: SignIn, customer: User) -> Client:
    return sign_in(customer, on=Client())


def test_nothing_yet(customer: User) -> None:
    assert lines.page(customer) == lines.Page((), None)


def test_the_page_is_private_and_only_for_reading(home: Client) -> None:
    assert Client().get("/activity/")["Location"].startswith("/sign-in/")
    assert home.get("/activity/").status_code == 200
    assert home.post("/activity/").status_code == 405


def test_a_challenged_sign_in_is_explained_before_and_after(home: Client, customer: User) -> None:
    phone = elsewhere.browser()
    page = elsewhere.challenged(phone, customer)
    assert "Why was I asked?" in page.text
    assert "Something about this was unusual for your account, so we asked once more." in page.text
    detail = "The browser was one we have not seen with your account"
    assert detail in page.text  # before the sign-in is complete too: whoever reads it knows their own browser
    assert "Your account is still very new" not in page.text  # that it is, a thief need not learn
    elsewhere.sign_in(phone, customer)
    shown = home.get("/activity/").text
    assert detail in shown
    assert "Password accepted, one more step asked for" in shown
    assert "Safari on iOS, network 127.0.0.0/24" in shown
    assert "With password, code by mail" in shown
    assert "New browser" in shown
    assert shown.count("It was not me") >= 2


def test_stopped_sign_ins_from_two_browsers_are_two_lines_with_browser_and_place(
    home: Client, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="198.51.100.7")
    for client in (elsewhere.browser(), desktop, elsewhere.browser(), desktop):
        elsewhere.challenged(client, customer)
        client.post("/sign-in/prove/over/")
    shown = [line for line in lines.page(customer).lines if line.what == "sign_in.weighed"]
    assert [(line.where, line.times) for line in shown] == [
        ("Firefox on Linux, network 198.51.100.0/24", 2),
        ("Safari on iOS, network 127.0.0.0/24", 2),
    ]
    assert all("you" not in sentence.lower().replace("your", "") for line in shown for sentence in line.why)


def proving(client: Client, decision: object) -> Any:
    """The page that asks for more, as if a request waited there because of this decision."""
    stored = {
        "path": "/security/", "is_page": True, "to": 1, "within": 1, "challenge": True, "why": "Something was unusual.",
        "decision": str(decision), "sealed": None,
    }  # fmt: skip
    session = Session.objects.get(pk=client.session["portal_session"])
    cache.set(suspended._key(f"{session.customer_id}:{session.pk}", "reference"), stored, 60)
    return client.get("/prove/?ref=reference")


def test_the_explanation_is_shown_to_nobody_else(home: Client, customer: User) -> None:
    other = decided(factories.customer(), clock.now(), "step_up", findings=[["breached_password", 2.0]])
    for forged in (other.pk, uuid4(), "x", "", "' OR 1=1 --", "<script>"):
        page = proving(home, forged)
        assert page.status_code == 200
        assert "Why was I asked?" not in page.text
        assert "known to others" not in page.text
    mine = decided(customer, clock.now(), "step_up", reason="unusual", findings=[["breached_password", 2.0]])
    assert "known to others" in proving(home, mine.pk).text


def test_what_staff_were_refused_about_a_customer_is_not_the_customers_to_read(home: Client, customer: User) -> None:
    about_me = decided(customer, clock.now(), "deny", action="staff_open_record", actor_kind="staff")
    assert "opening a customer" not in home.get("/activity/").text.lower()
    assert "Why was I asked?" not in proving(home, about_me.pk).text
    assert home.post(f"/activity/decisions/{about_me.pk}/contest/").status_code == 404


def test_staff_who_looked_are_on_the_timeline(customer: User, noon: datetime) -> None:
    event(customer, "staff.record_opened", noon, kind="user", record=str(customer.pk))
    event(customer, "staff.record_opened", noon, kind="session", record=str(uuid4()))
    assert set(titles(customer)) == {"Our staff looked at your record", "Our staff looked at one of your sessions"}


def test_other_peoples_activity_is_not_there(home: Client, customer: User, noon: datetime) -> None:
    event(factories.customer(), "account.password_changed", noon, sessions_ended=0, tokens_ended=0)
    decided(factories.customer(), noon)
    assert "Password changed" not in home.get("/activity/").text
    assert "This had to wait" not in home.get("/activity/").text


def test_a_session_of_somebody_else_lends_no_browser_to_a_row(customer: User, sign_in: SignIn, noon: datetime) -> None:
    sign_in(factories.customer(), on=Client())
    event(customer, "account.password_changed", noon, inside=Session.objects.get().pk)
    assert lines.page(customer).lines[0].where == ""


# Words


def every_event() -> set[type[AuditEvent]]:
    def below(kind: type[AuditEvent]) -> Iterator[type[AuditEvent]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    return set(below(AuditEvent))


def test_every_event_has_words_or_its_theme_says_that_it_has_none() -> None:
    ours = {event for event in every_event() if not event.__module__.startswith("tests")}
    open_ = {event for event in ours if not is_decided(event) and ".management." not in event.__module__}
    assert {event.name for event in open_} == {FlowRefused.name, Forbidden.name, MonthsDropped.name, AuditVerified.name}
    assert set(TOLD) < {event.name for event in ours}


SAMPLES: dict[str, dict[str, Any]] = {
    "family.child_added": {"as_child": False},
    "family.comes_of_age": {"band": "teen", "soon": False, "as_child": False},
    "family.handed_over": {"as_child": True},
    "family.claimed": {"as_child": True},
    "family.asked": {"asker": False},
    "family.powers_changed": {"as_child": False, "wider": True},
    "family.guardian_left": {"role": "other"},
    "family.removal_asked": {"asker": True},
    "family.removal_answered": {"what": "decided"},
    "family.protected": {"on": True},
    "sign_in.completed": {"methods": ["password", "totp"], "new_device": True, "session": str(uuid4())},
    "sign_in.weighed": {"answer": "deny", "methods": ["password"]},
    "sign_in.failed": {"paused": True, "bucket": "x", "account_known": True},
    "session.stepped_up": {"method": "passkey", "session": str(uuid4())},
    "session.changed_place": {"abroad": True},
    "partner.delegates_let": {"enabled": True},
    "push.switched_off": {"why": "gone", "session": str(uuid4())},
    "session.ended": {"reason": "signed_out", "session": str(uuid4())},
    "session.all_ended": {"reason": "ended_by_owner", "sessions_ended": 2},
    "account.profile_changed": {"fields": ["name"]},
    "account.change_undone": {"kind": "email"},
    "factor.added": {"method": "totp"},
    "factor.removed": {"method": "passkey"},
    "factor.failed": {"method": "totp", "why": "wrong"},
    "recovery.reset_asked": {"sent": True},
    "recovery.desk_asked": {"case": str(uuid4()), "way": "called_back", "sent": False},
    "recovery.desk_noted": {"case": str(uuid4()), "way": "document", "outcome": "confirmed"},
    "recovery.approved": {"case": str(uuid4()), "ready_at": "2026-03-02T12:00:00+00:00"},
    "recovery.contact_invited": {"sent": True},
    "staff.record_opened": {"kind": "user"},
    "staff.value_shown": {"kind": "phone", "record": str(uuid4())},
    "restriction.begun": {"kind": "suspend", "reason": "legal_duty"},
    "restriction.reviewed": {"stands": False},
    "choice.recorded": {"partner": None, "states": ["given"]},
    "acting.begun": {"as_owner": True, "other": str(uuid4()), "partner": None},
    "acting.looked": {"as_owner": False, "other": str(uuid4()), "partner": None},
    "acting.stopped": {"as_owner": True, "other": None, "partner": None},
    "acting.refused": {"as_owner": True, "other": str(uuid4()), "partner": None, "reason": "acting_over"},
    "business.founded": {"side": "member"},
    "business.invited": {"side": "owner"},
    "business.invitation_ended": {"side": "owner"},
    "business.joined": {"side": "member"},
    "business.assigned": {"side": "member"},
    "business.made_owner": {"side": "member"},
    "business.no_owner": {"side": "member"},
    "business.gone": {"side": "member"},
    "business.rested": {"side": "owner"},
    "business.role_saved": {"side": "owner"},
    "business.role_dropped": {"side": "owner"},
    "business.renamed": {"side": "owner"},
    "business.removal_asked": {"side": "member"},
    "business.removal_agreed": {"side": "member"},
    "business.removal_objected": {"side": "member"},
    "business.removal_ended": {"side": "member", "state": "done"},
    "business.closed": {"side": "owner"},
    "business.kept": {"side": "owner"},
    "succession.answered": {"accepted": True, "as_customer": True},
    "succession.removed": {"as_customer": True},
    "succession.opened": {"as_customer": True},
    "succession.approved": {"as_customer": True},
    "succession.begun": {"as_customer": True},
    "succession.rejected": {"as_customer": True},
    "succession.stopped": {"as_customer": True},
    "proofing.stopped": {"expired": True},
    "export.asked": {"again": False},
    "rights.answered": {"answer": "done"},
    "rights.extended": {"reason": "complex"},
    "agent.refused": {"paused": True},
    "agent.ask_ended": {"state": "expired"},
    "delegation.requested": {"as_owner": True},
    "delegation.began": {"as_owner": True},
    "delegation.paused": {"as_owner": True},
    "delegation.resumed": {"as_owner": True},
    "delegation.changed": {"as_owner": True},
    "delegation.ended": {"as_owner": True},
    "delegation.acted": {"as_owner": True},
    "delegation.request_ended": {"as_owner": False, "state": "refused"},
}


@pytest.mark.parametrize("name", TOLD)
def test_every_event_reads_as_a_line(customer: User, noon: datetime, name: str) -> None:
    event(customer, name, noon, **SAMPLES.get(name, {}))
    (line,) = lines.page(customer).lines
    assert line.title
    assert line.title[0].isupper()
    assert "_" not in line.title


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("not.known", {}),
        ("sign_in.completed", {}),
        ("sign_in.completed", {"methods": None, "new_device": 1}),
        ("sign_in.completed", {"methods": 7, "new_device": 1}),
        ("sign_in.weighed", {"answer": "allow"}),
        ("sign_in.weighed", {"answer": "perhaps"}),
        ("factor.added", {"method": ["totp"]}),
        ("session.all_ended", {"sessions_ended": 0}),
        ("recovery.reset_asked", {"sent": False}),
        ("account.profile_changed", {"fields": []}),
        ("account.profile_changed", {"fields": ["gone"]}),
    ],
)
def test_what_has_no_words_is_left_out_and_never_an_error(
    home: Client, customer: User, noon: datetime, name: str, data: dict[str, Any]
) -> None:
    before = len(lines.page(customer).lines)
    event(customer, name, noon, **data)
    assert home.get("/activity/").status_code == 200
    if name != "sign_in.completed" or not data:
        assert len(lines.page(customer).lines) == before


@pytest.mark.parametrize("session", ["5f0c3a52-0b1d-4c1e-9d7e-0f6d1c2b3a49", "nonsense", ""])
def test_a_sign_in_whose_session_is_gone_is_still_told(
    home: Client, customer: User, noon: datetime, session: str
) -> None:
    event(customer, "sign_in.completed", noon, methods=["password"], new_device=False, session=session)
    page = home.get("/activity/").text
    assert "Which browser it was is no longer kept." in page
    assert page.count('<span class="visually-hidden">: Signed in, 1 March') == 0  # and nothing to answer


def test_times_are_the_customers_own(home: Client, customer: User) -> None:
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    event(customer, "account.password_changed", at)
    assert "1 March 2026" in home.get("/activity/").text
    User.objects.filter(pk=customer.pk).update(timezone="Asia/Tokyo")
    page = home.get("/activity/").text
    assert "2 March 2026" in page
    assert ">08:30</time>" in page
    assert "Times are in Asia/Tokyo." in page


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "\x01", "x" * 64])
def test_a_time_zone_that_is_none_is_utc(customer: User, name: str) -> None:
    customer.timezone = name
    assert customer.zone.key == "UTC"


def test_apps_are_named_and_a_deleted_one_is_not(home: Client, customer: User, noon: datetime) -> None:
    partner = register("<b>Tea</b>")[0]
    for key in (str(partner.pk), str(uuid4()), "nonsense"):
        event(customer, "consent.given", noon, partner=key, consent=str(uuid4()), allowed=["openid"], declined=[])
    page = home.get("/activity/").text
    assert page.count("<h3>App connected") == 3
    assert "&lt;b&gt;Tea&lt;/b&gt;" in page
    assert "<b>Tea</b>" not in page
    assert not Consent.objects.exists()


def test_what_was_refused_or_held_is_told_with_why_and_can_be_contested(home: Client, customer: User) -> None:
    at = clock.now()
    held = decided(customer, at, "hold")
    denied = decided(customer, at, "deny", action="partner.payment")
    decided(customer, at, "step_up", action="add_factor")
    page = home.get("/activity/").text
    assert "This had to wait" in page
    assert "Changing your email address" in page
    assert "Something you asked a connected app to do" in page
    assert f"/activity/decisions/{held.pk}/contest/" in page
    assert f"/activity/decisions/{denied.pk}/contest/" in page
    assert page.count("/contest/") == 2


def test_what_apps_do_with_their_keys_does_not_flood_the_page(customer: User, noon: datetime) -> None:
    for action in ("use_token", "refresh_token", "use_scope.phone"):
        decided(customer, noon, "deny", action=action)
    decided(customer, noon, "allow")
    assert titles(customer) == []


def test_failures_in_a_row_are_one_line(customer: User, noon: datetime) -> None:
    for second in range(5):
        event(customer, "sign_in.failed", noon + timedelta(seconds=second), paused=False)
    event(customer, "account.password_changed", noon + timedelta(seconds=6))
    event(customer, "sign_in.failed", noon + timedelta(seconds=7), paused=False)
    shown = lines.page(customer).lines
    assert [(line.title, line.times) for line in shown] == [
        ("Wrong password", 1),
        ("Password changed", 1),
        ("Wrong password", 5),
    ]


STRANGERS: list[tuple[str, dict[str, Any]]] = [
    ("sign_in.failed", {"paused": False}),
    ("account.sign_up_with_known_address", {}),
    ("recovery.reset_asked", {"sent": True}),
    ("sign_in.failed", {"paused": True}),
    ("sign_in.weighed", {"answer": "deny", "methods": ["password"]}),
    ("account.opened", {}),
]


def by_strangers(customer: User, count: int, start: datetime, apart: timedelta) -> None:
    """So many events of every kind that somebody without a session can cause, all mixed, and decisions among them."""
    for number in range(count):
        at, (name, data) = start + number * apart, STRANGERS[number % len(STRANGERS)]
        AuditEntry.objects.create(
            at=at, about=customer.pk, actor_kind="stranger", channel="web", name=name,
            data=data | {"bucket": f"bucket{number}"},
        )  # fmt: skip
        if number % 10 == 0:
            decided(customer, at, "deny", action="start_recovery", actor_kind="stranger")


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(seconds=2), timedelta(hours=5)])
def test_strangers_do_not_push_the_owners_own_off_the_first_page(
    customer: User, noon: datetime, apart: timedelta
) -> None:
    event(customer, "account.password_changed", noon)
    event(customer, "factor.added", noon + timedelta(seconds=1), method="totp")
    by_strangers(customer, 500, noon + timedelta(seconds=2), apart)
    page = lines.page(customer)
    assert page.older is None
    assert [line.title for line in page.lines][-2:] == ["A second step was added", "Password changed"]
    assert len(page.lines) == 2 + len(STRANGERS) + 1
    assert sum(line.times for line in page.lines) == 2 + 500 + 50


def test_every_own_event_keeps_its_place_among_strangers(customer: User, noon: datetime) -> None:
    for number in range(4):
        event(customer, "account.password_changed", noon + timedelta(hours=number))
        by_strangers(customer, 12, noon + timedelta(hours=number, minutes=1), timedelta(seconds=1))
    page = lines.page(customer)
    assert titles(customer).count("Password changed") >= 3
    assert [line.mark for line in page.lines] == sorted((line.mark for line in page.lines), reverse=True)


def test_no_row_is_counted_twice_or_lost_over_pages(customer: User, noon: datetime) -> None:
    for number in range(20):
        at = noon + timedelta(hours=number)
        event(customer, "account.password_changed", at)
        by_strangers(customer, 9, at + timedelta(minutes=1), timedelta(seconds=1))
    counted, mark, pages = 0, None, 0
    while pages == 0 or mark is not None:
        page = lines.page(customer, mark)
        counted += sum(line.times for line in page.lines)
        mark, pages = page.older, pages + 1
    assert counted == 20 + 20 * 9 + 20
    assert pages > 1


def test_somebody_signed_in_elsewhere_is_a_stranger_too(customer: User, noon: datetime) -> None:
    other = factories.customer()
    for second in range(60):
        AuditEntry.objects.create(
            at=noon + timedelta(seconds=second), about=customer.pk, actor_kind="customer", actor=other.pk,
            channel="web", name=("oauth.code_reused", "recovery.reset_asked")[second % 2], data={"sent": True},
        )  # fmt: skip
    assert sorted(line.times for line in lines.page(customer).lines) == [30, 30]


def test_a_page_looks_at_a_bounded_number_of_rows_and_goes_on(
    customer: User, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MOST", 20)
    event(customer, "account.password_changed", noon)
    by_strangers(customer, 50, noon + timedelta(seconds=1), timedelta(seconds=1))
    seen, mark = 0, None
    for _ in range(3):
        page = lines.page(customer, mark)
        seen, mark = seen + sum(line.times for line in page.lines), page.older
        assert mark is not None or seen == 56
    assert seen == 56


def test_real_flows_leave_lines(home: Client, customer: User, by: Actor) -> None:
    session, at = Session.objects.get(), clock.now()
    account.fill_profile(customer, {"name": "Ada"}, by=by, at=at)
    sessions.end_all(customer, by=by, at=at, keep=session)
    assert titles(customer)[:1] == ["Profile changed"]
    sessions.end(session, by=by, at=clock.now(), reason=sessions.SIGNED_OUT)
    assert titles(customer)[0] == "Signed out"


# Pages


def test_thirty_to_a_page_and_none_twice_or_lost(home: Client, customer: User, noon: datetime) -> None:
    wanted = []
    for number in range(LENGTH + 8):
        at = noon - timedelta(minutes=number // 3)  # several in the same instant
        wanted.append(event(customer, "account.password_changed", at).pk)
        wanted.append(decided(customer, at).pk)
    seen, mark = [], None
    for _ in range(10):
        page = lines.page(customer, mark)
        seen += [line.mark for line in page.lines]
        mark = page.older
        if mark is None:
            break
    mine = [mark.id for mark in seen if mark.id in set(wanted)]
    assert sorted(mine) == sorted(wanted)
    assert seen == sorted(seen, reverse=True)


def test_the_link_to_older_rows_leads_there(home: Client, customer: User, noon: datetime) -> None:
    for number in range(LENGTH + 5):
        event(customer, "account.password_changed", noon - timedelta(days=number))
    first = home.get("/activity/").text
    found = re.search(r'href="/activity/(\?before=[^"]+)" rel="next"', first)
    assert found
    second = home.get(f"/activity/{found.group(1)}").text
    assert 'rel="next"' not in second
    assert "Newest" in second
    assert "26 January 2026" in second


def test_past_the_end_there_is_nothing_and_it_says_so(home: Client) -> None:
    mark = Mark(datetime(2001, 1, 1, tzinfo=UTC), UUID(int=1))
    assert "There is nothing older to show." in home.get(f"/activity/?before={mark}").text


ZEROS = "-" + "0" * 32


@pytest.mark.parametrize(
    "text", ["x", "-", "1-2", f"-1{ZEROS}", f"{'9' * 30}{ZEROS}", f"1-{'g' * 32}", "<script>", f"٣{ZEROS}", "1" * 5000]
)
def test_a_forged_place_is_not_there(home: Client, text: str) -> None:
    page = home.get("/activity/", {"before": text})
    assert page.status_code == 404
    assert "<script>alert" not in page.text


def test_a_mark_reads_back(noon: datetime) -> None:
    mark = Mark(noon + timedelta(microseconds=7), uuid4())
    assert Mark.read(str(mark)) == mark


def test_the_page_costs_the_same_for_many(home: Client, sign_in: SignIn, customer: User, noon: datetime) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            at = noon + timedelta(minutes=number)
            entry = decided(customer, at, "allow", action="sign_in")
            session = Session.objects.create(
                customer=customer, browser_key=uuid4().hex, started_at=at, last_used_at=at, expires_at=at,
                auth_time=at, level=1, level_at=at, methods=["password"], network="x", browser="F", system="L",
                decision=entry.pk,
            )  # fmt: skip
            signed_in: dict[str, Any] = {"methods": ["password"], "new_device": False, "session": str(session.pk)}
            event(customer, "sign_in.completed", at, **signed_in)
            event(customer, "consent.given", at, partner=str(uuid4()))
            decided(customer, at)
            AuditEntry.objects.create(
                at=at, about=customer.pk, actor_kind="stranger", channel="web", name="sign_in.weighed",
                decision=entry.pk, data={"answer": "step_up"},
            )  # fmt: skip

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert home.get("/activity/").status_code == 200
        return len(queries)

    fill(1)
    few = cost()
    fill(12)
    assert cost() == few
    assert few <= 10  # browser session, session; two lists; decisions, sessions, partners, disputes


def test_it_says_which_session_this_is_and_what_was_answered(home: Client, customer: User) -> None:
    here = Session.objects.get()
    assert "This session" in home.get("/activity/").text
    here.answered(Session.Said.MINE)
    page = home.get("/activity/").text
    assert "You said: it was me." in page
    assert 'value="mine"' not in page
    assert 'value="not_mine"' in page
    here.answered(Session.Said.NOT_MINE)
    assert 'value="not_mine"' not in home.get("/activity/").text


def test_a_browsers_name_is_never_markup(home: Client, customer: User) -> None:
    Session.objects.update(browser="<script>alert(1)</script>"[:40], country="<i")
    page = home.get("/activity/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_staff_acting_lend_no_session_of_theirs(customer: User, sign_in: SignIn, noon: datetime) -> None:
    staff = factories.customer()
    sign_in(staff, Method.PASSWORD, Method.TOTP, on=Client())
    by = Actor(ActorKind.STAFF, staff.pk, Channel.HELP_DESK, Session.objects.get().pk)
    account.fill_profile(customer, {"name": "Ada"}, by=by, at=noon)
    (line,) = lines.page(customer).lines
    assert line.where == ""
