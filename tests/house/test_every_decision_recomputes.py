"""After a walk through the portal, every decision that was kept is decided again, part by part."""

import math
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from ciam_portal.governance import recompute, replay
from ciam_portal.governance.models import PolicyVersion
from consent.models import Consent
from tests import factories, mailed
from tests.factories import PASSWORD, Message
from tests.governance.conftest import changed, limits_with
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def walked(customer: User, outbox: Callable[[], list[Message]], sign_in: Callable[..., Client]) -> list[DecisionEntry]:
    """What is kept after people came in, changed things, shared data, and were asked for more or refused."""
    for email in ("new@example.com", customer.email):
        Client().post("/sign-up/", {"email": email, "password1": PASSWORD})
    stranger, home = Client(), sign_in(customer)
    for client in (stranger, home):
        client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    for agent in ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "x" * 5000):
        Client(HTTP_USER_AGENT=agent).post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    home = sign_in(customer, on=Client())
    home.post("/profile/", {"name": "Ada", "phone": "+4722855050", "locale": "en", "timezone": "UTC"})
    home.post("/security/email/", {"email": "other@example.com"})
    home.get("/security/app/add/")
    walk = Walk(*register(), home)
    tokens = walk.tokens("openid profile email offline_access")
    walk.refresh(tokens["refresh_token"])
    User.objects.update(is_active=False)
    walk.userinfo(tokens["access_token"])
    walk.refresh(tokens["refresh_token"])
    User.objects.update(is_active=True)
    with time_machine.travel(clock.now() + timedelta(minutes=14)):
        home.post("/security/password/", {"current": PASSWORD, "password": "another quiet passphrase"})
    home.post(f"/connected-apps/{Consent.objects.get().pk}/withdraw/")
    _govern()
    Client().post("/forgotten-password/", {"email": customer.email})
    finder = Client()
    for kind, done in (("confirm_your_address", "/confirm-email/"), ("reset_your_password", "")):
        link = next(mail.words["link"] for mail in reversed(outbox()) if mail.kind == kind)
        finder.get("/" + link.split("/", 3)[3], follow=True)
        if done:
            finder.post(mailed.page(finder, done))
    finder.post(mailed.page(finder, "/forgotten-password/new-password/"), {"password": "a third quiet passphrase"})
    return list(DecisionEntry.objects.order_by("pk"))


def _govern() -> None:
    first, second = factories.customer(is_staff=True), factories.customer(is_staff=True)
    clients = []
    for person in (first, second):
        person.groups.add(Group.objects.get(name=Role.ADMINISTRATOR.value))
        clients.append(Client())
        factories.signed_in(clients[-1], person, (Method.PASSWORD, Method.TOTP))
    row = PolicyVersion.objects.create(
        version=limits_with(session__idle_minutes=14).version, content=changed(session__idle_minutes=14),
        origin="file", state="found", found_at=clock.now(),
    )  # fmt: skip
    for client, verb in ((clients[0], "propose"), (clients[0], "approve"), (clients[1], "reject")):
        client.post(f"/staff/governance/policyversion/{row.pk}/change/", {"do": verb})


def test_every_decision_recomputes(walked: list[DecisionEntry]) -> None:
    for entry in walked:
        assert recompute.recompute(entry) == (), (entry.question, entry.action, entry.answer)
        assert entry.score is None or math.isclose(math.fsum(llr for _, llr in entry.contributions), entry.score)


def test_and_a_replay_of_the_same_policy_changes_none(walked: list[DecisionEntry]) -> None:
    report = replay.compare(walked, {}, settings.LIMITS)
    assert (report.unchanged, report.not_rebuilt) == (len(walked), 0)


def test_the_walk_met_every_kind_of_answer_and_many_questions(walked: list[DecisionEntry]) -> None:
    assert {entry.answer for entry in walked} >= {"allow", "step_up", "deny"}
    assert {entry.action for entry in walked} >= {"sign_in", "change_email", "staff_approve_policy"}
    assert len({entry.question for entry in walked}) >= 9
    assert any(entry.contributions for entry in walked)


def test_leaving_out_one_part_changes_the_score_by_that_part(walked: list[DecisionEntry]) -> None:
    assessed = [entry for entry in walked if entry.contributions]
    for entry in assessed:
        for number, (_code, llr) in enumerate(entry.contributions):
            rest = math.fsum(part for place, (_, part) in enumerate(entry.contributions) if place != number)
            assert math.isclose(rest + llr, entry.score or 0.0, abs_tol=1e-9)
