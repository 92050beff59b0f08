"""A year passes: told before, of age, claimed, grown up; by date alone, whatever runs late, with nothing lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from consent.delegation import facts as delegations
from consent.delegation.policy import may_act
from consent.family import facts, flows, policy, tasks
from consent.family.policy import Aging, Claiming, Handing, Reason, Renewing
from consent.family.shapes import Band, What
from consent.models import ConsentRecord, Delegation, Dependant, Membership, ParentalResponsibility
from consent.purposes import facts as purposes
from consent.records import flows as choices
from consent.records import tasks as records
from consent.records.flows import Saying
from consent.records.policy import GivenBy, Says, State
from tests import factories
from tests.consent.delegation.conftest import Party
from tests.consent.family.conftest import added, row_of

pytestmark = pytest.mark.django_db
NOON, RULES = datetime(2026, 11, 27, 12, tzinfo=UTC), limits.load()
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
YEAR, SOON = 365 * DAY, timedelta(days=RULES.family.announce_days)
NEWS, PASSWORD = "product_news", "a phrase that only Mia knows of"

TEEN = {"consent_at": NOON - YEAR, "adult_at": NOON + YEAR}
HANDS = Handing(is_guardian=True, is_claimed=False, is_protected=False, consent_at=NOON, adult_at=NOON + YEAR)
CLAIMS = Claiming(is_live=True, is_claimed=False, consent_at=NOON, adult_at=NOON + YEAR)
CHILD = Aging(Band.CHILD, None, NOON + SOON, NOON + 2 * YEAR)
ENDS = Renewing(NOON + 14 * DAY, NOON + YEAR, is_claimed=False)


@pytest.mark.parametrize(
    ("question", "asked", "answer"),
    [
        (policy.may_hand_over, HANDS, Allow()),
        (policy.may_hand_over, replace(HANDS, is_guardian=False), Deny(Reason.NOT_YOURS)),
        (policy.may_hand_over, replace(HANDS, is_claimed=True), Deny(Reason.CLAIMED)),
        (policy.may_hand_over, replace(HANDS, is_protected=True), Deny(Reason.PROTECTED)),
        (policy.may_hand_over, replace(HANDS, consent_at=NOON + SECOND), Deny(Reason.TOO_YOUNG)),
        (policy.may_hand_over, replace(HANDS, grew_up_at=NOON - YEAR + SECOND), Allow()),
        (policy.may_hand_over, replace(HANDS, grew_up_at=NOON - YEAR), Deny(Reason.NOT_YOURS)),
        (policy.may_claim, CLAIMS, Allow()),
        (policy.may_claim, replace(CLAIMS, is_live=False), Deny(Reason.LINK_DEAD)),
        (policy.may_claim, replace(CLAIMS, is_claimed=True), Deny(Reason.LINK_DEAD)),
        (policy.may_claim, replace(CLAIMS, consent_at=NOON + SECOND), Deny(Reason.LINK_DEAD)),
        (policy.may_announce, CHILD, Allow()),
        (policy.may_announce, replace(CHILD, told=Band.TEEN), Deny(Reason.NOT_DUE)),
        (policy.may_announce, replace(CHILD, consent_at=NOON + SOON + SECOND), Deny(Reason.NOT_DUE)),
        (policy.may_grow, CHILD, Deny(Reason.NOT_DUE)),
        (policy.may_grow, replace(CHILD, consent_at=NOON), Allow()),
        (policy.may_grow, replace(CHILD, known=Band.TEEN, consent_at=NOON), Deny(Reason.NOT_DUE)),
        (policy.may_grow, replace(CHILD, consent_at=NOON - YEAR, adult_at=NOON), Allow()),
        (policy.may_grow, Aging(), Deny(Reason.NOT_DUE)),
        (policy.may_renew, ENDS, Allow()),
        (policy.may_renew, replace(ENDS, ends_at=NOON + 14 * DAY + SECOND), Deny(Reason.NOT_DUE)),
        (policy.may_renew, replace(ENDS, ends_at=NOON), Deny(Reason.NOT_DUE)),
        (policy.may_renew, replace(ENDS, adult_at=NOON + 14 * DAY), Deny(Reason.NOT_DUE)),
        (policy.may_renew, replace(ENDS, is_claimed=True), Deny(Reason.NOT_YOURS)),
        (policy.may_renew, replace(ENDS, is_claimed=True, is_child=True), Allow()),
    ],
)  # fmt: skip
def test_coming_of_age(question: Callable[..., Decision], asked: object, answer: Decision) -> None:
    assert question(asked, limits=RULES, at=NOON) == answer


def may(row: Delegation, at: datetime) -> Decision:
    return may_act(delegations.acting(row.pk, at=at), limits=limits.current(), at=at)


def told(outbox: Any) -> list[str]:
    return [mail.words["what"] for mail in outbox() if mail.kind == "family_news"]


@pytest.mark.control("v5.0.0-8.2.1", "v5.0.0-8.2.2")
def test_years_pass_from_a_child_to_a_grown_up(  # noqa: PLR0915  (the story of a youth)
    ada: Party, outbox: Any, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    start = clock.now()
    found = added(ada, born_on=date(start.year - 16, start.month, 28) + timedelta(days=45))
    row, child = row_of(found), Dependant.objects.select_related("person").get(person=found.child)
    start = clock.now()
    of_age, grown = (facts.comes_of(child, what, start) for what in (What.CONSENT, What.MAJORITY))
    by = ada.by.for_owner(child.person_id)
    flows.answer(row, Saying(NEWS, Says.YES, purposes.active(start)[NEWS].version), by=by, at=start)

    def passes(at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)
        purposes.forget()
        records.expire()
        tasks.sweep()

    passes(of_age - SOON)
    passes(of_age - SECOND)
    assert told(outbox) == ["teen_soon"]
    assert ConsentRecord.objects.get(subject=child.person).state == State.GIVEN
    passes(of_age)
    passes(of_age + SECOND)
    assert told(outbox) == ["teen_soon", "teen"]
    assert ConsentRecord.objects.get(subject=child.person).state == State.PAUSED
    assert may(row, of_age) == Allow()
    with pytest.raises(Refused) as refused:
        flows.answer(row, Saying(NEWS, Says.YES), by=by, at=of_age)
    assert refused.value.reason is Reason.OF_AGE

    # A link to the young person's own address; an address that has an account reads the same to the guardian.
    ada.session = factories.signed_in(ada.client, ada.user, ("password", "totp"), of_age)  # type: ignore[arg-type]
    flows.coming.hand_over(found, ada.user, ada.session, ada.user.email, by=ada.by, at=of_age)
    flows.coming.hand_over(found, ada.user, ada.session, "mia@example.com", by=ada.by, at=of_age)
    (mail,) = [mail for mail in outbox() if mail.kind == "family_claim"]
    assert mail.to == "mia@example.com"
    page = client.get(mail.words["link"])["Location"]
    assert b"A sign-in of your own" in client.get(page).content
    assert client.post(page, {"password": "short"}).status_code == 200
    assert b"The account is yours" in client.post(page, {"password": PASSWORD}).content
    assert client.post(page, {"password": PASSWORD}).status_code in {403, 404, 410}
    mia = User.objects.get(pk=child.person_id)
    assert (mia.email, addresses.is_proven(mia), mia.check_password(PASSWORD)) == ("mia@example.com", True, True)
    own = Actor(ActorKind.CUSTOMER, mia.pk, Channel.WEB)
    version = purposes.active(of_age)[NEWS].version
    affirmed = choices.answer(mia, NEWS, Says.YES, version, by=own, at=of_age)
    assert (affirmed.given_by, affirmed.state) == (GivenBy.SELF, State.GIVEN)

    # She lets the guardian go on for another year, and on the day on which she is grown up nobody does.
    soon = row.ends_at - DAY
    passes(soon)
    row.refresh_from_db()
    assert row.ends_at == soon + DAY
    flows.coming.renew(row, by=own, at=soon)
    row.refresh_from_db()
    assert row.ends_at == min(soon + YEAR, grown)
    Delegation.objects.update(renewed_at=grown - YEAR, ends_at=grown)
    assert may(row, grown - SECOND) == Allow()
    assert may(row, grown) != Allow()  # whatever runs late
    passes(grown - SOON)
    passes(grown)
    passes(grown + SECOND)
    assert told(outbox)[-2:] == ["adult_soon", "adult"]
    row.refresh_from_db()
    assert row.end_reason == "grown_up"
    assert not ParentalResponsibility.objects.live().exists()
    lineage = Membership.objects.filter(person=mia).order_by("from_at").values_list("role", flat=True)
    assert list(lineage) == ["child", "teen", "adult"]
    assert ConsentRecord.objects.get(subject=mia).given_by == GivenBy.SELF


def test_grown_up_without_a_sign_in_a_former_guardian_still_has_the_link_sent(
    ada: Party, child: Dependant, mia: ParentalResponsibility, outbox: Any
) -> None:
    now = clock.now()
    Dependant.objects.update(born_on=date(now.year - 19, 1, 1))
    tasks.sweep()
    mia.refresh_from_db()
    assert (mia.over, row_of(mia).state) == ("grown_up", "ended")
    assert b"without a sign-in of their own" in ada.client.get(reverse("consent:family")).content
    page = reverse("consent:family_hand_over", args=[mia.pk])
    assert ada.client.post(page, {"email": "mia@example.com"}).status_code == 302
    assert [mail.to for mail in outbox() if mail.kind == "family_claim"] == ["mia@example.com"]


def test_a_child_is_not_handed_over(ada: Party, mia: ParentalResponsibility) -> None:
    page = reverse("consent:family_hand_over", args=[mia.pk])
    assert ada.client.post(page, {"email": "mia@example.com"}).status_code == 409
