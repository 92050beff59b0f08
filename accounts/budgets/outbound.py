"""What may go out, asked at the moment of sending, so that no page, status or time tells what became of a message.

Counted in the cache, at once for all processes, and held against the rows in the database, whichever is more: a cache
that has lost its counts lets nothing more through. While it does not answer, nothing goes (it is tried again later).
"""

import json
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum

from accounts.budgets import counter, policy
from accounts.budgets.models import Outgoing
from accounts.budgets.policy import Limit, Message, Over
from accounts.customer.models.user import User
from ciam_portal.core import clock, domains, mailbox, phones
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Asked, Medium
from ciam_portal.core.outbox.tasks import STOPS
from ciam_portal.core.policy import limits

_RANGE_DIGITS = 4  # the last ones of a number, within its range
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 13))"


@STOPS.join
def stopped(notice: Notice, *, at: datetime) -> str:
    """Why this message does not go: too many like it went. Counted once, however often it is tried."""
    if notice.channel not in Medium.values:
        return ""
    known = Outgoing.objects.filter(pk=notice.pk).first()
    if known is not None:
        return _code(known.over)
    content = json.loads(vault.unseal(notice.sealed, notice.context))
    asked = Asked(**content["asked"]) if "asked" in content else None
    if asked is None and notice.channel == Medium.MAIL:
        return ""
    return _code(spend(notice.pk, Medium(notice.channel), content["to"], asked, at))


def spend(key: UUID, medium: Medium, to: str, asked: Asked | None, at: datetime) -> str:
    """Count one more message; which limit stops it, empty if none does."""
    row = _row(key, medium, to, asked, at)
    with transaction.atomic():
        with connection.cursor() as cursor:  # one after the other: of texts all, of mails those to one mailbox
            cursor.execute(_LOCK, [medium if medium is Medium.SMS else row.recipient])
        row.note(next((each.over for each in _limits(row, to) if not _has_room(each, row, at)), ""))
    return row.over


def is_used_up(asked: Asked, address: str) -> int:
    """Seconds until strangers may ask for a mail to this address again; 0: now. Counts nothing."""
    row = _row(codes.new_id(), Medium.MAIL, address, asked, clock.now())
    mine = [each for each in _limits(row, address) if each.over in {Over.STRANGERS, Over.BESIDE_RESETS}]
    full = [each for each in mine if counter.made(_what(each), _who(each, row)) >= each.most]
    return max((counter.wait(_what(each), _who(each, row)) for each in full), default=0)


def is_young(customer: User, at: datetime) -> bool:
    """Whether this account is so new that it counts as a stranger to those whom it writes to."""
    return at < customer.created_at + timedelta(days=limits.current().outbound.young_days)


def reaches(number: str) -> bool:
    """Whether text messages go to the country of this number."""
    return policy.cents(phones.country(number), limits=limits.current()) is not None


def _code(over: str) -> str:
    return f"budget {over}" if over else ""


def _row(key: UUID, medium: Medium, to: str, asked: Asked | None, at: datetime) -> Outgoing:
    is_text = medium is Medium.SMS
    place, reader = (to[:-_RANGE_DIGITS], to) if is_text else (domains.domain_of(to), mailbox.reader(to))
    country = phones.country(to) if is_text else ""
    return Outgoing(
        pk=key,
        at=at,
        channel=medium,
        purpose=asked.purpose if asked else "",
        stranger=bool(asked and asked.stranger),
        recipient=codes.pseudonym(reader, "outbound recipient"),
        place=codes.pseudonym(place, "outbound place"),
        source=asked.source if asked else "",
        country=country,
        cents=(policy.cents(country, limits=limits.current()) or 0) if is_text else 0,
    )


def _limits(row: Outgoing, to: str) -> list[Limit]:
    is_text, rules = row.channel == Medium.SMS, limits.current()
    message = Message(
        is_text=is_text,
        purpose=row.purpose,
        stranger=row.stranger,
        shared_domain=not is_text and domains.is_everybodys(domains.domain_of(to)),
        cents=policy.cents(row.country, limits=rules) if is_text else None,
    )
    return list(policy.limits_for(message, limits=rules))


def _has_room(limit: Limit, row: Outgoing, at: datetime) -> bool:
    more = row.cents if limit.in_cents else 1
    counted = counter.count(_what(limit), _who(limit, row), seconds=limit.seconds, more=more)
    return max(counted, _kept(limit, row, at) + more) <= limit.most


def _kept(limit: Limit, row: Outgoing, at: datetime) -> int:
    rows = Outgoing.objects.alike(row, limit, at)
    return (rows.aggregate(sum=Sum("cents"))["sum"] or 0) if limit.in_cents else rows[: limit.most].count()


def _what(limit: Limit) -> str:
    return f"outbound:{limit.over}:{limit.seconds}"


def _who(limit: Limit, row: Outgoing) -> str:
    return " ".join(str(getattr(row, name)) for name in limit.same)
