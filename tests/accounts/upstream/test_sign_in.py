"""Signing in and up with another service: whom it names, and what is never believed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.customer import addresses
from accounts.models import HeldSignUp, Session, User
from accounts.upstream import bound
from accounts.upstream.bound import Link
from accounts.upstream.shapes import Identity
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from tests import factories
from tests.accounts.upstream.twin import Twin, go, there
from tests.factories import Message
from tests.oauth.keyed import new_key

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
LATER = clock.now() + timedelta(days=1)
ADA = {"sub": "ada", "email": "ada@example.com", "email_verified": True}


def linked(twin: Twin, who: User, subject: str = "ada") -> Link:
    return bound.tie(Identity("acme", twin.issuer, subject), who, at=clock.now())


def sign_up(client: Client, twin: Twin, email: str = "ada@example.com", **claims: Any) -> Any:
    assert go(client, twin, ADA | {"email": email} | claims)["Location"] == "/sign-up/with/"
    return client.post("/sign-up/with/", {"email": email})


def confirm(client: Client, message: Message) -> Any:
    client.get(message.words["link"])
    return client.post(client.get(message.words["link"])["Location"], {})


def test_a_new_customer_comes_in_once_their_own_mail_says_so(client: Client, twin: Twin, outbox: Outbox) -> None:
    assert sign_up(client, twin)["Location"] == "/sign-up/check-your-mail/"
    ada = User.objects.get(email="ada@example.com")
    assert not addresses.is_proven(ada), "whatever it says of the address"
    assert not ada.has_usable_password()
    (message,) = outbox()
    assert message.kind == "confirm_your_address"
    assert confirm(client, message).status_code == 302
    session = Session.objects.get(customer=ada)
    assert (session.methods, session.assurance.level.acr) == (["upstream"], "aal1")
    assert bound.is_sure(Link.objects.get(user=ada))
    assert client.get("/security/").status_code == 200


def test_who_comes_again_is_known_by_issuer_and_subject(client: Client, twin: Twin, outbox: Outbox) -> None:
    sign_up(client, twin)
    confirm(Client(), outbox()[0])
    page = go(Client(), twin, ADA | {"email": "another@example.com"})
    assert page["Location"] == "/sign-in/prove/", "a new browser is challenged, as everybody's is"
    assert bound.is_sure(Link.objects.get())
    assert User.objects.count() == 1


def test_an_address_never_links(client: Client, twin: Twin, customer: User, outbox: Outbox) -> None:
    assert sign_up(client, twin, customer.email)["Location"] == "/sign-up/check-your-mail/"
    assert [(message.kind, message.to) for message in outbox()] == [("you_have_an_account", customer.email)]
    assert not Link.objects.exists()
    assert not Session.objects.exists()
    customer.refresh_from_db()
    assert customer.check_password(factories.PASSWORD)


def test_known_and_new_addresses_are_answered_alike(twin: Twin, customer: User) -> None:
    answers = [sign_up(Client(), twin, email, sub=email) for email in (customer.email, "new@example.com")]
    assert len({(page.status_code, page["Location"], page.content, *sorted(page.cookies)) for page in answers}) == 1


@pytest.mark.parametrize("said", [True, "true", 1, None, False])
def test_the_word_of_an_authority_counts_only_for_its_domain_and_only_if_said(
    client: Client, twin: Twin, settings: Any, said: Any
) -> None:
    settings.UPSTREAMS = {"acme": twin.upstream(domains=("acme.example",))}
    page = sign_up(client, twin, "ada@acme.example", email_verified=said)
    assert page["Location"] == ("/" if said is True else "/sign-up/check-your-mail/")
    assert addresses.is_proven(User.objects.get()) is (said is True)
    sign_up(Client(), twin, "eve@example.com", sub="eve", email_verified=said)
    assert not addresses.is_proven(User.objects.get(email="eve@example.com"))


def test_an_authority_speaks_of_the_address_it_named(client: Client, twin: Twin, settings: Any) -> None:
    settings.UPSTREAMS = {"acme": twin.upstream(domains=("acme.example",))}
    go(client, twin, ADA | {"email": "ada@acme.example"})
    assert client.post("/sign-up/with/", {"email": "boss@acme.example"})["Location"] == "/sign-up/check-your-mail/"
    assert not addresses.is_proven(User.objects.get(email="boss@acme.example"))


def test_of_several_sign_ups_the_one_whose_mail_was_answered_counts(twin: Twin, outbox: Outbox) -> None:
    """Somebody else's sign-in, prepared with my address, does not come in once I have proven it."""
    sign_up(Client(), twin, sub="eve")
    mine = Client()
    sign_up(mine, twin, sub="ada")
    assert confirm(mine, outbox()[1]).status_code == 302
    assert go(Client(), twin, ADA | {"sub": "eve"})["Location"] == "/sign-up/with/", "nobody's"
    assert go(Client(), twin, ADA)["Location"] == "/sign-in/prove/"
    assert Client().get(outbox()[0].words["link"]).status_code in {302, 410}
    assert [bound.is_sure(link) for link in Link.objects.filter(user__email="ada@example.com")] == [True]


