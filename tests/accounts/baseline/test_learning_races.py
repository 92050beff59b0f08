"""Two workers that learn at once never count twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts.baseline import flows as learning
from accounts.baseline import population
from accounts.models import Alert, PopulationCount
from accounts.watch.flows import alerts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from tests.accounts.watch import past

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]


def together(work: object, times: int) -> None:
    def run(_turn: int) -> None:
        try:
            work()  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(run, range(times)))


def test_workers_that_learn_at_once_count_each_sign_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "BATCH", 4)
    at = clock.now()
    for number in range(12):
        past.entered(at - timedelta(days=2) + timedelta(seconds=number))
    together(lambda: learning.learn_population(by=Actor.system(), at=at), 4)
    assert PopulationCount.objects.get(feature="total").weight == 12.0


def test_jobs_that_find_the_same_at_once_raise_one_alert() -> None:
    at = clock.now()
    together(lambda: alerts.raise_once("drift.asn", {"psi": 1.0}, by=Actor.system(), at=at), 4)
    assert Alert.objects.count() == 1
