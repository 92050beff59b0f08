"""Every address of the staff site, from the URL conf, as everybody: who gets in, who does not, and nothing breaks."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.staff import world
from tests.accounts.staff.people import Member
from tests.accounts.staff.world import World
from tests.house.test_staff_registry import PAGES, SECRET
from tests.undone import undone

pytestmark = pytest.mark.django_db

GONE = (
    "r/1/1/", "r/1/x/", "password_change/done/", "autocomplete/", "accounts/alert/add/", "oauth/partner/add/",
    *(f"accounts/user/{uuid4()}/{end}/" for end in ("history", "delete", "password")),
)  # fmt: skip
ELSEWHERE = ("/history/", "/add/", "/delete/", "/staff/r/", "View on site")
OF_THE_SITE = {"index", "login", "logout", "password_change", "jsi18n", "app_list", "privilege_paths", "audit_tree"}


@pytest.fixture
def made(customer: User) -> World:
    return world.make(customer)


def page_of(name: str) -> ReadOnlyAdmin | None:
    """The admin whose page it is."""
    for model, page in admin.site._registry.items():
        if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            assert isinstance(page, ReadOnlyAdmin)
            return page
    return None


@pytest.mark.control("v5.0.0-8.1.1", "v5.0.0-8.2.1")
@pytest.mark.parametrize("roles", [*((role,) for role in Role), tuple(Role), ()], ids=str)
def test_each_role_gets_its_own_pages_and_no_other_and_nothing_breaks(made: World, roles: tuple[Role, ...]) -> None:
    """Nor does one show a secret, or take a write that is not registered, from whoever has opened the record."""
    who = Member(*roles)
    who.client.post(f"/staff/accounts/user/{made.customer.pk}/open/", {"reason": "identity_check"})
    for name, path in made.addresses():
        answer, page = who.client.get(path), page_of(name)
        assert answer.status_code < 500, path
        assert_shows_no_secret(made, answer, page)
        if not name.endswith("_changelist") or len(roles) != 1:  # a list posts to itself: once for all roles
            assert_writes_nothing(made, who, name, path)
        if page is None:
            continue
        if roles and not page.roles & set(roles):
            assert answer.status_code in {403, 405}, path
        elif name.endswith("_changelist"):
            assert answer.status_code == (200 if roles else 403), path


def assert_shows_no_secret(made: World, answer: Any, page: ReadOnlyAdmin | None) -> None:
    where = answer.request["PATH_INFO"]
    assert page is None or not SECRET.search(answer.text), where
    assert made.customer.password not in answer.text, where
    for name in page.hidden if page else ():
        assert f"field-{name}" not in answer.text, (where, name)
    for word in ELSEWHERE:
        assert answer.status_code != 200 or word not in answer.text, (where, word)


def assert_writes_nothing(made: World, who: Member, name: str, path: str) -> None:
    """Unless the registry knows the page, neither to the row that it shows nor to the customer's."""
    if name in PAGES:
        with undone():  # some let a row go that another page shows
            assert who.client.post(path).status_code < 500, path
        return
    before = standing(made, name)
    written = {"email": "x@example.com", "password": "x", "action": "delete_selected"}
    assert who.client.post(path, written).status_code < 500, path
    assert standing(made, name) == before, path


def standing(made: World, name: str) -> list[Any]:
    page = page_of(name)
    models: set[type[Model]] = {User, page.model} if page else {User}
    return [model._base_manager.values().get(pk=made.rows[model].pk) for model in models]


@pytest.mark.control("v5.0.0-8.2.1")
def test_strangers_and_customers_get_none(made: World) -> None:
    signed_in = Client()
    factories.signed_in(signed_in, factories.customer(), (Method.PASSWORD, Method.TOTP), clock.now())
    for client in (Client(), signed_in):
        for name, path in made.addresses():
            for answer in (client.get(path), client.post(path)):
                assert answer.status_code in {302, 405}, path
                if answer.status_code == 302 and name not in OF_THE_SITE:
                    assert answer["Location"].startswith(("/staff/login/", "/sign-in/")), path


