"""Every purpose of a link or code is declared once, by its theme; what was stored under its name before still works."""

import ast
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from accounts.account import flows as account
from accounts.account.proofs import CONFIRM_EMAIL
from accounts.customer import proofs
from accounts.factors.flows import STEP_UP
from accounts.models import Change, Proof, Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.assurance import Method
from recovery.models import Case, Contact
from tests import factories
from tests.house.test_code import ROOT, SOURCES, tree
from tests.recovery import steps

# As they are stored. A name may be added; one that is taken away or changed leaves dead what was sent under it.
LINKS = {
    "confirm_email": "accounts", "change_email": "accounts", "disown": "accounts", "undo": "accounts",
    "reset_password": "recovery", "stop_recovery": "recovery", "finish_recovery": "recovery",
    "contact_invite": "recovery", "contact_ask": "recovery", "stop_succession": "recovery",
    "keep_account": "consent", "claim_account": "consent", "finish_sign_up": "accounts", "appeal_sign_up": "accounts",
}  # fmt: skip
CODES = {
    "step_up": "accounts", "sign_in": "accounts",
    "recover": "recovery", "recovery_address": "recovery", "recognize": "recovery", "read_back": "recovery",
}  # fmt: skip
OPEN_NOTHING = {"disown", "undo", "stop_recovery", "stop_succession", "keep_account", "appeal_sign_up"}
DECLARED = {spec.name: spec for spec in proofs.KNOWN.values() if isinstance(spec, proofs.Link)}


def calls(module: ast.Module, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
            yield node


def declarations() -> Iterator[tuple[str, str, bool]]:
    """Each ``Link(…)`` and ``Code(…)`` in the source: its name, its app, whether it is declared."""
    for path in SOURCES:
        module = tree(path)
        within = [node.args[0] for node in calls(module, "proofs.declare")]
        for node in calls(module, "proofs.Link", "proofs.Code"):
            given = [each.value for each in node.keywords if each.arg == "name"] or node.args
            yield ast.literal_eval(given[0]), path.relative_to(ROOT).parts[0], node in within


def test_each_is_declared_where_its_theme_stands() -> None:
    found = list(declarations())
    assert sorted(found) == sorted((name, app, True) for name, app in (LINKS | CODES).items())
    assert proofs.KNOWN.keys() == LINKS.keys() | CODES.keys()
    assert DECLARED.keys() == LINKS.keys()


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="undo"):
        proofs.declare(proofs.Code("undo"))


@pytest.mark.parametrize("name", sorted(LINKS))
def test_each_link_has_its_path_its_page_and_what_its_dead_one_says(name: str) -> None:
    spec = DECLARED[name]
    assert spec.url("s3cret").endswith(f"/{spec.route}s3cret/")
    assert reverse(spec.page)
    assert '<p class="lead">' in get_template(spec.way_on).render({})
    assert spec.opens is (name not in OPEN_NOTHING)


def account_state(customer: User) -> str:
    return proofs.state_of(customer)


def session(customer: User) -> str:
    return str(factories.signed_in(Client(), customer, (Method.PASSWORD,)).pk)


def change(customer: User) -> str:
    return str(Change.objects.create(customer=customer, kind="phone", at=clock.now()).pk)


def case(customer: User) -> str:
    return str(Case.objects.create(customer=customer, state="open", opened_at=clock.now()).pk)


def contact(customer: User) -> str:
    made = Contact.objects.create(customer=customer, name="May", address=steps.FRIEND, invited_at=clock.now())
    return str(made.pk)


def attempt(customer: User) -> str:
    steps.with_contact(customer)
    return str(codes.new_id())


BOUND: dict[str, Callable[[User], str]] = {
    "confirm_email": account_state, "change_email": account_state, "reset_password": account_state,
    "disown": session, "undo": change, "stop_recovery": case, "contact_invite": contact, "contact_ask": attempt,
}  # fmt: skip


def stored(customer: User, name: str, value: str, bound_to: str, at: datetime) -> Proof:
    """A row as the former releases wrote it."""
    return Proof.objects.create(
        customer=customer,
        purpose=name,
        digest=codes.digest(value, name),
        address=steps.FRIEND if name == "contact_ask" else customer.email,
        bound_to=bound_to,
        created_at=at,
        expires_at=at + timedelta(hours=1),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(BOUND))
def test_a_link_mailed_before_works_until_it_expires(name: str, customer: User) -> None:
    secret, at, spec = codes.new_token(), clock.now(), DECLARED[name]
    proof = stored(customer, name, secret, BOUND[name](customer), at)
    found = proofs.may_use(secret, spec, at)
    assert found is not None
    assert found.proof == proof
    assert proofs.may_use(secret, spec, proof.expires_at) is None
    browser = Client()
    if name == "change_email":
        factories.signed_in(browser, customer, (Method.PASSWORD,))
    path = f"/{spec.route}{secret}/"
    assert browser.get(path, follow=True).status_code == 200
    proofs.drop(customer, at)
    page = browser.get(path, follow=True)
    assert page.status_code == (200 if name in OPEN_NOTHING else 410)
    assert ("This link no longer works" in page.text) is (name not in OPEN_NOTHING)


@pytest.mark.django_db
def test_a_sign_up_mailed_before_still_brings_its_password(db: None) -> None:
    customer = factories.customer("new@example.com", proven=False)
    secret, at, former = codes.new_token(), clock.now(), customer.password
    proof = stored(customer, "confirm_email", secret, proofs.state_of(customer), at)
    Proof.objects.filter(pk=proof.pk).update(password=former)
    customer.set_password("nine doors of a slow river")
    customer.save()
    assert account.confirm_email(secret, by=Actor.system(), at=at).password == former
    assert proofs.may_use(secret, CONFIRM_EMAIL, at) is None
    assert not customer.proofs.exclude(password="").exists()


@pytest.mark.django_db
def test_a_code_mailed_before_is_still_the_right_one(customer: User) -> None:
    at, here = clock.now(), UUID(session(customer))
    stored(customer, "step_up", f"{here}:12345678", str(here), at)
    assert not proofs.guess_code(customer, STEP_UP, codes.new_id(), "12345678", at)
    assert proofs.guess_code(customer, STEP_UP, here, "12345678", at)
    assert Session.objects.filter(pk=here).exists()
