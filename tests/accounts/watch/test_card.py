"""The model card: generated from what runs, complete, and the same for people and machines."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.staff.flows import people as staff
from accounts.watch import card
from accounts.watch import tasks as risk_tasks
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.risk import rules
from ciam_portal.core.risk.parameters import DEFAULT, Parameters, RuleLimits
from ciam_portal.core.risk.signals import Signals
from ciam_portal.core.risk.visit import Feature, Visit
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.watch import past

pytestmark = pytest.mark.django_db


def sections() -> dict[str, card.Section]:
    return {section.code: section for section in card.build(clock.now())}


def rows(code: str) -> dict[str, str]:
    return {row[0]: row[1] for row in sections()[code].rows}


@pytest.mark.parametrize("kind", [Visit, Signals, Parameters, RuleLimits])
def test_every_input_and_number_has_its_sentence(kind: type) -> None:
    words = card.comments(kind)
    assert set(words) == {item.name for item in fields(kind) if item.init}
    assert all(len(sentence.split()) > 2 for sentence in words.values()), words


def test_it_shows_every_feature_signal_rule_weight_and_threshold() -> None:
    found = sections()
    assert set(rows("features")) == {feature.value for feature in Feature}
    assert {item.name for item in fields(Signals)} == set(rows("signals"))
    assert {rule.__name__ for rule in rules.RULES} <= set(rows("rules"))
    assert rows("weights")["half_life"] == f"{DEFAULT.half_life:g}"
    assert f"rate {DEFAULT.changes['asn'].rate:g}" in rows("weights")["changes.asn"]
    assert rows("thresholds")["moderate_score"] == f"{limits.current().risk.moderate_score:g}"
    assert rows("thresholds")["sign_in.challenge_from"] == "moderate"
    assert {"purpose", "limits", "functions", "metrics", "drift", "segments"} <= set(found)


def test_it_names_owner_and_versions(settings: Any) -> None:
    settings.RISK_MODEL_OWNER = ""
    assert rows("owner")["Owner"] == card.UNSET
    settings.RISK_MODEL_OWNER = "Risk operations"
    assert rows("owner") == {
        "Owner": "Risk operations",
        "Model": DEFAULT.version,
        "Policy": limits.current().version,
    }


def test_its_metrics_are_measured_or_the_last_night_s() -> None:
    someone, at = factories.customer(), clock.now()
    for number in range(200):
        past.entered(at - timedelta(days=1, seconds=number), someone, score=number / 100, parts={"asn": 0.1})
    row = past.entered(at - timedelta(days=1), someone, score=1.0)
    past.answered(row, "activity.not_me", at - timedelta(hours=1))
    measured = rows("metrics")
    assert measured["Threshold suggested"] == "1.9"
    assert measured["Attempts in the last week"] == "201"
    assert measured["Challenged, held or denied for their risk"] == "0.0 %"
    assert measured["Disowned by their owners, 30 days"] == "1"
    assert sections()["drift"].rows == ()
    risk_tasks.calibrate()
    risk_tasks.watch_drift()
    for number in range(200):
        past.entered(at - timedelta(days=2, seconds=number), someone, score=9.0)
    assert rows("metrics")["Threshold suggested"] == "1.9"  # as of last night
    assert ("all", "all", "201", "0.0 %", "-") in sections()["segments"].rows


def test_once_the_night_has_looked_no_look_at_the_card_reads_what_was_decided() -> None:
    at = clock.now()
    past.entered(at - timedelta(days=1), factories.customer(), score=1.0)
    risk_tasks.calibrate()
    risk_tasks.watch_drift()
    with CaptureQueriesContext(connection) as queries:
        sections()
    assert not [query["sql"] for query in queries if "audit_" in query["sql"]]


def test_the_command_prints_it_for_people_and_machines() -> None:
    out = StringIO()
    call_command("model_card", stdout=out)
    assert "## Limits and known weaknesses" in out.getvalue()
    assert DEFAULT.version in out.getvalue()
    out = StringIO()
    call_command("model_card", "--json", stdout=out)
    codes = [section["code"] for section in json.loads(out.getvalue())["sections"]]
    assert codes == [section.code for section in card.build(clock.now())]


def test_the_page_shows_it_and_brings_no_inline_style_or_script(sign_in: Callable[..., Client]) -> None:
    person = factories.customer()
    staff.grant_role(person, Role.AUDITOR, by=Actor.system(), at=clock.now())
    client = sign_in(User.objects.get(pk=person.pk), Method.PASSWORD, Method.TOTP)
    page = client.get("/staff/accounts/alert/model-card/")
    assert page.status_code == 200
    for section in card.build(clock.now()):
        assert section.title in page.text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page.text)
    assert client.post("/staff/accounts/alert/model-card/").status_code == 405