def test_what_is_not_ours_is_not_there() -> None:
    boss = Member(*Role)
    for end in GONE:
        assert boss.client.get(f"/staff/{end}").status_code == 404, end
        assert boss.client.post(f"/staff/{end}").status_code in {403, 404}, end


def listings() -> Iterator[tuple[ReadOnlyAdmin, str]]:
    """Every list of the site: the admin whose it is, and its address."""
    for model, page in admin.site._registry.items():
        assert isinstance(page, ReadOnlyAdmin)
        yield page, reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.usefixtures("made")
def test_no_column_can_be_asked_about_through_the_address() -> None:
    """A list that answers ``?client_secret__startswith=a`` shows the secret, one letter after the other."""
    boss = Member(*Role)
    for page, listing in listings():
        with CaptureQueriesContext(connection) as queries:
            whole = boss.client.get(listing)
        for query in queries:  # nor does one count all rows, or look which values there are
            assert "SELECT DISTINCT" not in query["sql"], listing
            assert "COUNT(*)" not in query["sql"] or "LIMIT" in query["sql"], (listing, query["sql"])
        assert whole.status_code == 200, listing
        names = [f"{field.name}__{end}" for field in page.model._meta.get_fields() for end in ("startswith", "gte")]
        asked = boss.client.get(listing, dict.fromkeys(names, "~"))  # one that is honored leaves no row
        assert asked.status_code in {200, 400}, listing
        if asked.status_code == 200:
            assert asked.text.count("<tr") == whole.text.count("<tr"), listing
            continue
        for name in names:  # one that is refused is enough for a 400: each by itself, without the page around it
            assert not is_honored(page, boss, name), (listing, name)


def is_honored(page: ReadOnlyAdmin, who: Member, name: str) -> bool:
    """Whether this list is another one when it is asked so."""
    try:
        rows = page.get_changelist_instance(asks(who, **{name: "~"})).result_list
    except SuspiciousOperation:  # answered as 400
        return False
    return len(rows) != len(page.get_changelist_instance(asks(who)).result_list)


def asks(who: Member, **words: str) -> HttpRequest:
    """What this person asks a page, past all that stands before it."""
    request = RequestFactory().get("/", words)
    request.user, request.portal_session = who.user, who.session  # type: ignore[attr-defined]
    return request


NOBODYS = "01a219cf-7be1-7681-8315-acfc5da3e7e0"


@pytest.mark.usefixtures("made")
def test_forged_numbers_are_not_there() -> None:
    boss = Member(*Role)
    for model, page in admin.site._registry.items():
        base = f"/staff/{model._meta.app_label}/{model._meta.model_name}"
        for end in ("x/change/", "x/", f"{NOBODYS}/change/"):
            assert boss.client.get(f"{base}/{end}").status_code in {400, 404}, (model, end)
        for key in ("1", "-1", "_5F", "' OR 1=1 --", "%3Cscript%3E", "a" * 300):  # without the page around it
            with pytest.raises(Http404):
                page.change_view(asks(boss), key)


def test_the_auditor_has_no_search_by_way_of_the_page_of_roles(made: World) -> None:
    auditor = Member(Role.AUDITOR)
    form = {"email": made.customer.email, "role": "agent", "verb": "grant", "reason": "joined"}
    known = auditor.client.post("/staff/accounts/rolechange/propose/", form)
    unknown = auditor.client.post("/staff/accounts/rolechange/propose/", form | {"email": "nobody@example.com"})
    assert (known.status_code, unknown.status_code) == (403, 403)
    assert auditor.client.get("/staff/accounts/rolechange/propose/").status_code == 403
    assert "Change a role" not in auditor.client.get("/staff/accounts/rolechange/").text