def test_a_password_chosen_first_leaves_a_prepared_sign_in_outside(twin: Twin, outbox: Outbox) -> None:
    sign_up(Client(), twin, sub="eve")
    mine = Client()
    mine.post("/sign-up/", {"email": "ada@example.com", "password1": factories.PASSWORD})
    confirm(mine, outbox()[1])
    assert User.objects.get().check_password(factories.PASSWORD)
    assert go(Client(), twin, ADA | {"sub": "eve"})["Location"] == "/sign-up/with/"


def test_one_subject_of_two_issuers_is_two_people(twin: Twin, customer: User, settings: Any) -> None:
    bound.tie(Identity("acme", "https://other.example", "ada"), customer, at=clock.now())
    bound.tie(Identity("other", twin.issuer, "ada"), customer, at=clock.now())
    assert go(Client(), twin, ADA)["Location"] == "/sign-up/with/"


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"nonce": "another"}, {}),
        ({"nonce": None}, {}),
        ({"aud": "somebody else"}, {}),
        ({"aud": ["portal", "other"]}, {}),
        ({"aud": ["portal", "other"], "azp": "other"}, {}),
        ({"azp": "other"}, {}),
        ({"iss": "https://evil.example"}, {}),
        ({"exp": 1_700_000_000}, {}),
        ({"exp": None}, {}),
        ({"exp": "soon"}, {}),
        ({"iat": 1_700_000_000}, {}),
        ({"nbf": 9_999_999_999}, {}),
        ({"sub": None}, {}),
        ({"sub": ""}, {}),
        ({"sub": 17}, {}),
        ({"sub": "x" * 256}, {}),
        ({}, {"alg": "none"}),
        ({}, {"key": new_key()}),
        ({}, {"typ": "at+jwt"}),
        ({}, {"kid": "unknown"}),
    ],
)
def test_what_is_not_for_us_now_is_not_believed(
    client: Client, twin: Twin, customer: User, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    linked(twin, customer)
    page = go(client, twin, ADA | claims, **header)
    assert page.status_code == 400
    assert "Acme did not tell us who you are" in page.text
    assert not Session.objects.exists()


def test_a_mixed_up_answer_is_refused(client: Client, twin: Twin, customer: User) -> None:
    linked(twin, customer)
    for iss in ("", "https://evil.example"):
        address = there(client.post("/sign-in/with/acme/", {"again": iss or "none"}))
        query = twin.agrees(address, ADA).replace(
            f"iss={twin.issuer.replace(':', '%3A').replace('/', '%2F')}", f"iss={iss}"
        )
        assert client.get(f"/sign-in/with/acme/back/?{query}").status_code == 400
    assert "/token" not in twin.asked, "its code is not shown to anybody"


def test_an_address_may_be_told_apart_if_it_is_the_same_persons(client: Client, twin: Twin) -> None:
    twin.person = {"sub": "ada", "email": "ada@elsewhere.example"}
    assert go(client, twin, {"sub": "ada"})["Location"] == "/sign-up/with/"
    assert "ada@elsewhere.example" in client.get("/sign-up/with/").text
    twin.person = {"sub": "eve", "email": "ada@elsewhere.example"}
    assert go(client, twin, {"sub": "ada"}).status_code == 400


def test_metadata_of_another_issuer_is_none(client: Client, twin: Twin) -> None:
    twin.metadata |= {"issuer": "https://evil.example"}
    assert client.post("/sign-in/with/acme/").status_code == 400


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_service_that_errs_is_a_page_with_the_way_out(client: Client, twin: Twin, status: int) -> None:
    twin.status = status
    page = client.post("/sign-in/with/acme/")
    assert page.status_code == 400
    assert "/sign-in/" in page.text


def test_a_service_that_is_away_is_one_too(client: Client, twin: Twin, settings: Any) -> None:
    settings.UPSTREAMS = {"acme": twin.upstream(issuer="http://localhost:9")}
    assert client.post("/sign-in/with/acme/").status_code == 400


def test_nobody_is_sent_there_or_back_by_somebody_elses_page(twin: Twin, customer: User) -> None:
    linked(twin, customer)
    assert Client().get("/sign-in/with/acme/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/sign-in/with/acme/").status_code == 403
    thief, victim = Client(), Client()
    query = twin.agrees(there(thief.post("/sign-in/with/acme/")), ADA)
    assert victim.get(f"/sign-in/with/acme/back/?{query}").status_code == 410, "begun in another browser"
    assert not Session.objects.exists()


def test_an_answer_counts_once_and_in_time(client: Client, twin: Twin) -> None:
    address = there(client.post("/sign-in/with/acme/"))
    query = twin.agrees(address, ADA)
    assert client.get(f"/sign-in/with/acme/back/?{query}").status_code == 302
    assert client.get(f"/sign-in/with/acme/back/?{query}&again").status_code == 410
    address = there(client.post("/sign-in/with/acme/", {"again": "1"}))
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert client.get(f"/sign-in/with/acme/back/?{twin.agrees(address, ADA)}").status_code == 410


def test_who_changes_their_mind_is_back_at_the_door(client: Client, twin: Twin) -> None:
    state = there(client.post("/sign-in/with/acme/")).partition("state=")[2].partition("&")[0]
    page = client.get("/sign-in/with/acme/back/", {"state": state, "error": "access_denied", "iss": twin.issuer})
    assert page["Location"] == "/sign-in/"
    assert "You did not go on at Acme" in client.get("/sign-in/").text


def test_an_answer_by_a_form_of_theirs_is_brought_again(client: Client, twin: Twin) -> None:
    page = Client(enforce_csrf_checks=True).post(
        "/sign-in/with/acme/back/", {"state": "a", "code": "b&c", "user": '{"email": "eve@example.com"}'}
    )
    assert (page.status_code, page["Location"]) == (302, "/sign-in/with/acme/back/?state=a&code=b%26c")


def test_what_is_not_configured_is_not_there(client: Client, settings: Any) -> None:
    settings.UPSTREAMS = {}
    assert client.post("/sign-in/with/acme/").status_code == 404
    assert client.get("/sign-in/with/acme/back/").status_code == 404
    assert "Continue with" not in client.get("/sign-in/").text
    assert client.get("/sign-up/with/").status_code == 410


def test_both_doors_show_a_button(client: Client, twin: Twin) -> None:
    for path in ("/sign-in/", "/sign-up/"):
        assert "Continue with Acme" in client.get(path).text


@pytest.mark.parametrize(
    "state",
    [
        {"is_active": False},
        {"is_staff": True},
        {"suspended_until": LATER},
        {"locked_at": LATER, "way_back": "factor"},
    ],
)
def test_who_may_not_come_in_does_not_by_this_way_either(twin: Twin, state: dict[str, Any]) -> None:
    customer = factories.customer(**state)
    linked(twin, customer)
    client = Client()
    assert go(client, twin, ADA)["Location"] == "/sign-in/"
    assert "That did not work here" in client.get("/sign-in/").text
    assert not Session.objects.exists()


def test_a_link_made_before_access_was_restored_no_longer_lets_in(client: Client, twin: Twin, customer: User) -> None:
    linked(twin, customer)
    User.objects.filter(pk=customer.pk).update(recovered_at=clock.now() + timedelta(seconds=1))
    assert go(client, twin, ADA)["Location"] == "/sign-in/"
    assert "Access to your account was restored" in client.get("/sign-in/").text


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ({}, "aal1"),
        ({"acr": "mfa"}, "aal2"),
        ({"amr": ["pwd", "hwk"]}, "phr"),
        ({"acr": "mfa", "auth_time": None}, "aal1"),
        ({"acr": "mfa", "auth_time": -3601}, "aal1"),
        ({"acr": "phr"}, "aal1"),
        ({"amr": "hwk"}, "aal1"),
    ],
)
def test_how_they_signed_in_there_counts_only_as_configured(
    client: Client, twin: Twin, customer: User, settings: Any, said: dict[str, Any], level: str
) -> None:
    settings.UPSTREAMS = {"acme": twin.upstream(second_step=("mfa",), phishing_resistant=("hwk",))}
    linked(twin, customer)
    factories.at_home(client, customer)
    now = int(clock.now().timestamp())
    then = said.get("auth_time", 0)
    assert go(client, twin, ADA | said | {"auth_time": None if then is None else now + then})["Location"] == "/"
    assert Session.objects.get().assurance.level.acr == level


