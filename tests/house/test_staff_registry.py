"""Whatever staff can do is in the registry; and no page of theirs shows, sets or sends a secret, whoever asks."""

import ast
import importlib
import re
from collections.abc import Iterator
from types import ModuleType
from uuid import uuid4

from django.contrib import admin
from django.urls import Resolver404, resolve

from accounts.models import User
from ciam_portal.core import flow as flows
from ciam_portal.core.privileges import declared
from ciam_portal.core.roles import Role
from tests.accounts.staff import world
from tests.accounts.staff.people import Member
from tests.house.test_code import ROOT, SOURCES

PAGES = {page for action in declared() for page in action.pages}
FLOWS = {f"{verb.__module__}.{verb.__qualname__}" for action in declared() for verb in action.flows}
# What a page that only shows may be named, beside Django's own list and row.
LOOKING = {
    "risk_model_card", "privilege_paths", "audit_tree", "audit_auditentry_proof", "audit_decisionentry_proof",
    "privacy_overview", "privacy_sheet", "consent_use_file", "oauth_partner_agents",
}  # fmt: skip
STANDARD = re.compile(r".*_(changelist|change)|index|login|logout|password_change|jsi18n|app_list|None")
SECRET = re.compile(
    r"argon2|pbkdf2|browser_key|cookie_digest|client_secret|name=\"password|otpauth|(field|column)-sealed",
    re.IGNORECASE,
)


def staff_modules() -> Iterator[tuple[ModuleType, ast.Module]]:
    for path in SOURCES:
        is_staffs = path.name == "admin.py" or {"admin", "staff_site"} & set(path.parts)
        if is_staffs:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield importlib.import_module(name), ast.parse(path.read_text())


def called_flows() -> set[str]:
    found = set()
    for module, tree in staff_modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                verb = getattr(getattr(module, node.value.id, None), node.attr, None)
            elif isinstance(node, ast.Name):
                verb = getattr(module, node.id, None)
            else:
                continue
            code = getattr(verb, "__code__", None)
            if (
                verb is not None
                and code is not None
                and code.co_filename == flows.__file__
                and hasattr(verb, "__wrapped__")
            ):
                found.add(f"{verb.__module__}.{verb.__qualname__}")
    return found


def test_every_flow_that_staff_pages_call_is_in_the_registry() -> None:
    assert called_flows() == FLOWS


def test_every_page_of_the_registry_exists() -> None:
    names = {name for name, _route in world.routes()}
    assert names >= PAGES


def test_every_page_of_the_staff_site_is_djangos_own_or_only_shows_or_is_in_the_registry() -> None:
    for name, _route in world.routes():
        assert name in PAGES | LOOKING or STANDARD.fullmatch(name), name


def test_what_no_table_has_is_no_page_whoever_asks(customer: User) -> None:
    """The pages there are: tests/house/test_staff_pages.py."""
    boss, before = Member(*Role), User.objects.values().get(pk=customer.pk)
    written = {"email": "x@example.com", "password": "x", "action": "delete_selected"}
    for model in admin.site._registry:
        key = customer.pk if model is User else uuid4()
        for end in ("add/", f"{key}/delete/", f"{key}/history/", f"{key}/password/"):
            path = f"/staff/{model._meta.app_label}/{model._meta.model_name}/{end}"
            if not is_a_page(path):
                assert boss.client.get(path).status_code in {403, 404}, path
                assert boss.client.post(path, written).status_code in {403, 404}, path
    assert User.objects.values().get(pk=customer.pk) == before


def is_a_page(path: str) -> bool:
    try:
        return resolve(path).url_name is not None
    except Resolver404:
        return False


def test_djangos_password_page_and_raw_editing_are_gone(customer: User) -> None:
    boss = Member(*Role)
    for end in ("password/", "delete/", "history/"):
        assert boss.client.get(f"/staff/accounts/user/{customer.pk}/{end}").status_code in {302, 403, 404}
    assert boss.client.get("/staff/accounts/user/add/").status_code == 404
    assert boss.client.post("/staff/accounts/user/add/", {"email": "x@example.com"}).status_code == 404
    assert boss.client.post("/staff/password_change/", {"new_password1": "x"})["Location"] == "/security/password/"
