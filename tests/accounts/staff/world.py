"""One row of everything that the staff site shows, all of it about one customer; and every address of the site."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import (
    Alert,
    Beginning,
    BreakGlass,
    Dispute,
    HeldSignUp,
    IdentityCheck,
    IdentityTraining,
    IdentityTwin,
    Move,
    Outgoing,
    PassedDomain,
    Restriction,
    RoleChange,
    User,
)
from accounts.staff.policy import RoleState, Verb, WhyGlass, WhyRole
from ciam_portal.console.models import ChangeRequest
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.roles import Role
from ciam_portal.governance import flows as governance
from ciam_portal.governance.models import PolicyVersion
from consent.ledger.shapes import Line, Way
from consent.models import (
    Business,
    BusinessMember,
    BusinessRemoval,
    Consent,
    Dependant,
    Purpose,
    PurposeVersion,
    Removal,
    Request,
    Use,
)
from recovery.models import Case, Succession, Successor
from tests import factories
from tests.oauth import walk


def routes() -> Iterator[tuple[str, URLPattern]]:
    """Every route of the staff site, as the URL conf has it."""

    def below(items: list[Any]) -> Iterator[tuple[str, URLPattern]]:
        for item in items:
            if isinstance(item, URLResolver):
                yield from below(item.url_patterns)
            else:
                yield str(item.name), item

    for item in get_resolver().url_patterns:
        if isinstance(item, URLResolver) and item.app_name == "admin":
            yield from below(item.url_patterns)


@dataclass(frozen=True)
class World:
    """The rows, by model."""

    customer: User
    rows: dict[type[Model], Any]

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Every route with its address: each ``…_id`` is that of the row there is."""
        for name, route in routes():
            if name in {"None", "app_list"}:
                continue
            yield name, reverse(f"admin:{name}", kwargs={key: self._id(name, key) for key in _keys(route)})
        for app in {model._meta.app_label for model in admin.site._registry}:
            yield "app_list", reverse("admin:app_list", args=[app])

    def _id(self, name: str, key: str) -> UUID:
        if key == "customer_id":
            return self.customer.pk
        model = next(each for each in admin.site._registry if name.startswith(_name(each)))
        if key == "restriction_id":
            model = Restriction
        found: UUID = self.rows[model].pk
        return found


def _keys(route: URLPattern) -> list[str]:
    return list(route.pattern.converters)


def _name(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_"


def make(customer: User) -> World:
    """The rows. How they come to be is not what these tests are about."""
    at, soon = clock.now(), clock.now() + timedelta(hours=1)
    partner, _secret = walk.register()
    governance.see(settings.POLICY_TEXT, by=Actor.system(), at=at)
    decision = DecisionEntry.objects.create(
        at=at, about=customer.pk, actor_kind="stranger", channel="web", action="sign_in", policy_version="x",
        question="ciam_portal.core.gate.decide", inputs=[], answer="step_up", reason="unusual",
    )  # fmt: skip
    rows = (
        customer,
        Dependant.objects.create(person=customer, born_on=at.date(), country="NO", made_at=at),
        Removal.objects.create(
            child=customer, asker=factories.customer(), guardian=factories.customer(), asked_at=at, ready_at=soon
        ),
        partner,
        PolicyVersion.objects.earliest("found_at"),
        Purpose.objects.get(key="research"),
        PurposeVersion.objects.get(purpose__key="research"),
        decision,
        AuditEntry.objects.create(
            at=at, about=customer.pk, actor_kind="customer", actor=customer.pk, channel="web", name="account.opened"
        ),
        Alert.objects.create(kind="population_drift", at=at, numbers={}),
        Dispute.objects.create(customer=customer, decision=decision.pk, kind="contested", opened_at=at),
        HeldSignUp.objects.create(customer=customer, decision=decision.pk, opened_at=at, due_at=soon),
        Beginning.objects.create(
            customer=customer, domain="example.net", proven_at=at, decision=decision.pk, waits=True
        ),
        PassedDomain.objects.create(domain="example.org", reason="asked", passed_by=codes.new_id(), passed_at=at),
        Restriction.objects.create(
            customer=customer, kind="step_up", reason="suspected_fraud", starts_at=at, until=soon,
            made_by=codes.new_id(), review_due_at=soon,
        ),
        RoleChange.objects.create(
            person=customer, role=Role.AGENT, verb=Verb.GRANT, reason=WhyRole.JOINED.value, state=RoleState.PROPOSED,
            proposed_by=codes.new_id(), proposed_at=at, expires_at=soon,
        ),
        Move.objects.create(
            direction="bring", state="proposed", sha256="0" * 64, proposed_at=at, expires_at=soon
        ),
        BreakGlass.objects.create(
            person=customer, role=Role.APPROVER, reason=WhyGlass.ATTACK.value, asked_at=at, expires_at=soon
        ),
        Case.objects.create(customer=customer, state="open", opened_at=at),
        Consent.objects.create(customer=customer, partner=partner, scopes=["openid"], given_at=at, changed_at=at),
        ChangeRequest.objects.create(
            partner=partner, redirect_uris=[walk.CALLBACK], scopes=["openid"], state="open", asked_by=codes.new_id(),
            asked_at=at,
        ),
        Request.objects.create(customer=customer, kind="correct", about="name", asked_at=at, due_at=soon),
        IdentityCheck.objects.create(
            customer=customer, provider="attended", session=codes.new_id(), state="started", started_at=at,
            expires_at=soon,
        ),
        IdentityTwin.objects.create(customer=customer, evidence=codes.new_id(), opened_at=at),
        IdentityTraining.objects.create(person=customer, given_at=at, until=soon, given_by=codes.new_id()),
        _use(customer, at),
        _removal(customer, at),
        _succession(customer, at),
        Outgoing.objects.create(pk=codes.new_id(), at=at, channel="mail", purpose="reset", stranger=True),
        Notice.objects.create(customer=customer, kind="new_device", channel="mail", created_at=at, due_at=at),
    )  # fmt: skip
    return World(customer, {type(row): row for row in rows})


def _use(customer: User, at: datetime) -> Use:
    Use.objects.note([Line(customer.pk, "sign_in", 1, "contract", ("pseudonym",), Way.MAIL)], at)
    return Use.objects.get()


def _removal(customer: User, at: datetime) -> BusinessRemoval:
    business = Business.objects.create(account=customer, made_at=at)
    over = {"stands": "gone", "role": "books", "made_at": at, "ended_at": at, "end_reason": "left"}
    who, by = (BusinessMember.objects.create(business=business, **over) for _ in range(2))
    return BusinessRemoval.objects.create(
        business=business, who=who, by=by, state="objected", asked_at=at, ready_at=at, objected_at=at
    )


def _succession(customer: User, at: datetime) -> Succession:
    successor = Successor.objects.create(
        customer=customer, address="1@shop.example", mailbox="1@shop.example", stands="invited", named_at=at,
        expires_at=at,
    )  # fmt: skip
    return Succession.objects.create(
        customer=customer, successor=successor, kind="death", state="open", opened_at=at, told_at=at
    )
