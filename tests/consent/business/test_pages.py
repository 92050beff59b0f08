"""The pages of a business, as its owners and members walk them; and what is not theirs does not exist."""

from collections.abc import Callable

import pytest

from ciam_portal.core import clock
from ciam_portal.core.roles import Role
from consent.business.models import Business, BusinessMember, BusinessRemoval, BusinessRole
from consent.business.shapes import Removal, Stands
from consent.delegation import flows as delegating
from consent.delegation.shapes import Act
from tests.accounts.staff.people import Member
from tests.consent.business.conftest import Joined, of
from tests.consent.delegation.conftest import PAY, Party

pytestmark = pytest.mark.django_db
ALL = "/businesses/"


def test_from_creating_it_to_closing_it(ada: Party, bob: Party) -> None:
    made = ada.client.post(f"{ALL}new/", {"name": "  Acme   Bakery "})
    acme = Business.objects.get()
    home = f"{ALL}{acme.pk}/"
    assert made["Location"] == home
    assert acme.account.name == "Acme Bakery"
    assert "Acme Bakery" in ada.client.get(ALL).text
    role = {"name": "Till", "actions": [PAY], "amount_each": "50", "currency": "EUR"}
    assert ada.client.post(f"{home}roles/new/", role)["Location"] == home
    own = BusinessRole.objects.get()
    invited = ada.client.post(f"{home}invite/", {"email": "bob@example.com", "role": str(own.pk)})
    assert invited["Location"] == home
    row = BusinessMember.objects.get(stands=Stands.INVITED)
    page = bob.client.get(f"{ALL}invitations/{row.pk}/").text
    assert "Acme Bakery" in page
    assert "At most 50.00\u00a0EUR at a time" in page
    assert bob.client.post(f"{ALL}invitations/{row.pk}/", {"do": "accept"})["Location"] == home
    assert bob.client.post(f"{ALL}invitations/{row.pk}/", {"do": "accept"}).status_code == 410  # pressed twice
    row.refresh_from_db()
    assert row.delegation is not None
    paid = Act(PAY, amount=1_234, currency="EUR")
    delegating.count(row.delegation.pk, paid, decision=None, by=bob.by, at=clock.now())
    page = ada.client.get(home).text
    assert "12.34\u00a0EUR · done" in page
    assert "Somebody became a member" in page
    assert bob.client.get(f"/acting/{row.delegation_id}/begin/").status_code == 200
    assert "Acme Bakery" in bob.client.get("/people-i-act-for/").text
    assert "no-mailbox.invalid" not in page + bob.client.get("/activity/").text + bob.client.get(ALL).text
    member = f"{home}members/{row.pk}/"
    assert ada.client.post(member, {"role": "looks_on"})["Location"] == member
    assert ada.client.post(f"{home}roles/{own.pk}/drop/")["Location"] == home
    assert ada.client.post(f"{home}stop/")["Location"] == home
    assert ada.client.post(f"{member}resume/")["Location"] == home
    assert ada.client.post(f"{member}remove/")["Location"] == home
    assert ada.client.post(f"{member}remove/").status_code == 404  # pressed twice
    assert ada.client.post(f"{home}name/", {"name": "Acme & Sons"})["Location"] == home
    assert ada.client.post(f"{home}close/")["Location"] == home
    assert "This business is closed" in ada.client.get(home).text
    assert ada.client.post(f"{home}close/")["Location"] == home  # kept after all
    assert "This business is closed" not in ada.client.get(home).text


def test_for_others_it_does_not_exist_and_members_see_their_own_part(
    acme: Business, ada: Party, bob: Party, party: Callable[..., Party], joined: Joined
) -> None:
    eve, row = party("eve@example.com"), joined(bob)
    home = f"{ALL}{acme.pk}/"
    posts = (
        "stop/", f"members/{row.pk}/remove/", f"members/{row.pk}/owner/", f"members/{row.pk}/", "invite/", "close/",
        "name/", "roles/new/",
    )  # fmt: skip
    for who in (eve, bob):
        assert {who.client.post(f"{home}{path}").status_code for path in posts} == {404}
    assert {eve.client.get(f"{home}{path}").status_code for path in ("", "leave/")} == {404}
    page = bob.client.get(home).text
    assert "Act for this business" in page
    assert "Invite somebody" not in page
    assert ada.client.get(f"{ALL}invitations/{row.pk}/").status_code == 404
    assert bob.client.post(f"{home}leave/", {"do": "leave"})["Location"] == ALL
    assert of(acme, bob).stands == Stands.GONE