def test_assurance_that_nobody_configured_is_worth_one_step(client: Client, twin: Twin, customer: User) -> None:
    linked(twin, customer)
    factories.at_home(client, customer)
    go(client, twin, ADA | {"acr": "phr", "amr": ["mfa", "hwk"], "auth_time": int(clock.now().timestamp())})
    assert Session.objects.get().methods == ["upstream"]


def test_a_sign_up_is_scored_and_held_like_any_other(client: Client, twin: Twin, outbox: Outbox) -> None:
    go(client, twin, ADA | {"email": "ada@mailinator.com"})
    page = client.post("/sign-up/with/", {"email": "ada@mailinator.com", "website": "x"})
    assert page["Location"] == "/sign-up/check-your-mail/"
    entry = DecisionEntry.objects.get(action="sign_up")
    assert entry.answer in {"hold", "deny"}
    assert not Link.objects.exists()
    assert HeldSignUp.objects.count() == (entry.answer == "hold")


def test_nothing_of_what_it_said_is_kept(client: Client, twin: Twin, outbox: Outbox) -> None:
    sign_up(client, twin, sub="a-very-telling-subject")
    link = Link.objects.get()
    assert "telling" not in str(vars(link))
    assert set(link.extra_data) == {"attempt"}
    assert "ada@" not in str(list(AuditEntry.objects.values_list("data", flat=True)))
