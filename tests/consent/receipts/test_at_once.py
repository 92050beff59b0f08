"""Two things that are said at the same moment leave a chain without a gap."""

import pytest

from ciam_portal.oauth import keys
from ciam_portal.oauth.signing.models import Use
from consent.models import Receipt
from consent.receipts import verifier
from consent.records.policy import Says
from tests import factories
from tests.at_once import together
from tests.consent.receipts.test_receipts import NEWS, RESEARCH, say

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]


def test_two_changes_at_once_leave_a_chain_without_a_gap() -> None:
    customer = factories.customer()
    assert together(*(lambda key=key: say(customer, key, Says.YES) for key in (NEWS, RESEARCH))) == ["done", "done"]
    made = list(Receipt.objects.of(customer.pk).values_list("text", flat=True))
    found = verifier.linked([verifier.signed(text, lambda kid: keys.named(kid, Use.RECEIPTS)) for text in made])
    assert [receipt.number for receipt in found] == [1, 2]
