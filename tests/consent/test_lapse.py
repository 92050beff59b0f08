"""A connection that nobody used for long ends, and both sides hear of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.outbox.models import Notice
from ciam_portal.oauth.models import AccessToken, RefreshToken
from consent.models import Consent
from consent.permission.tasks import lapse
from tests.oauth.conftest import walk
from tests.oauth.walk import Walk

pytestmark = pytest.mark.django_db
__all__ = ["walk"]  # a fixture


def aged(days: int, **more: int) -> None:
    then = timezone.now() - timedelta(days=days)
    used = timezone.now() - timedelta(days=more.get("used", days))
    Consent.objects.update(given_at=then, changed_at=then, last_used_at=used)


@pytest.mark.parametrize(("days", "used", "ends"), [(91, 91, True), (89, 89, False), (200, 89, False), (200, 91, True)])
def test_what_nobody_used_for_ninety_days_is_over(walk: Walk, days: int, used: int, ends: bool) -> None:
    token = walk.tokens("openid profile")["access_token"]
    aged(days, used=used)
    Notice.objects.all().delete()
    assert lapse() == int(ends)
    assert Consent.objects.live().exists() is not ends
    assert walk.userinfo(token).status_code == (401 if ends else 200)
    if not ends:
        return
    assert not AccessToken.objects.exists()
    event = AuditEntry.objects.get(name="consent.lapsed")
    assert event.data["tokens_ended"] == 1
    owner = User.objects.get(email="owner@shop.example")
    told = {(row.customer_id, row.kind) for row in Notice.objects.all()}
    assert told == {(event.about, "consent_lapsed"), (owner.pk, "partner_lapsed")}
    assert lapse() == 0
    assert walk.ask("openid profile").status_code == 200  # asked again


def test_what_an_app_still_uses_in_its_customers_absence_stands(walk: Walk) -> None:
    walk.tokens("openid offline_access")
    aged(200)
    assert lapse() == 0
    RefreshToken.objects.update(idle_at=timezone.now())
    assert lapse() == 1
