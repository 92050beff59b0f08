"""Whether the portal is well, for whoever watches it."""

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from accounts.models import Alert
from accounts.watch.tasks import AUDIT_CHANGED
from ciam_portal import beat
from ciam_portal.celery import QUEUES, alive, app
from ciam_portal.core import clock
from ciam_portal.core.audit import database
from ciam_portal.core.audit.models import Waiting
from ciam_portal.core.outbox import circuit
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.limits import UnsafePolicy

log = logging.getLogger(__name__)

OK, AWAY, UNUSABLE, UNKNOWN = "ok", "unreachable", "not usable", "unknown"
_MAIL = ("mail server", "messages")
_AUDIT = "audit tree"


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """What the portal needs, thing by thing.

    503 if something is missing without which no request is answered: this process should get none. Otherwise 200, and
    *degraded* if messages or jobs are not done; whoever must hear of that too asks ``/readyz?whole``.
    """
    needed = _needed()
    apart = _apart(decides=needed["policy"] == OK)
    missing = set(needed.values()) != {OK}
    late = set(apart.values()) != {OK}
    status = "not ready" if missing else "degraded" if late else "ok"
    failed = missing or (late and "whole" in request.GET)
    return JsonResponse({"status": status, **needed, **apart}, status=503 if failed else 200)


def _needed() -> dict[str, str]:
    found = {"database": _database(), "cache": _cache(), "broker": _broker()}
    asked = {"policy": _policy, "database role": _role}
    return found | {name: question() if found["database"] == OK else AWAY for name, question in asked.items()}


def _apart(*, decides: bool) -> dict[str, str]:
    """Who works beside the web, and whether anything waits for them; that takes a policy that decides."""
    names = {beat.LEADS: "beat"} | {alive(queue): f"{queue} worker" for queue in QUEUES}
    try:
        seen = set(cache.get_many(names))
        rest = _mail() | {_AUDIT: _audit()} if decides else dict.fromkeys((*_MAIL, _AUDIT), UNKNOWN)
    except (RedisError, OSError, DatabaseError):
        return dict.fromkeys([*names.values(), *_MAIL, _AUDIT], UNKNOWN)
    return {name: OK if key in seen else "not seen" for key, name in names.items()} | rest


def _mail() -> dict[str, str]:
    server = AWAY if circuit.is_open(Medium.MAIL) else OK
    messages = "late" if Notice.objects.overdue(clock.now()).exists() else OK
    return dict(zip(_MAIL, (server, messages), strict=True))


def _audit() -> str:
    if Alert.objects.filter(kind=AUDIT_CHANGED, acknowledged_at__isnull=True).exists():
        return "not as it was written"
    return "late" if Waiting.objects.late(clock.now()) else OK


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return AWAY
    return OK


def _policy() -> str:
    try:
        limits.current()
    except UnsafePolicy as error:
        log.error("%s", error)  # noqa: TRY400  (no traceback: the sentence says it)
        return UNUSABLE
    except DatabaseError:
        return UNUSABLE
    return OK


def _role() -> str:
    try:
        sentence = database.too_mighty()
    except DatabaseError:
        return AWAY
    return UNUSABLE if sentence and settings.PRODUCTION else OK


def _cache() -> str:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return AWAY
    return OK


def _broker() -> str:
    try:
        with app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (KombuError, RedisError, OSError):
        return AWAY
    return OK
