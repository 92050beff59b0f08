"""Each use is traced to the answer that stood at that instant; what should not have gone out is called our fault."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from accounts.staff.flows import people as staff
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.tree import sealer
from ciam_portal.core.roles import Role
from consent.ledger.shapes import OURSELVES, Line, Party, Way
from consent.models import ConsentEvent, PurposeVersion, Use
from consent.purposes.facts import Wanted
from consent.purposes.policy import Basis
from consent.records import flows as records
from consent.records.policy import Says, State
from consent.use import facts, flows, policy
from consent.use.policy import Rests, Traced
from consent.use.shapes import To
from tests.accounts.staff.people import Member
from tests.conftest import NOON
from tests.consent.use.test_policy import LIMITS, PURPOSE, USE, YES
from tests.oauth.walk import Walk, register

LATE = timedelta(seconds=LIMITS.consent.takes_effect_seconds)
A_MOMENT = timedelta(microseconds=1)
EMAIL = replace(USE, categories=frozenset({"email"}))
TRACED = Traced(EMAIL, was_allowed=True, names_one=True, said_at=NOON - LATE, replaced_at=None)
INTEREST = replace(EMAIL, purpose=replace(PURPOSE, basis=Basis.LEGITIMATE_INTEREST))


@pytest.mark.parametrize(
    ("change", "rests"),
    [
        ({}, Rests.ON_A_YES),
        ({"use": replace(EMAIL, said=None), "was_allowed": False}, Rests.REFUSED),
        ({"use": replace(EMAIL, said=None)}, Rests.ON_WHAT_IS_NOT_THERE),
        ({"use": replace(EMAIL, said=None), "names_one": False, "said_at": None}, Rests.ON_NOTHING),
        ({"replaced_at": NOON - LATE}, Rests.ON_A_YES),  # on its way: another answer holds everywhere a moment later
        ({"replaced_at": NOON - LATE - A_MOMENT}, Rests.ON_ANOTHER),
        ({"said_at": NOON + LATE}, Rests.ON_A_YES),
        ({"said_at": NOON + LATE + A_MOMENT}, Rests.ON_ANOTHER),
        ({"use": replace(EMAIL, said=replace(YES, state=State.WITHDRAWN))}, Rests.AGAINST),
        ({"use": replace(EMAIL, said=replace(YES, expires_at=NOON))}, Rests.AGAINST),
        ({"use": replace(EMAIL, said=replace(YES, version=2))}, Rests.AGAINST),
        ({"use": replace(EMAIL, categories=frozenset({"email", "name"}))}, Rests.AGAINST),
        ({"use": replace(EMAIL, purpose=None)}, Rests.AGAINST),
        ({"use": replace(INTEREST, said=None), "names_one": False, "said_at": None}, Rests.ON_NO_YES),
        ({"use": INTEREST}, Rests.ON_NO_YES),
        ({"use": replace(INTEREST, said=replace(YES, state=State.OBJECTED))}, Rests.AGAINST),
        (
            {"use": replace(INTEREST, said=None), "names_one": False, "said_at": None, "replaced_at": NOON - 2 * LATE},
            Rests.ON_ANOTHER,
        ),
    ],
)
def test_what_a_use_rests_on(change: dict[str, Any], rests: Rests) -> None:
    assert policy.rests(replace(TRACED, **change), limits=LIMITS, at=NOON) is rests


NEWS = Wanted("product_news", ("email",), ())


@pytest.fixture
def say(customer: User, by: Actor) -> Callable[..., ConsentEvent]:
    version = PurposeVersion.objects.get(purpose__key="product_news", state="active").pk

    def said(says: Says, at: datetime) -> ConsentEvent:
        return records.answer(customer, "product_news", says, version, by=by, at=at)

    return said


def written(customer: User, at: datetime) -> Use:
    """Something of ours is used, and stands in the ledger."""
    flows.release(facts.people([customer.pk], at)[customer.pk], [NEWS], To(OURSELVES, Way.MAIL, is_ours=True), at=at)
    return Use.objects.latest("last_at")


@pytest.fixture
def auditor(customer: User) -> Member:
    """With the record open."""
    who = Member(Role.AUDITOR)
    staff.open_record(customer, WhyLook.AUDIT, who.user, who.session, by=who.by, at=clock.now())
    return who


def page(who: Member, use: Use) -> str:
    return who.client.get(reverse("admin:consent_use_change", args=[use.pk])).text


@pytest.mark.django_db
def test_an_auditor_follows_a_use_to_its_answer_and_to_what_proves_it(
    customer: User, auditor: Member, say: Callable[..., ConsentEvent]
) -> None:
    at = clock.now() - timedelta(minutes=5)
    event = say(Says.YES, at)
    use = written(customer, at + timedelta(minutes=1))
    assert "Not sealed yet." in page(auditor, use)
    sealer.seal_all(60, clock.now())
    text = page(auditor, use)
    assert escape(Rests.ON_A_YES.words) in text
    assert "Receipt 1" in text
    files = {name: reverse("admin:consent_use_file", args=[use.pk, name]) for name in ("answer", "receipt", "signed")}
    for path in files.values():
        assert path in text
    answer, receipt, signed = (auditor.client.get(path) for path in files.values())
    assert str(event.pk) in answer["Content-Disposition"]
    assert str(event.receipt.pk) in receipt["Content-Disposition"]
    assert answer.content.startswith(b"c2sp.org/tlog-proof@v1\n")
    assert signed.json()["receipt"] == event.receipt.text
    assert auditor.client.get(reverse("admin:consent_use_file", args=[use.pk, "other"])).status_code == 404


@pytest.mark.django_db
def test_what_went_out_although_nothing_stood_is_called_our_fault(
    customer: User, auditor: Member, say: Callable[..., ConsentEvent]
) -> None:
    """No code of ours writes such lines: these are written by hand."""
    at = clock.now() - timedelta(minutes=30)
    said = say(Says.YES, at)
    good = written(customer, at + timedelta(minutes=1))
    say(Says.NO, at + timedelta(minutes=2))
    refused = written(customer, at + timedelta(minutes=3))
    mine = Line(customer.pk, "product_news", good.version, "consent", ("email",), Way.MAIL)
    cases = {
        Rests.ON_NOTHING: replace(mine, event=None, purpose="research", categories=("behavior",)),
        Rests.ON_WHAT_IS_NOT_THERE: replace(mine, event=99),
        Rests.ON_ANOTHER: replace(mine, event=said.number),
        Rests.AGAINST: replace(mine, event=said.number + 1),
    }
    research = PurposeVersion.objects.get(purpose__key="research", state="active").number
    cases[Rests.ON_NOTHING] = replace(cases[Rests.ON_NOTHING], version=research)
    Use.objects.note(cases.values(), at + timedelta(minutes=10))
    whole = auditor.client.get(reverse("admin:consent_use_changelist"), {"customer": str(customer.pk)}).text
    for rests in Rests:
        assert whole.count(escape(rests.words)) == (rests is not Rests.ON_NO_YES), rests
    assert whole.count("<strong>Our fault") == len(cases)
    assert escape(Rests.REFUSED.words) in page(auditor, refused)
    assert "there is no answer number 99" in page(auditor, Use.objects.get(event=99))
    one = auditor.client.get(
        reverse("admin:consent_use_changelist"), {"customer": str(customer.pk), "purpose": "research"}
    )
    assert one.text.count("Our fault") == 1


@pytest.mark.django_db
def test_an_answer_to_us_carries_no_app_and_one_to_an_app_carries_whom_it_passed_it_on_to(
    customer: User, auditor: Member, sign_in: Callable[..., Any]
) -> None:
    walk = Walk(*register(), sign_in(customer))
    walk.tokens("openid profile")
    given = ConsentEvent.objects.get(purpose="profile")
    line = Line(
        customer.pk, "profile", given.version.number, "consent", ("name",), Way.PROFILE,
        Party(given.recipient_id), event=given.number,
    )  # fmt: skip
    at = clock.now()
    Use.objects.note([line, replace(line, party=Party(UUID(int=7))), replace(line, party=OURSELVES)], at)
    rows = {each.partner: page(auditor, each) for each in Use.objects.filter(purpose="profile")}
    assert escape(Rests.ON_A_YES.words) in rows[given.recipient_id]
    assert escape(Rests.ON_A_YES.words) in rows[UUID(int=7)]
    assert escape(Rests.ON_WHAT_IS_NOT_THERE.words) in rows[None]


@pytest.mark.django_db
def test_a_page_of_lines_costs_the_same_however_many_there_are(
    customer: User, auditor: Member, say: Callable[..., ConsentEvent], django_assert_max_num_queries: Any
) -> None:
    at, path = clock.now() - timedelta(hours=2), reverse("admin:consent_use_changelist")
    costs = []
    auditor.client.get(path, {"customer": str(customer.pk)})  # that it was looked at is recorded once
    for last in (1, 20):
        while Use.objects.count() < last:
            say(Says.YES, at)
            written(customer, at + timedelta(minutes=1))
            at += timedelta(minutes=3)
        sealer.seal_all(60, clock.now())
        with django_assert_max_num_queries(60) as queries:
            answer = auditor.client.get(path, {"customer": str(customer.pk)})
        costs.append(len(queries))
        assert answer.text.count(escape(Rests.ON_A_YES.words)) == Use.objects.count()
    assert costs[0] == costs[1]


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role), ids=str)
def test_who_reads_it_and_only_with_the_record_open(customer: User, role: Role) -> None:
    use, who = written(customer, clock.now()), Member(role)
    may = role in {Role.AUDITOR, Role.ADMINISTRATOR, Role.PRIVACY_OFFICER}
    for path in (
        f"{reverse('admin:consent_use_changelist')}?customer={customer.pk}",
        reverse("admin:consent_use_change", args=[use.pk]),
        reverse("admin:consent_use_file", args=[use.pk, "answer"]),
    ):
        asked = who.client.get(path)
        assert asked.status_code == (200 if may else 403)
        assert ("Why do you look?" in asked.text) == may
