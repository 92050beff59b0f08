"""Policies, people and providers of governance's tests."""

import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from accounts.step_up import facts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.roles import Role
from ciam_portal.governance import deciding, flows
from ciam_portal.governance.flows import Person
from ciam_portal.governance.models import PolicyVersion, Replay
from ciam_portal.governance.replay import Report
from ciam_portal.oauth import scopes
from tests import factories


def changed(**numbers: Any) -> str:
    """The text of the policy file with other numbers: ``session__idle_minutes=14``."""
    tables = tomllib.loads(settings.POLICY_TEXT)
    for name, value in numbers.items():
        *path, key = name.split("__")
        place = tables
        for part in path:
            place = place[part]
        place[key] = value
    return limits.as_toml(tables)


def limits_with(**numbers: Any) -> Limits:
    """The same as limits."""
    return limits.of_text(changed(**numbers))


@pytest.fixture
def live(db: None) -> Iterator[None]:
    """The portal's own provider, with nothing in memory."""
    deciding.forget()
    limits.provide(deciding.current)
    yield
    deciding.forget()
    limits.install(settings.LIMITS)
    deciding.follow(settings.LIMITS)


def replayed(row: PolicyVersion, **numbers: Any) -> Replay:
    """A complete replay of this version."""
    return Replay.objects.create(
        candidate=row.version, asked_at=clock.now(), since=clock.now() - flows.REPLAYED, before=row.pk, total=0,
        report=Report(candidate=row.version, **numbers).as_json(), finished_at=clock.now(),
    )  # fmt: skip


class Administrator:
    """A person of the staff, freshly signed in with two factors on a browser that is theirs."""

    def __init__(self, user: User, role: Role | None = Role.ADMINISTRATOR) -> None:
        self.user, self.role = user, role
        self.session = factories.signed_in(
            Client(), user, (Method.PASSWORD, Method.TOTP), clock.now() - timedelta(seconds=5)
        )

    @property
    def by(self) -> Actor:
        return Actor(ActorKind.STAFF, self.user.pk, Channel.HELP_DESK, self.session.pk)

    @property
    def person(self) -> Person:
        asked = facts.for_action(self.user, self.session, by=self.by, at=clock.now())
        return Person(frozenset({self.role}) if self.role else frozenset(), asked)

    def propose(self, row: PolicyVersion, **numbers: Any) -> None:
        replayed(row, **numbers)
        flows.propose(row.pk, lambda: self.person, scopes.check, by=self.by, at=clock.now())

    def approve(self, row: PolicyVersion) -> None:
        flows.approve(row.pk, lambda: self.person, scopes.check, by=self.by, at=clock.now())

    def reject(self, row: PolicyVersion) -> None:
        flows.reject(row.pk, lambda: self.person, scopes.check, by=self.by, at=clock.now())


@pytest.fixture
def mona(db: None) -> Administrator:
    """The first person."""
    return Administrator(factories.customer("mona@example.com", is_staff=True))


@pytest.fixture
def omar(db: None) -> Administrator:
    """The second person."""
    return Administrator(factories.customer("omar@example.com", is_staff=True))


@pytest.fixture
def found(db: None) -> Callable[..., PolicyVersion]:
    """Keep a changed policy as a candidate, as if the file had been changed."""

    def keep(**numbers: Any) -> PolicyVersion:
        text = changed(**(numbers or {"session__idle_minutes": 14}))
        flows.see(text, by=Actor.system(), at=clock.now())
        return PolicyVersion.objects.get(version=limits.of_text(text).version)

    return keep
