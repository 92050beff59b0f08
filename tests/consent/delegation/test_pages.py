"""The pages of both sides, as they are walked: invite, answer, see, change, stop; and what is typed wrongly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Preset
from ciam_portal.core.policy.channel import Channel
from consent.delegation import flows, lines
from consent.delegation.shapes import Act, Asked, State, Terms
from consent.models import Consent, Delegation, DelegationRequest
from tests import factories
from tests.consent.delegation.conftest import PAY, SEE, Party, wish
from tests.oauth.walk import register

pytestmark = pytest.mark.django_db
MINE, THEIRS = "/acting-for-me/", "/people-i-act-for/"
SAID = {
    "email": "bob@example.com", "actions": [PAY, SEE], "scopes": ["profile"], "amount_each": "50", "days": "90",
    "amount_month": "80.00", "currency": "EUR", "times_day": "3", "reason": "My electricity bill",
}  # fmt: skip


def test_presets_say_what_each_really_allows_here(ada: Party) -> None:
    page = ada.client.get(f"{MINE}invite/").text
    for preset, known in lines.PRESETS.items():
        assert str(known.title) in page
        assert f"{MINE}invite/{preset.value}/" in page
    assert "Make, move and cancel appointments" in page
    assert "Your password, sign-in methods and backup codes" in page
    rules = limits.load()
    assert lines.terms_of(Preset.PAY_BILLS, rules).actions == (PAY, SEE)
    assert lines.terms_of(Preset.VIEW_ONLY, rules).actions == (SEE,)
    full = set(lines.terms_of(Preset.DAILY_BUSINESS, rules).actions)
    assert full == {PAY, SEE, "partner.appointment"}


def test_from_the_invitation_to_the_end(ada: Party, bob: Party) -> None:
    form = ada.client.get(f"{MINE}invite/pay_bills/").text
    assert form.count("checked") == 3  # two things to do, one to see
    assert ada.client.post(f"{MINE}invite/pay_bills/", SAID)["Location"] == MINE
    row = Delegation.objects.get()
    assert (row.amount_each, row.amount_month, row.currency, row.times_day) == (5_000, 8_000, "EUR", 3)
    assert row.scopes == ["openid", "profile"]
    assert "electricity" not in row.said
    assert "bob@example.com" in ada.client.get(MINE).text
    page = bob.client.get(f"{THEIRS}invitations/{row.pk}/").text
    assert "ada@example.com" in page
    assert "My electricity bill" in page
    assert "Pay, in connected apps" in page
    assert bob.client.post(f"{THEIRS}invitations/{row.pk}/", {"do": "accept"})["Location"] == THEIRS
    flows.count(row.pk, Act(PAY, amount=3_000, currency="EUR"), decision=None, by=bob.by, at=clock.now())
    flows.count(row.pk, Act(PAY, amount=5_001, currency="EUR"), decision=None, by=bob.by, at=clock.now())
    page = ada.client.get(MINE).text
    assert "At most 80.00\u00a0EUR in a month; 30.00\u00a0EUR so far in this one" in page
    assert "30.00\u00a0EUR · done" in page
    assert "50.01\u00a0EUR · refused" in page
    assert "more than the owner of the account allows at a time" in page
    assert "30.00\u00a0EUR so far" in bob.client.get(THEIRS).text
    assert bob.client.post(f"{THEIRS}invitations/{row.pk}/", {"do": "accept"}).status_code == 410
    assert ada.client.post(f"{MINE}{row.pk}/pause/", follow=True).text.count("Paused") > 1
    ada.client.post(f"{MINE}{row.pk}/resume/")
    assert ada.client.post(f"{MINE}stop/")["Location"] == MINE
    assert ada.client.post(f"{MINE}stop/")["Location"] == MINE  # pressed twice
    assert "You act for nobody" in bob.client.get(THEIRS).text
    assert ada.client.get(f"{MINE}{row.pk}/").status_code == 410


def test_from_the_question_to_the_answer(ada: Party, bob: Party) -> None:
    said = {"email": "ada@example.com", "actions": [PAY], "scopes": ["email"], "reason": "I am your accountant"}
    assert bob.client.post(f"{THEIRS}ask/", said)["Location"] == THEIRS
    request = DelegationRequest.objects.get()
    page = ada.client.get(MINE).text
    assert f"{MINE}requests/{request.pk}/" in page
    page = ada.client.get(f"{MINE}requests/{request.pk}/").text
    assert "I am your accountant" in page
    assert "bob@example.com" in page
    refused = ada.client.post(f"{MINE}requests/{request.pk}/", {"actions": [PAY], "days": "90"})
    assert refused.status_code == 409
    assert "up to which amount" in refused.text
    granted = {"actions": [PAY], "days": "30", "amount_each": "20", "currency": "EUR"}
    assert ada.client.post(f"{MINE}requests/{request.pk}/", granted)["Location"] == MINE
    row = Delegation.objects.get()
    assert (row.state, row.amount_each, row.scopes) == (State.ACTIVE, 2_000, ["openid"])
    assert ada.client.get(f"{MINE}requests/{request.pk}/").status_code == 410
    assert "Granted" in bob.client.get(THEIRS).text
    assert bob.client.post(f"{THEIRS}{row.pk}/end/")["Location"] == THEIRS
    assert bob.client.post(f"{THEIRS}{row.pk}/end/")["Location"] == THEIRS  # pressed twice


def test_it_can_begin_later(ada: Party, bob: Party) -> None:
    ada.client.post(f"{MINE}invite/pay_bills/", SAID | {"starts": "7"})
    row = Delegation.objects.get()
    assert (row.starts_at - row.made_at).days == 7
    assert (row.ends_at - row.starts_at).days == 90
    bob.client.post(f"{THEIRS}invitations/{row.pk}/", {"do": "accept"})
    assert "Begins later" in ada.client.get(MINE).text


def test_a_no_is_one_click_on_either_side(ada: Party, bob: Party) -> None:
    ada.client.post(f"{MINE}invite/pay_bills/", SAID)
    bob.client.post(f"{THEIRS}ask/", {"email": "grace@example.com", "actions": [SEE]})
    grace = factories.customer("grace@example.com")
    row, request = Delegation.objects.get(), DelegationRequest.objects.get()
    old = Client()
    factories.signed_in(old, grace, ())
    assert old.post(f"{MINE}requests/{request.pk}/", {"do": "refuse"})["Location"] == MINE
    assert bob.client.post(f"{THEIRS}invitations/{row.pk}/", {"do": "refuse"})["Location"] == THEIRS
    row.refresh_from_db()
    request.refresh_from_db()
    assert (row.state, request.state) == (State.ENDED, Asked.REFUSED)
    bob.client.post(f"{THEIRS}ask/", {"email": "dan@example.com", "actions": [SEE]})
    found = DelegationRequest.objects.get(state=Asked.OPEN)
    assert bob.client.post(f"{THEIRS}requests/{found.pk}/withdraw/")["Location"] == THEIRS


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"email": "ada@example.com"}, 409, "an address of your own"),
        ({"email": "nonsense"}, 200, "whole email address"),
        ({"actions": [], "scopes": []}, 409, "at least one thing"),
        ({"actions": ["delete_account"]}, 200, "not one of the available choices"),
        ({"amount_each": ""}, 302, ""),
        ({"amount_each": "", "amount_month": "", "currency": ""}, 409, "up to which amount"),
        ({"amount_each": "90"}, 409, "do not go together"),
        ({"amount_each": "0.001"}, 200, "no coin as small"),
        ({"amount_each": "-1"}, 200, "greater than or equal to 0"),
        ({"amount_each": "1e400"}, 200, "less than or equal to"),
        ({"amount_each": "many"}, 200, "Enter a number"),
        ({"times_day": "0"}, 200, "greater than or equal to 1"),
        ({"days": "3650"}, 200, "Select a valid choice"),
        ({"reason": "pay\u202etxt.exe"}, 200, "cannot be seen"),
        ({"reason": "x" * 141}, 200, "at most 140"),
    ],
)
def test_what_is_typed_wrongly_is_said_beside_it(ada: Party, change: dict[str, Any], status: int, words: str) -> None:
    answer = ada.client.post(f"{MINE}invite/pay_bills/", SAID | change)
    assert answer.status_code == status
    assert words in answer.text
    assert Delegation.objects.exists() is (status == 302)


def test_names_stand_for_themselves_alone(ada: Party, bob: Party) -> None:
    """Who somebody is, is said by the address; a name is theirs to choose, whatever is in it."""
    User.objects.filter(pk=ada.user.pk).update(name="Bob <b>Bank</b> \u202emoc")
    User.objects.filter(pk=ada.user.pk).update(email="ada@xn--e1aybc.example")
    ada.user.refresh_from_db()
    ada.client.post(f"{MINE}invite/pay_bills/", SAID)
    page = bob.client.get(f"{THEIRS}invitations/{Delegation.objects.get().pk}/").text
    assert "<bdi>Bob &lt;b&gt;Bank&lt;/b&gt; \u202emoc</bdi>" in page
    assert "(xn--e1aybc.example)" in page  # letters that look alike


def test_nobody_elses_is_there(begun: Delegation, party: Callable[..., Party]) -> None:
    eve = party("eve@example.com")
    assert eve.client.get(f"{MINE}{begun.pk}/").status_code == 404
    for verb in ("pause", "resume", "end"):
        assert eve.client.post(f"{MINE}{begun.pk}/{verb}/").status_code == 404
    assert eve.client.post(f"{THEIRS}{begun.pk}/end/").status_code == 404
    page = eve.client.get(f"{THEIRS}invitations/{begun.pk}/")
    assert page.status_code == 404
    assert "sign in with the account of the address" in page.text
    assert "ada@example.com" not in page.text
    assert eve.client.post(f"{THEIRS}invitations/{begun.pk}/", {"do": "accept"}).status_code == 404
    assert eve.client.get(f"{MINE}invite/anything/").status_code == 404
    begun.refresh_from_db()
    assert begun.state == State.ACTIVE


def test_without_a_second_step_the_way_to_one_is_shown(ada: Party, party: Callable[..., Party]) -> None:
    ada.client.post(f"{MINE}invite/pay_bills/", SAID)
    bob, row = party("bob@example.com", second=False), Delegation.objects.get()
    for page in (f"{THEIRS}ask/", f"{THEIRS}invitations/{row.pk}/", THEIRS):
        assert "Your account needs a second step first" in bob.client.get(page).text
    assert bob.client.post(f"{THEIRS}invitations/{row.pk}/", {"do": "accept"}).status_code == 409


def test_changed_on_its_page_less_at_once(begun: Delegation, ada: Party) -> None:
    page = ada.client.get(f"{MINE}{begun.pk}/").text
    assert 'value="50.00"' in page
    less = {"actions": [SEE], "scopes": ["profile"], "days": ""}
    kept = {"amount_each": "50", "amount_month": "80", "currency": "EUR", "times_day": "3"}
    assert ada.client.post(f"{MINE}{begun.pk}/", less | kept)["Location"] == MINE
    begun.refresh_from_db()
    assert (begun.actions, begun.renewed_at) == ([SEE], None)
    assert ada.client.post(f"{MINE}{begun.pk}/", less | kept | {"days": "365"})["Location"] == MINE
    begun.refresh_from_db()
    assert begun.renewed_at is not None


def test_pressed_in_two_tabs_the_second_says_how_it_is(begun: Delegation, ada: Party, bob: Party) -> None:
    for verb, said in (("pause", "Paused. They"), ("resume", "They can act for you again"), ("end", "Stopped. They")):
        for _tab in range(2):
            assert said in ada.client.post(f"{MINE}{begun.pk}/{verb}/", follow=True).text
    assert "nothing to pause" in ada.client.post(f"{MINE}{begun.pk}/pause/", follow=True).text
    assert "Ended. You can no longer" in bob.client.post(f"{THEIRS}{begun.pk}/end/", follow=True).text
    bob.client.post(f"{THEIRS}ask/", {"email": "dan@example.com", "actions": [SEE]})
    ada.client.post(f"{MINE}invite/pay_bills/", SAID | {"email": "eve@example.com"})
    asked, offered = DelegationRequest.objects.get(), Delegation.objects.get(state=State.OFFERED)
    for _tab in range(2):
        answer = bob.client.post(f"{THEIRS}requests/{asked.pk}/withdraw/", follow=True)
        assert "Your request is taken back" in answer.text
        assert "Your invitation is taken back" in ada.client.post(f"{MINE}{offered.pk}/end/", follow=True).text


def test_an_old_form_does_not_put_back_what_was_changed_meanwhile(begun: Delegation, ada: Party) -> None:
    old = {name: SAID[name] for name in ("actions", "scopes", "amount_each", "amount_month", "currency", "times_day")}
    old |= {"days": "", "seen": begun.version}
    assert begun.version in ada.client.get(f"{MINE}{begun.pk}/").text
    assert ada.client.post(f"{MINE}{begun.pk}/", old | {"times_day": "1"})["Location"] == MINE
    answer = ada.client.post(f"{MINE}{begun.pk}/", old, follow=True)
    assert "This was changed meanwhile" in answer.text
    assert 'name="times_day" value="1"' in answer.text
    begun.refresh_from_db()
    assert begun.times_day == 1


def connected(owner: Party, name: str, **app: Any) -> str:
    """An app of theirs."""
    at, partner = clock.now(), register(name, **app)[0]
    Consent.objects.create(customer=owner.user, partner=partner, sub=name, scopes=[], given_at=at, changed_at=at)
    return str(partner.pk)


def test_it_can_be_for_single_apps_of_the_owner_that_know_people_who_act(ada: Party, bob: Party) -> None:
    shop, _bank = connected(ada, "Tea House", delegates=True), connected(ada, "Bank", delegates=True)
    connected(ada, "Plain")
    others = connected(bob, "Elsewhere", delegates=True)
    page = ada.client.get(f"{MINE}invite/pay_bills/").text
    assert "In which of your connected apps" in page
    assert [name in page for name in ("Tea House", "Bank", "Plain", "Elsewhere")] == [True, True, False, False]
    assert ada.client.post(f"{MINE}invite/pay_bills/", SAID | {"apps": [others]}).status_code == 200
    assert ada.client.post(f"{MINE}invite/pay_bills/", SAID | {"apps": [shop]})["Location"] == MINE
    row = Delegation.objects.get()
    assert [str(key) for key in row.partners] == [shop]
    assert "Only in: Tea House" in bob.client.get(f"{THEIRS}invitations/{row.pk}/").text
    bob.client.post(f"{THEIRS}invitations/{row.pk}/", {"do": "accept"})
    same = {name: SAID[name] for name in ("actions", "scopes", "amount_each", "amount_month", "currency", "times_day")}
    less = same | {"days": "", "apps": [shop], "times_day": "2"}
    assert ada.client.post(f"{MINE}{row.pk}/", less)["Location"] == MINE
    row.refresh_from_db()
    assert (row.times_day, [str(key) for key in row.partners], row.renewed_at) == (2, [shop], None)


def test_where_nothing_can_be_done_for_others_yet_that_is_said(ada: Party, bob: Party) -> None:
    rules = limits.current()
    shut = {
        name: replace(row, channels=tuple(each for each in row.channels if each is not Channel.DELEGATED))
        for name, row in rules.actions.items()
    }
    limits.install(replace(rules, actions=shut))
    for client, path in (
        (ada.client, f"{MINE}invite/"),
        (ada.client, f"{MINE}invite/own/"),
        (bob.client, f"{THEIRS}ask/"),
    ):
        page = client.get(path).text
        assert "Nothing can be done for others here yet" in page, path
        assert "What can be done<" not in page, path
    said = {"email": "bob@example.com", "scopes": ["profile"], "days": "90"}
    assert ada.client.post(f"{MINE}invite/own/", said)["Location"] == MINE
    assert Delegation.objects.get().actions == []


@pytest.mark.parametrize("page", [MINE, THEIRS])
def test_a_page_costs_the_same_however_many(
    begun: Delegation, ada: Party, bob: Party, page: str, django_assert_max_num_queries: Any
) -> None:
    who = ada if page == MINE else bob
    who.client.get(page)
    for number in range(4):
        flows.offer(ada.user, ada.session, f"p{number}@example.com", wish(Terms((SEE,))), by=ada.by, at=clock.now())
    with django_assert_max_num_queries(12):
        assert who.client.get(page).status_code == 200
