"""What is never delegated, a delegate reaches by no way: address, form, resumed request, or a flow that is called."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Device, Session, Totp, User
from accounts.step_up import suspended
from ciam_portal.core import clock, flow, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from consent.delegation import flows as delegations
from consent.models import Consent, Delegation
from tests.consent.delegation.conftest import Party
from tests.undone import undone

pytestmark = pytest.mark.django_db

OPEN = {
    "consent.acting.flows": {"begin", "look", "stop", "_turn"},
    "consent.family.flows.adding": {"answer"},  # a guardian's, of a child below the age of consent
}
"""The flows that somebody may run who acts for another. Whoever adds one says here why it is no way around."""


def flows() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every verb of the house, by where it stands."""

    @flow.flow
    def any_flow(*, by: Actor, at: datetime) -> None: ...

    code = any_flow.__code__
    for app in ("accounts", "recovery", "consent", "ciam_portal"):
        for found in pkgutil.walk_packages(import_module(app).__path__, f"{app}."):
            if "flows" in found.name.split(".") or found.name.endswith(("settle", "rotation")):
                for name, verb in vars(import_module(found.name)).items():
                    if getattr(verb, "__code__", None) is code and verb.__module__ == found.name:
                        yield f"{found.name}.{name}", verb


@pytest.mark.control("v5.0.0-8.2.1", "v5.0.0-8.3.1")
def test_no_flow_is_run_for_somebody_else_but_those_that_are_open(ada: Party, bob: Party) -> None:
    by, found = bob.by.for_owner(ada.user.pk), dict(flows())
    assert len(found) > 100
    for name, verb in found.items():
        module, _dot, verb_name = name.rpartition(".")
        if getattr(inspect.unwrap(verb), "delegable", False):
            assert verb_name in OPEN.get(module, ()), name
            continue
        parameters = inspect.signature(verb).parameters.values()
        positional = [None for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
        named = {each.name: None for each in parameters if each.kind is each.KEYWORD_ONLY}
        with pytest.raises(Refused) as refused:
            verb(*positional, **named | {"by": by, "at": clock.now()})
        assert refused.value.reason is gate.Reason.NEVER_DELEGATED, name


def addresses(patterns: Any, prefix: str = "") -> Iterator[str]:
    """Every page of the portal, as its address is written."""
    for each in patterns:
        where = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, where)
        elif isinstance(each, URLPattern) and not where.startswith(("staff/", "__")):
            yield where


def state(owner: UUID) -> list[Any]:
    """All of an account that is its owner's alone."""
    theirs: list[tuple[type[Model], str]] = [
        (User, "pk"), (EmailAddress, "user"), (Totp, "user"), (Session, "customer"), (Device, "customer"),
        (Consent, "customer"), (Delegation, "owner"),
    ]  # fmt: skip
    rows = (model._default_manager.filter(**{who: owner}) for model, who in theirs)
    return [list(each.order_by("pk").values()) for each in rows]


@pytest.mark.control("v5.0.0-8.2.2")
def test_while_acting_no_address_and_no_form_reaches_the_owners_account(
    ada: Party, bob: Party, begun: Delegation
) -> None:
    bob.client.post(reverse("consent:acting_begin", args=[begun.pk]))
    owner, cookies = str(ada.user.pk), bob.client.cookies.output()
    names = ("customer", "user", "owner", "subject", "sub", "on_behalf_of", "for", "acting", "about", "id")
    form = dict.fromkeys(names, owner) | {"email": "thief@example.com", "delegation": str(begun.pk), "sure": "on"}
    theirs = {"uuid": (owner, str(ada.session.pk)), "str": (owner,), "int": ("1",), "slug": ("profile",)}
    before, seen = state(ada.user.pk), 0
    for where in addresses(get_resolver().url_patterns):
        if "(" in where or "\\" in where or "acting/" in where:
            continue
        for number in range(2 if "<uuid" in where else 1):
            path = where
            for kind, values in theirs.items():
                while f"<{kind}:" in path:
                    head, _open, rest = path.partition(f"<{kind}:")
                    path = head + values[number % len(values)] + rest.partition(">")[2]
            with undone():
                bob.client.cookies.load(cookies)
                answer = bob.client.post(f"/{path}", form)
                assert state(ada.user.pk) == before, path
                assert answer.status_code < 500, path
            seen += 1
    assert seen > 80


def test_acting_has_these_pages_and_no_others() -> None:
    found = {each for each in addresses(get_resolver().url_patterns) if each.startswith("acting/")}
    assert found == {
        "acting/<uuid:delegation_id>/", "acting/<uuid:delegation_id>/begin/", "acting/<uuid:delegation_id>/details/",
        "acting/<uuid:delegation_id>/choices/", "acting/<uuid:delegation_id>/choices/answer/",
        "acting/<uuid:delegation_id>/stop/",
    }  # fmt: skip


def test_a_request_that_the_owner_left_waiting_is_not_gone_on_with_by_a_delegate(
    ada: Party, bob: Party, begun: Delegation
) -> None:
    Session.objects.filter(pk=ada.session.pk).update(level_at=clock.now() - timedelta(hours=2))
    waiting = ada.client.post(reverse("consent:delete"))["Location"].partition("ref=")[2]
    assert waiting
    bob.client.post(reverse("consent:acting_begin", args=[begun.pk]))
    answer = bob.client.post(reverse("consent:delete"), {suspended.FIELD: waiting})
    assert answer.status_code == 410
    assert User.objects.filter(pk__in=[ada.user.pk, bob.user.pk], erase_at=None).count() == 2


def test_begun_again_after_proving_it_is_asked_again_whether_they_may(
    ada: Party, bob: Party, begun: Delegation
) -> None:
    at = reverse("consent:acting_begin", args=[begun.pk])
    Session.objects.filter(pk=bob.session.pk).update(level_at=clock.now() - timedelta(hours=2))
    waiting = bob.client.post(at)["Location"].partition("ref=")[2]
    Session.objects.filter(pk=bob.session.pk).update(level_at=clock.now())
    delegations.end(begun, by=ada.by, at=clock.now())
    answer = bob.client.post(at, {suspended.FIELD: waiting})
    assert answer.status_code == 403
    assert "You can no longer act for this person" in answer.content.decode()
