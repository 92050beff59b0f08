"""Linking, unlinking and showing again: only who is signed in, with proof, and never the last way in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.lock.policy import WayBack
from accounts.models import Change, Session, User
from accounts.undo import flows as undo
from accounts.upstream import bound, flows, policy
from accounts.upstream.bound import Link
from accounts.upstream.shapes import Identity
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.assurance import Method
from tests import factories
from tests.accounts.upstream.twin import Twin, there
from tests.factories import Message

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
SignIn = Callable[..., Client]


def now() -> int:
    return int(clock.now().timestamp())


def link(client: Client, twin: Twin, **claims: Any) -> Any:
    page = client.post("/security/with/acme/link/")
    address = there(page)
    assert {"prompt=login", "max_age=0"} <= set(address.split("&"))
    return client.get(f"/sign-in/with/acme/back/?{twin.agrees(address, {'auth_time': now()} | claims)}")


def linked(twin: Twin, who: User, subject: str = "ada") -> Link:
    return bound.tie(Identity("acme", twin.issuer, subject), who, at=clock.now())


def without_password(**more: Any) -> User:
    made = factories.customer(**more)
    made.set_unusable_password()
    made.save()
    return made


def test_linked_it_lets_in_and_everybody_hears_of_it(
    twin: Twin, sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    browser = sign_in(customer)
    assert link(browser, twin)["Location"] == "/security/"
    assert "Linked on" in browser.get("/security/").text
    (message,) = outbox()
    assert (message.kind, message.words["service"]) == ("sign_in_linked", "Acme")
    assert bound.found(Identity("acme", twin.issuer, "ada")).user == customer  # type: ignore[union-attr]
    assert AuditEntry.objects.filter(name="upstream.linked", about=customer.pk).count() == 1


@pytest.mark.parametrize("claims", [{"auth_time": 1_700_000_000}, {"auth_time": None}])
def test_a_sign_in_there_must_be_fresh_where_it_says_when_it_was(
    twin: Twin, sign_in: SignIn, customer: User, claims: dict[str, Any]
) -> None:
    page = link(sign_in(customer), twin, **claims)
    assert (page.status_code == 302) is (claims["auth_time"] is None)
    assert Link.objects.exists() is (claims["auth_time"] is None)


def test_an_old_session_shows_itself_first(twin: Twin, sign_in: SignIn, customer: User) -> None:
    browser = sign_in(customer)
    Session.objects.update(level_at=clock.now() - timedelta(hours=1), auth_time=clock.now() - timedelta(hours=1))
    page = browser.post("/security/with/acme/link/")
    assert page["Location"].startswith("/prove/")


def test_nobody_is_linked_by_somebody_elses_page_or_answer(twin: Twin, sign_in: SignIn, customer: User) -> None:
    browser = sign_in(customer)
    assert browser.get("/security/with/acme/link/").status_code == 405
    strict = sign_in(customer, on=Client(enforce_csrf_checks=True))
    assert strict.post("/security/with/acme/link/").status_code == 403
    thief = sign_in(factories.customer(), on=Client())
    query = twin.agrees(there(thief.post("/security/with/acme/link/")), {"sub": "thief", "auth_time": now()})
    assert browser.get(f"/sign-in/with/acme/back/?{query}").status_code == 410
    assert not Link.objects.exists()


def test_an_answer_is_for_the_session_that_asked(twin: Twin, sign_in: SignIn, customer: User) -> None:
    browser = sign_in(customer)
    address = there(browser.post("/security/with/acme/link/"))
    Session.objects.update(ended_at=clock.now())
    assert browser.get(f"/sign-in/with/acme/back/?{twin.agrees(address, {})}").status_code in {302, 410}
    assert not Link.objects.exists()


@pytest.mark.parametrize("whose", ["another's", "staff"])
def test_what_is_anothers_or_for_staff_is_not_linked(twin: Twin, sign_in: SignIn, customer: User, whose: str) -> None:
    if whose == "staff":
        User.objects.filter(pk=customer.pk).update(is_staff=True)
    else:
        linked(twin, factories.customer())
    before = list(Link.objects.values_list("user", flat=True))
    page = link(sign_in(customer), twin)
    assert page.status_code in {403, 409, 422}, page.status_code
    assert list(Link.objects.values_list("user", flat=True)) == before


def test_one_of_each_service(twin: Twin, sign_in: SignIn, customer: User) -> None:
    linked(twin, customer, "first")
    assert link(sign_in(customer), twin).status_code != 302
    User.objects.filter(pk=customer.pk).update(recovered_at=clock.now() - timedelta(days=30))
    Link.objects.update(date_joined=clock.now() - timedelta(days=60))
    assert link(sign_in(customer), twin)["Location"] == "/security/"
    assert [each.uid for each in Link.objects.all()] == [bound.uid_of(Identity("acme", twin.issuer, "ada"))]


def unlink(browser: Client) -> Any:
    return browser.post("/security/with/acme/unlink/", {"again": str(Link.objects.count())})


def test_unlinked_it_lets_nobody_in_and_ends_what_rested_on_it(
    twin: Twin, sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    linked(twin, customer)
    browser, other = sign_in(customer), sign_in(customer, Method.UPSTREAM, on=Client())
    assert "no longer let anybody in" in browser.get("/security/with/acme/unlink/").text
    assert unlink(browser)["Location"] == "/security/"
    assert not Link.objects.exists()
    assert other.get("/security/").status_code == 302
    assert browser.get("/security/").status_code == 200
    assert [message.kind for message in outbox()] == ["sign_in_unlinked"]


def test_the_last_way_in_stays(twin: Twin, sign_in: SignIn) -> None:
    customer = without_password()
    linked(twin, customer)
    browser = sign_in(customer, Method.UPSTREAM)
    page = unlink(browser)
    assert page.status_code != 302
    assert "Nothing else lets you in" in page.text
    assert Link.objects.exists()
    chosen = {"password": "a passphrase that nobody would guess"}
    assert "Current password" not in browser.get("/security/password/").text
    assert browser.post("/security/password/", chosen)["Location"] == "/security/"
    customer.refresh_from_db()
    assert customer.check_password(chosen["password"])
    assert unlink(browser)["Location"] == "/security/"


def test_who_has_no_password_shows_again_by_signing_in_there(twin: Twin, sign_in: SignIn) -> None:
    customer = without_password()
    linked(twin, customer)
    browser = sign_in(customer, Method.UPSTREAM)
    Session.objects.update(level_at=clock.now() - timedelta(hours=1), auth_time=clock.now() - timedelta(hours=1))
    to = browser.get("/security/password/")["Location"]
    assert "Sign in once more at the service" in browser.get(to).text
    reference, page = to.partition("ref=")[2], None
    for claims, status in (
        (dict[str, Any](), 410),
        ({"sub": "eve", "auth_time": now()}, 410),
        ({"auth_time": now()}, 302),
    ):
        address = there(browser.post("/prove/with/acme/", {"ref": reference, "again": str(claims)}))
        page = browser.get(f"/sign-in/with/acme/back/?{twin.agrees(address, claims)}")
        assert (page.status_code == 302) is (status == 302), claims
    assert page is not None
    assert browser.get(page["Location"], follow=True).redirect_chain == [("/security/password/", 302)]


def test_undone_it_is_as_it_was(twin: Twin, customer: User, by: Actor, sign_in: SignIn) -> None:
    browser = sign_in(customer)
    link(browser, twin)
    undo.undo(Change.objects.get(kind="sign_in_linked"), by=by, at=clock.now())
    customer.refresh_from_db()
    assert (Link.objects.exists(), customer.way_back) == (False, WayBack.FACTOR)


def test_what_was_unlinked_by_somebody_else_comes_back(twin: Twin, customer: User, by: Actor, sign_in: SignIn) -> None:
    made = linked(twin, customer)
    unlink(sign_in(customer))
    undo.undo(Change.objects.get(kind="sign_in_unlinked"), by=by, at=clock.now())
    assert Link.objects.get().date_joined == made.date_joined


def test_what_was_unlinked_and_is_anothers_by_now_stays_so(twin: Twin, customer: User) -> None:
    row = bound.row_of(linked(twin, customer))
    Link.objects.all().delete()
    linked(twin, factories.customer())
    assert not bound.put_back(customer, row)
    assert not bound.put_back(factories.customer(), row)


def test_a_flow_asks_again_under_lock(twin: Twin, customer: User, by: Actor, sign_in: SignIn) -> None:
    sign_in(customer)
    linked(twin, factories.customer())
    with pytest.raises(Refused) as refused:
        flows.link(customer, Session.objects.get(), Identity("acme", twin.issuer, "ada"), now(), by=by, at=clock.now())
    assert refused.value.reason == policy.Reason.TAKEN


def test_the_page_of_the_last_way_in_leads_to_another_one(twin: Twin, sign_in: SignIn) -> None:
    alone = without_password()
    linked(twin, alone)
    page = sign_in(alone).get("/security/with/acme/unlink/").text
    assert "Nothing else lets you in" in page
    assert 'href="/security/password/"' in page
    assert "danger-solid" not in page
