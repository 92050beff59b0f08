"""Keys are rotated with overlap: nobody is signed out, no link dies, and whom we know we go on knowing."""

import base64
import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from accounts.account.proofs import CONFIRM_EMAIL
from accounts.baseline import history
from accounts.customer import addresses, proofs
from accounts.factors import verifier
from accounts.models import PopulationCount, Profile, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.risk.profile import Profile as Remembered
from ciam_portal.core.risk.profile import Seen
from ciam_portal.core.risk.visit import Feature
from recovery.reset.proofs import RESET_PASSWORD
from tests import factories
from tests.factories import FIREFOX, PASSWORD
from tests.recovery import steps

pytestmark = pytest.mark.django_db
RINGS = ("DIGEST_KEYS", "DATA_KEYS", "DEVICE_KEYS", "AUDIT_KEYS")
SEEN = history.Seen("127.0.0.1", agent=FIREFOX, browser="Firefox", system="Linux", kind="desktop")


def rotate(settings: Any) -> None:
    """Every key that a ring of them begins with is another one; the former ones are still there."""
    for ring in RINGS:
        setattr(settings, ring, [os.urandom(32), *getattr(settings, ring)])
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    settings.SECRET_KEY = base64.b64encode(os.urandom(60)).decode()


@pytest.fixture
def home(client: Client, customer: User) -> Client:
    """A browser that the customer has used for a week, signed out."""
    factories.signed_in(client, customer, (Method.PASSWORD,), clock.now() - timedelta(days=8))
    del client.cookies[configured.SESSION_COOKIE_NAME]
    for days in range(7, 0, -1):
        history.learn(customer.pk, history.visit_of(SEEN), clock.now() - timedelta(days=days))
    return client


def enter(browser: Client, customer: User) -> DecisionEntry:
    """Sign in; what was decided about it."""
    assert browser.post("/sign-in/", {"login": customer.email, "password": PASSWORD})["Location"] == "/"
    return DecisionEntry.objects.filter(action="sign_in").latest("at")


def test_a_known_browser_stays_known(home: Client, customer: User, settings: Any) -> None:
    before = enter(home, customer)
    assert before.score is not None
    for _ in range(2):
        rotate(settings)
        del home.cookies[configured.SESSION_COOKIE_NAME]
        after = enter(home, customer)
        assert after.risk == Risk.LOW
        assert after.score == pytest.approx(before.score, abs=0.5)
    for ring in RINGS:  # what came back meanwhile is kept under the new keys
        setattr(settings, ring, getattr(settings, ring)[:1])
    del home.cookies[configured.SESSION_COOKIE_NAME]
    last = enter(home, customer)
    assert last.risk == Risk.LOW
    assert last.score == pytest.approx(before.score, abs=0.5)


def test_what_is_usual_for_all_is_added_up_over_the_keys(customer: User, settings: Any) -> None:
    visit = history.visit_of(SEEN)
    history.learn(customer.pk, visit, clock.now() - timedelta(days=1))
    PopulationCount.objects.add({("total", "all"): 50.0, ("agent", visit.agent): 20.0})
    rotate(settings)
    renamed, former = history.visit_of(SEEN), history.former_of(SEEN)
    assert renamed.agent != visit.agent
    PopulationCount.objects.add({("agent", renamed.agent): 5.0})
    found = history.read(customer.pk, renamed, clock.now(), former)
    assert found is not None
    assert found.evidence.agent is not None
    assert not found.evidence.agent.new
    assert found.evidence.agent.weight == pytest.approx(24.0, abs=0.1)  # of others
    history.learn(customer.pk, renamed, clock.now(), found.remembered)
    assert set(Profile.objects.get(pk=customer.pk).data["v"]["agent"]) == {renamed.agent}


def test_a_profile_that_changed_meanwhile_is_renamed_too(customer: User, settings: Any) -> None:
    history.learn(customer.pk, history.visit_of(SEEN), clock.now() - timedelta(days=2))
    rotate(settings)
    visit = history.visit_of(SEEN)
    found = history.read(customer.pk, visit, clock.now(), history.former_of(SEEN))
    assert found is not None
    history.learn(customer.pk, replace(visit, agent="another"), clock.now() - timedelta(days=1))
    history.learn(customer.pk, visit, clock.now(), found.remembered)
    assert set(Profile.objects.get(pk=customer.pk).data["v"]["agent"]) == {visit.agent, "another"}


def test_what_was_shown_under_both_names_is_added_up() -> None:
    kept = {"old": Seen(2.0, 10), "new": Seen(1.0, 20), "other": Seen(1.0, 5)}
    profile = Remembered(3.0, 20, {Feature.AGENT: kept})
    renamed = profile.renamed({(Feature.AGENT, "old"): "new", (Feature.SYSTEM, "none"): "such"})
    assert renamed.values == {Feature.AGENT: {"new": Seen(3.0, 20), "other": Seen(1.0, 5)}}
    assert profile.renamed({(Feature.AGENT, "unknown"): "new"}) is profile


def test_a_session_goes_on_and_ends_under_whatever_key(client: Client, customer: User, settings: Any) -> None:
    factories.signed_in(client, customer, (Method.PASSWORD,))
    for _ in range(2):
        rotate(settings)
        assert client.get("/security/").status_code == 200
    client.post("/sign-out/")
    assert client.get("/security/").status_code == 302


def test_links_and_their_pages_still_work(client: Client, customer: User, settings: Any) -> None:
    new = factories.customer(proven=False)
    confirm = proofs.new_link(new, CONFIRM_EMAIL, new.email, clock.now()).url
    reset = proofs.new_link(customer, RESET_PASSWORD, customer.email, clock.now()).url
    page = client.get(steps.path(reset), follow=True).redirect_chain[-1][0]
    rotate(settings)
    assert "new password is set" in client.post(page, {"password": "nine doors of a slow river"}).text
    other = Client()
    page = other.get(steps.path(confirm), follow=True).redirect_chain[-1][0]
    other.post(page)
    assert addresses.is_proven(new)


def test_a_recovery_goes_on(client: Client, customer: User, settings: Any) -> None:
    steps.with_app(customer)
    sheet = verifier.make_backup_codes(customer, clock.now())
    person = steps.Person(client)
    person.start(customer.email)
    code = steps.latest("recovery_code")
    rotate(settings)
    person.show("mail", code)
    rotate(settings)
    person.show("saved", sheet[0])
    rotate(settings)
    assert client.get("/recover/wait/").status_code == 200
