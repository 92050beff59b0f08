"""Two that ask at the same moment never both take the last one: not with the cache, not when it has lost its counts."""

import pytest
from django.core.cache import cache

from accounts.budgets import outbound
from accounts.budgets.mails import MailFor
from ciam_portal.core import clock
from ciam_portal.core.crypto import codes
from ciam_portal.core.outbox.notice import Asked, Medium
from tests.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]


def spend() -> str:
    asked = Asked(MailFor.RESET, "somewhere", stranger=True)
    return outbound.spend(codes.new_id(), Medium.MAIL, "victim@example.com", asked, clock.now())


@pytest.mark.control("v5.0.0-2.4.1", "v5.0.0-15.4.2")
def test_the_last_one_is_taken_once() -> None:
    assert [spend(), spend()] == ["", ""]
    cache.clear()
    assert sorted(map(str, at_once(spend, spend, spend))) == ["", "strangers", "strangers"]
