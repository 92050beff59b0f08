"""Purposes on the staff site: written by one, approved by another, and only what was shown."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import Alert
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.roles import Role
from consent.models import PurposeVersion
from consent.purposes import facts
from consent.purposes.tasks import look_at_purposes
from tests.accounts.staff.people import Member
from tests.consent.records.world import edit

pytestmark = pytest.mark.django_db

NEWS: dict[str, Any] = {
    "basis": "consent", "access": "contact", "categories": ["email"], "recipients": ["ourselves"],
    "retention_days": "365", "valid_for_days": "395", "sensitivity": "ordinary",
    "title_en": "Send you gifts", "words_en": "To send you a gift on your birthday.",
}  # fmt: skip


def new(who: Member, **changed: Any) -> PurposeVersion:
    answer = who.client.post(reverse("admin:consent_purpose_new"), NEWS | {"key": "gifts"} | changed)
    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.text)
    return PurposeVersion.objects.get(purpose__key="gifts", state="draft")


def page(who: Member, version: PurposeVersion) -> str:
    return who.client.get(reverse("admin:consent_purposeversion_change", args=[version.pk])).text


def do(who: Member, version: PurposeVersion, what: str, shown: str = "") -> str:
    seal = shown or PurposeVersion.objects.get(pk=version.pk).seal
    path = reverse("admin:consent_purposeversion_decide", args=[version.pk])
    return who.client.post(path, {"do": what, "shown": seal}, follow=True).text


def state(version: PurposeVersion) -> str:
    return PurposeVersion.objects.get(pk=version.pk).state


def brought(one: Member, other: Member, version: PurposeVersion) -> PurposeVersion:
    for who, verb in ((one, "propose"), (other, "approve"), (one, "activate")):
        do(who, version, verb)
    return PurposeVersion.objects.get(pk=version.pk, state="active")


@pytest.fixture
def petra() -> Member:
    return Member(Role.PRIVACY_OFFICER)


@pytest.fixture
def mona() -> Member:
    return Member(Role.ADMINISTRATOR)


def test_two_people_bring_a_purpose_on_its_way_and_a_change_of_words_asks_nobody_again(
    petra: Member, mona: Member
) -> None:
    version = new(petra)
    assert 'value="approve"' not in page(mona, version)
    assert "somebody else has to approve" in do(petra, version, "propose")
    assert "1 purpose of data to decide about" in mona.client.get("/staff/").text
    assert "purpose of data" not in petra.client.get("/staff/").text
    assert 'value="approve"' not in page(petra, version)
    assert "somebody else must approve" in do(petra, version, "approve")
    assert "To send you a gift" in page(mona, version)
    do(mona, version, "approve")
    with pytest.raises(Refused):
        facts.one("gifts", clock.now())
    do(mona, version, "activate")
    assert facts.one("gifts", clock.now()).title == "Send you gifts"

    purpose = f"/staff/consent/purpose/{version.purpose_id}/"
    assert "Draft another version" in mona.client.get(f"{purpose}change/").text
    said = NEWS | {"title_en": "Send you presents"}
    assert mona.client.post(f"{purpose}draft/", said).status_code == 302
    second = PurposeVersion.objects.get(purpose=version.purpose, number=2)
    shown = page(petra, second)
    assert "<del>gifts</del>" in shown
    assert "<ins>presents</ins>" in shown
    assert "a yes to the version before still counts" in shown
    brought(mona, petra, second)
    assert state(version) == "retired"
    found = facts.one("gifts", clock.now())
    assert (found.title, found.number, found.material_number) == ("Send you presents", 2, 1)

    third = NEWS | {"categories": ["email", "name"]}
    mona.client.post(f"{purpose}draft/", third)
    brought(mona, petra, PurposeVersion.objects.get(purpose=version.purpose, number=3))
    assert facts.one("gifts", clock.now()).material_number == 3
    told = AuditEntry.objects.filter(name__startswith="purpose.", data__purpose="gifts").values_list("name", flat=True)
    assert sorted(set(told)) == [f"purpose.{verb}" for verb in ("activated", "approved", "drafted", "proposed")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"categories": []}, "Say which data is used"),
        ({"categories": ["shoe_size"]}, "shoe_size is not one of the available choices"),
        ({"recipients": []}, "Say who gets the data"),
        ({"optional": ["phone"]}, "must be one of the categories"),
        ({"valid_for_days": ""}, "say after how many days"),
        ({"basis": "contract"}, "leave the days empty"),
        ({"words_en": ""}, "This field is required"),
        ({"title_en": "Gifts \u202e"}, "Letters, digits and signs only"),
        ({"key": "Gifts!"}, "Small letters, digits and _ only"),
        ({"retention_days": "-1"}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_fit_together_is_said_and_nothing_lost(petra: Member, wrong: dict[str, Any], said: str) -> None:
    answer = petra.client.post(reverse("admin:consent_purpose_new"), NEWS | {"key": "gifts"} | wrong)
    assert answer.status_code == 200
    assert said in answer.text
    assert "birthday" in answer.text or "words_en" in wrong
    assert not PurposeVersion.objects.filter(purpose__key="gifts").exists()


def test_only_what_was_shown_is_decided_about(petra: Member, mona: Member) -> None:
    version = new(petra)
    before = version.seal
    path = f"/staff/consent/purpose/{version.purpose_id}/draft/"
    other = NEWS | {"words_en": "To send you another gift."}
    assert petra.client.post(path, other | {"shown": before}).status_code == 302
    assert petra.client.post(path, other | {"shown": before}).status_code == 302  # pressed twice
    late = mona.client.post(path, NEWS | {"shown": before})
    assert "Somebody changed this version meanwhile" in late.text
    assert "birthday" in late.text
    assert "changed this version meanwhile" in do(petra, version, "propose", before)
    do(petra, version, "propose")
    seen = PurposeVersion.objects.get(pk=version.pk).seal
    do(petra, version, "reject")
    assert state(version) == "draft"
    petra.client.post(path, NEWS | {"shown": PurposeVersion.objects.get(pk=version.pk).seal})
    do(petra, version, "propose")
    assert "changed this version meanwhile" in do(mona, version, "approve", seen)
    assert state(version) == "proposed"
    assert "Only a draft can be changed" in petra.client.post(path, NEWS).text


def test_the_same_again_is_nothing_to_propose(petra: Member, mona: Member) -> None:
    version = brought(petra, mona, new(petra))
    mona.client.post(f"/staff/consent/purpose/{version.purpose_id}/draft/", NEWS)
    second = PurposeVersion.objects.get(purpose=version.purpose, number=2)
    assert "says what the active one says already" in do(mona, second, "propose")
    assert "Retired" in do(mona, second, "retire")


def test_retired_it_is_used_for_nothing_but_what_the_portal_rests_on_stays(petra: Member, mona: Member) -> None:
    version = brought(petra, mona, new(petra))
    do(petra, version, "retire")
    with pytest.raises(Refused, match="purpose_retired"):
        facts.one("gifts", clock.now())
    needed = PurposeVersion.objects.get(purpose__key="security_notices")
    assert "Replace it with another version" in page(petra, needed)
    assert "Replace it with another version" in do(petra, needed, "retire")
    assert state(needed) == "active"


def test_others_only_look(petra: Member) -> None:
    version = new(petra)
    auditor = Member(Role.AUDITOR)
    assert "<button" not in page(auditor, version).partition('id="content-main"')[2]
    assert auditor.client.get(reverse("admin:consent_purpose_new")).status_code == 403
    assert "Only a privacy officer" in do(auditor, version, "propose")
    agent = Member(Role.AGENT)
    assert agent.client.get(f"/staff/consent/purpose/{version.purpose_id}/change/").status_code == 403


def test_a_proposal_that_was_edited_in_the_database_is_not_approved(petra: Member, mona: Member) -> None:
    version = new(petra)
    do(petra, version, "propose")
    edit("valid_for_days = 40000 WHERE state = 'proposed'")
    assert "somebody edited it in the database" in page(mona, version)
    assert "not what was approved" in do(mona, version, "approve")


def test_what_was_edited_is_replaced_carried_on_by_nothing_and_stays_known(petra: Member, mona: Member) -> None:
    edit("""texts = jsonb_set(texts, '{en,words}', '"To sell it."') WHERE state = 'active' AND access = 'profile'""")
    ours = PurposeVersion.objects.get(purpose__key="improve_service")
    path = f"/staff/consent/purpose/{ours.purpose_id}/draft/"
    assert "To sell it" in page(petra, ours)
    assert "To sell it" not in petra.client.get(path).text
    said = NEWS | {"basis": "legitimate_interest", "access": "profile", "valid_for_days": ""}
    assert petra.client.post(path, said).status_code == 302
    brought(petra, mona, PurposeVersion.objects.get(purpose=ours.purpose, number=2))
    assert facts.one("improve_service", clock.now()).material_number == 2
    assert look_at_purposes() == 0
    with pytest.raises(CommandError, match=f"1 of {PurposeVersion.objects.count()}"):
        call_command("purposes", "verify", stderr=StringIO())


def test_operators_list_show_and_verify_them_and_staff_hear_of_an_edit(petra: Member) -> None:
    def told(*words: str) -> str:
        out = StringIO()
        call_command("purposes", *words, stdout=out, stderr=out)
        return out.getvalue()

    new(petra)
    assert re.search(r"gifts +1 +draft +consent +Send you gifts", told("list"))
    assert "To send you a gift on your birthday" in told("show", "gifts")
    with pytest.raises(CommandError, match="There is no purpose 'shoes'"):
        told("show", "shoes")
    assert f"{PurposeVersion.objects.count()} versions are as they were written" in told("verify")
    assert look_at_purposes() == 0
    edit("categories = '{phone}', optional = '{}' WHERE state = 'active' AND basis = 'legitimate_interest'")
    with pytest.raises(CommandError, match=f"1 of {PurposeVersion.objects.count()} versions are not"):
        told("verify")
    assert look_at_purposes() == look_at_purposes() == 1
    assert Alert.objects.get().kind == "purpose.improve_service"


def test_an_intact_seal_moves_to_the_key_that_is_used(settings: Any) -> None:
    settings.AUDIT_KEYS = [b"k" * 32, *settings.AUDIT_KEYS]
    before = PurposeVersion.objects.get(purpose__key="research").seal
    assert look_at_purposes() == 0
    after = PurposeVersion.objects.get(purpose__key="research")
    assert after.seal != before
    settings.AUDIT_KEYS = settings.AUDIT_KEYS[:1]
    assert after.is_intact