@pytest.mark.parametrize("name", ["", "   ", "a\u202eb", "x" * 121, "\u200b"])
def test_a_name_that_is_none_is_said_to_be_so(ada: Party, name: str) -> None:
    assert ada.client.post(f"{ALL}new/", {"name": name}).status_code == 200
    assert not Business.objects.exists()


def test_the_only_owner_reads_why_they_cannot_leave(acme: Business, ada: Party) -> None:
    home = f"{ALL}{acme.pk}/"
    assert "only owner" in ada.client.get(f"{home}leave/").text
    answer = ada.client.post(f"{home}leave/", {"do": "leave"})
    assert answer.status_code == 409
    assert "A business always has an owner" in answer.text
    bad = ada.client.post(f"{home}invite/", {"email": ada.user.email, "role": "books"})
    assert bad.status_code == 409
    assert "This is an address of your own" in bad.text


def test_without_a_second_step_there_is_no_business(party: Callable[..., Party]) -> None:
    dan = party("dan@example.com", second=False)
    assert "second step first" in dan.client.get(f"{ALL}new/").text


def test_an_owner_objects_and_two_of_the_help_desk_decide(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    row = joined(bob, owner=True)
    home = f"{ALL}{acme.pk}/"
    assert ada.client.post(f"{home}members/{row.pk}/ask_out/")["Location"] == home
    case = BusinessRemoval.objects.get()
    assert "I object" in bob.client.get(home).text
    assert "I object" not in ada.client.get(home).text
    assert bob.client.post(f"{home}removals/{case.pk}/object/")["Location"] == home
    agent, approver = Member(Role.AGENT), Member(Role.APPROVER)
    page = f"/staff/consent/businessremoval/{case.pk}/"
    assert "Hear both owners first" in agent.client.get(f"{page}change/").text
    approver.client.post(f"{page}settle/", {"verdict": "remove"})  # nothing is proposed yet
    agent.client.post(f"{page}propose/", {"verdict": "stay"})
    agent.client.post(f"{page}settle/", {"verdict": "stay"})  # not by the same person, nor in this role
    case.refresh_from_db()
    assert case.state == Removal.OBJECTED
    approver.client.post(f"{page}settle/", {"verdict": "remove"})  # not what was proposed
    approver.client.post(f"{page}settle/")  # sent back
    agent.client.post(f"{page}propose/", {"verdict": "remove"})
    approver.client.post(f"{page}settle/", {"verdict": "remove"})
    case.refresh_from_db()
    assert (case.state, case.decided_by) == (Removal.DONE, approver.user.pk)
    assert of(acme, bob).stands == Stands.GONE


def test_another_owner_agrees_or_it_is_called_off(
    acme: Business, ada: Party, bob: Party, party: Callable[..., Party], joined: Joined
) -> None:
    eve, home = party("eve@example.com"), f"{ALL}{acme.pk}/"
    row, other = joined(bob, owner=True), joined(eve, owner=True)
    BusinessMember.objects.filter(pk=other.pk).update(owner_since=acme.made_at.replace(year=2020))
    ada.client.post(f"{home}members/{row.pk}/ask_out/")
    case = BusinessRemoval.objects.get()
    ada.client.post(f"{home}removals/{case.pk}/call_off/")
    ada.client.post(f"{home}members/{row.pk}/ask_out/")
    case = BusinessRemoval.objects.get(state=Removal.ASKED)
    assert "I agree: remove them" in eve.client.get(home).text
    assert eve.client.post(f"{home}removals/{case.pk}/agree/")["Location"] == home
    assert of(acme, bob).stands == Stands.GONE
    assert bob.client.get(home).status_code == 404
