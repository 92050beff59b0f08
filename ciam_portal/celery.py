"""The Celery app, its queues, and the whole beat schedule on one screen."""

import logging
import os
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore
from celery.schedules import crontab
from celery.signals import heartbeat_sent
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue
from redis.exceptions import RedisError

from ciam_portal.core import themes
from ciam_portal.core.away import AWAY, said
from ciam_portal.core.policy import limits

log = logging.getLogger(__name__)

# What waits for a mail server or for a partner, and what takes long, holds up nothing that an account's safety needs.
MAIL, SECURITY, NIGHTLY, PARTNERS = QUEUES = ("mail", "security", "nightly", "partners")
ALIVE_SECONDS = 30

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ciam_portal.settings")


class OnePolicy(Task):  # type: ignore[type-arg]  # generic in its stubs only
    """A task is decided by one version of the policy, whatever is approved while it runs.

    One that finds no database or cache ends with one log line; what it had to do is due as before.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (any task)
        """Run it. Raises Ignore, so that Celery logs nothing more, if a service is away."""
        try:
            with limits.unit_of_work():
                return super().__call__(*args, **kwargs)
        except AWAY as error:
            log.error("%s is not done: %s", self.name, said(error))  # noqa: TRY400  (it says it all)
            raise Ignore from error


class Portal(Celery):
    """Celery, which says plainly what is wrong with the configuration."""

    def _load_config(self) -> Any:  # noqa: ANN401  (the library's)
        try:
            return super()._load_config()  # type: ignore[misc]  # not in its stubs
        except ImproperlyConfigured as error:
            raise SystemExit(str(error)) from None


app = Portal("ciam_portal", task_cls=OnePolicy)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(lambda: [module.rpartition(".")[0] for module in themes.holding("tasks")])
app.conf.task_queues = [Queue(name, Exchange(name), routing_key=name) for name in QUEUES]
app.conf.task_default_queue = SECURITY
app.conf.task_routes = {
    "notifications.*": {"queue": MAIL},
    "partners.*": {"queue": PARTNERS},
    "audit.verify": {"queue": NIGHTLY},
    "governance.*": {"queue": NIGHTLY},
    "retention.*": {"queue": NIGHTLY},
    "erasure.*": {"queue": NIGHTLY},
    "export.*": {"queue": NIGHTLY},
    "rights.*": {"queue": NIGHTLY},
    "accounts.forget_unproven": {"queue": NIGHTLY},
    "accounts.end_unseen": {"queue": NIGHTLY},
    "risk.learn_population": {"queue": NIGHTLY},
    "risk.fade_population": {"queue": NIGHTLY},
    "risk.calibrate": {"queue": NIGHTLY},
    "risk.watch_drift": {"queue": NIGHTLY},
    "recovery.remind": {"queue": NIGHTLY},
}
JOBS: dict[str, dict[str, Any]] = {
    "deliver what no nudge delivered": {"task": "notifications.sweep", "schedule": 10.0},
    "forget what nobody got": {"task": "notifications.forget", "schedule": 3600.0},
    "look whether requests come by our proxies": {"task": "risk.watch_proxies", "schedule": 60.0},
    "tell partners of sessions that ran out": {"task": "partners.tell_of_ends", "schedule": 30.0},
    "push signals that came due": {"task": "partners.push_what_waits", "schedule": 30.0},
    "remind of partners' secrets that end": {"task": "partners.remind", "schedule": crontab(minute=35)},
    "switch off partners that nobody uses": {
        "task": "partners.switch_off_unused",
        "schedule": crontab(hour=3, minute=30),
    },
    "look whether messages get through": {"task": "risk.watch_outbox", "schedule": 60.0},
    "forget what is over": {"task": "retention.forget", "schedule": 300.0},
    "seal what was audited": {"task": "audit.seal", "schedule": 5.0},
    "look whether the audit is as it was written": {"task": "audit.verify", "schedule": crontab(hour=4, minute=20)},
    "make and drop months of the audit": {"task": "retention.months", "schedule": crontab(hour="*/6", minute=40)},
    "forget accounts that nobody proved": {"task": "accounts.forget_unproven", "schedule": crontab(minute=25)},
    "look whether held sign-ups are late": {"task": "accounts.watch_held", "schedule": crontab(minute=15)},
    "end passwords from elsewhere that nobody used": {"task": "accounts.end_unseen", "schedule": crontab(minute=55)},
    "rotate the keys that sign": {"task": "signing.tend", "schedule": crontab(minute=35)},
    "learn what is usual for everybody": {"task": "risk.learn_population", "schedule": 300.0},
    "look at recent sign-ins again": {"task": "risk.look_again", "schedule": 120.0},
    "let what is usual fade": {"task": "risk.fade_population", "schedule": crontab(hour=2, minute=10)},
    "work out the threshold": {"task": "risk.calibrate", "schedule": crontab(hour=2, minute=30)},
    "compare this week with the last": {"task": "risk.watch_drift", "schedule": crontab(hour=2, minute=50)},
    "look at recoveries that wait": {"task": "recovery.sweep", "schedule": 60.0},
    "remind of requests about data": {"task": "rights.remind", "schedule": crontab(minute=45)},
    "end and announce who may act for whom": {"task": "delegation.sweep", "schedule": 60.0},
    "look who comes of age": {"task": "family.sweep", "schedule": crontab(minute="*/10")},
    "tell of successions, and begin them": {"task": "succession.sweep", "schedule": 600.0},
    "end checks of identities, and announce what ends": {"task": "proofing.sweep", "schedule": 60.0},
    "end what waits in businesses": {"task": "business.sweep", "schedule": 60.0},
    "end what agents asked and nobody answered": {"task": "approvals.sweep", "schedule": 30.0},
    "remind of where recovery goes": {"task": "recovery.remind", "schedule": crontab(hour=3, minute=10)},
    "end connections that nobody uses": {"task": "consent.lapse", "schedule": crontab(minute=50)},
    "end what hangs from apps that are off for good": {"task": "consent.end_retired", "schedule": 30.0},
    "read again about agents that nobody registered": {
        "task": "partners.read_documents",
        "schedule": crontab(minute="*/10"),
    },
    "look whether purposes are as they were approved": {"task": "consent.look_at_purposes", "schedule": 300.0},
    "write down which choices have ended": {"task": "consent.expire", "schedule": 60.0},
    "announce which choices end": {"task": "consent.announce", "schedule": crontab(minute=15)},
    "erase accounts that are to be deleted": {"task": "erasure.sweep", "schedule": 60.0},
    "make copies of customers' data": {"task": "export.sweep", "schedule": 30.0},
    "go on with replays": {"task": "governance.sweep", "schedule": 30.0},
}

for _job in JOBS.values():  # what no worker took meanwhile, the next one does
    _every = _job["schedule"]
    _job["options"] = {"expires": max(60.0, _every) if isinstance(_every, float) else 6 * 3600.0}
app.conf.beat_schedule = JOBS


@heartbeat_sent.connect
def say_alive(**_: object) -> None:
    """A worker lives and takes from its queues; each time it says so to others, which is every two seconds."""
    try:
        cache.set_many({alive(queue): 1 for queue in app.amqp.queues.consume_from}, ALIVE_SECONDS)
    except RedisError as error:
        log.warning("the shared cache does not answer: %s", type(error).__name__)


def alive(queue: str) -> str:
    """The cache's entry that a worker of this queue renews."""
    return f"worker:{queue}"
