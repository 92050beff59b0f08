"""Two people at the same moment, on a real database: one wins, and one version of a purpose holds at most."""

from functools import partial

import pytest
from django.contrib.auth.models import Group

from ciam_portal.core import clock
from ciam_portal.core.roles import Role
from consent.models import Purpose, PurposeVersion
from consent.purposes import facts, flows, shipped
from consent.purposes.policy import Reason
from tests.accounts.staff.people import Member
from tests.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]

NEWS = next(each for each in shipped.SHIPPED if each.key == shipped.PRODUCT_NEWS)
SAID = flows.Said(
    NEWS.terms, NEWS.texts | {"en": {"title": "News", "words": "To send you our news."}}, is_material=False
)


@pytest.fixture(autouse=True)
def _groups(db: None) -> None:
    """The roles' groups, which the emptying after each test takes away."""
    for role in Role:
        Group.objects.get_or_create(name=role.value)


def draft(who: Member, text: str = "News") -> PurposeVersion:
    said = flows.Said(SAID.terms, SAID.texts | {"en": {"title": text, "words": text}}, is_material=False)
    return flows.draft(NEWS.key, said, who.user, "", by=who.by, at=clock.now())


def do(verb: str, version: PurposeVersion, who: Member) -> object:
    seal = PurposeVersion.objects.get(pk=version.pk).seal
    return getattr(flows, verb)(version, who.user, who.session, shown=seal, by=who.by, at=clock.now())


def holds() -> list[int]:
    return list(PurposeVersion.objects.filter(purpose__key=NEWS.key, state="active").values_list("number", flat=True))


def test_each_step_happens_once_and_one_version_holds() -> None:
    """Also after the database was emptied, every purpose that ships is there again."""
    assert set(Purpose.objects.values_list("key", flat=True)) == {each.key for each in shipped.SHIPPED}
    petra, mona, omar = (Member(role) for role in (Role.PRIVACY_OFFICER, Role.ADMINISTRATOR, Role.ADMINISTRATOR))
    drafts = at_once(partial(draft, petra, "This"), partial(draft, mona, "That"))
    assert [each for each in drafts if isinstance(each, Reason)] == [Reason.CHANGED_MEANWHILE]
    version = PurposeVersion.objects.get(purpose__key=NEWS.key, state="draft")
    do("propose", version, petra if version.drafted_by == petra.pk else mona)
    others = [omar, mona if version.drafted_by == petra.pk else petra]
    assert sorted(map(str, at_once(*(partial(do, "approve", version, who) for who in others)))) == [
        "None", str(Reason.NOT_PROPOSED),
    ]  # fmt: skip
    assert holds() == [1]
    ended = PurposeVersion.objects.get(purpose__key=NEWS.key, number=1)
    answers = at_once(partial(do, "activate", version, omar), partial(do, "retire", ended, mona))
    facts.forget()
    if answers[0] is None:  # it took over; what was to be retired is retired already, or was before: then it is refused
        assert (holds(), answers[1]) == ([2], Reason.RETIRED_ALREADY)
        assert facts.one(NEWS.key, clock.now()).number == 2
    else:
        assert (holds(), answers) == ([], [Reason.BASE_CHANGED, None])


def test_the_same_version_is_activated_once() -> None:
    petra, mona = Member(Role.PRIVACY_OFFICER), Member(Role.ADMINISTRATOR)
    version = draft(petra)
    do("propose", version, petra)
    do("approve", version, mona)
    answers = at_once(*(partial(do, "activate", version, who) for who in (petra, mona)))
    assert sorted(map(str, answers)) == ["None", str(Reason.NOT_APPROVED)]
    assert holds() == [2]
