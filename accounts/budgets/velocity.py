"""How fast things happen around an account, an address and a network: counted in the shared cache.

Everything counted is a pseudonym. Windows are fixed hours; a count is the sum of this hour's and the last one's, so it
never forgets a burst at the turn of an hour. Different accounts and sources are counted by HyperLogLog (about 1 % off).
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings

from ciam_portal.core.crypto import codes
from ciam_portal.core.risk.signals import WINDOW, Pace

log = logging.getLogger(__name__)

_KEPT = 2 * WINDOW
_PATIENCE = 0.25  # seconds: a sign-in does not wait longer for its counters
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attempt comes from: pseudonyms of the account tried, of its address and of its network (AS)."""

    account: str
    address: str
    asn: str = ""


@dataclass(frozen=True, slots=True)
class Pressure:
    """What an address has done lately: how often it failed, and on how many accounts."""

    failures: int
    accounts: int


def pseudonym(value: str, what: str) -> str:
    """What an account, an address or a device is counted under; nothing for nothing."""
    return codes.pseudonym(value, f"velocity:{what}") if value else ""


def failed(source: Source, at: datetime) -> None:
    """One more wrong password or code. Not counted while the cache does not answer."""
    try:
        with counters().pipeline(transaction=False) as pipe:
            _incr(pipe, "failures", source.account, at)
            if source.address:
                _incr(pipe, "failures", source.address, at)
                _add(pipe, "sources", source.account, source.address, at)
                _add(pipe, "accounts", source.address, source.account, at)
            pipe.execute()
    except redis.RedisError:
        log.warning("a failed attempt was not counted: the cache does not answer")


def newcomer(source: Source, at: datetime) -> None:
    """A right first step from a network that this customer has not used before. Not counted without the cache."""
    if not source.asn:
        return
    try:
        with counters().pipeline(transaction=False) as pipe:
            _add(pipe, "newcomers", source.asn, source.account, at)
            pipe.execute()
    except redis.RedisError:
        log.warning("a newcomer was not counted: the cache does not answer")


def signed_up(groups: Mapping[str, tuple[str, str]], at: datetime) -> dict[str, int] | None:
    """Count a sign-up in each of these groups: what kind, whose, and as whom it counts there, once however often.

    How many different ones each group has seen lately, in one round trip; None while the cache does not answer.
    """
    try:
        with counters().pipeline(transaction=False) as pipe:
            for kind, (whose, who) in groups.items():
                _add(pipe, f"sign_up:{kind}", whose, who, at)
                pipe.pfcount(*_windows(f"sign_up:{kind}", whose, at))
            answers = pipe.execute()
    except redis.RedisError:
        log.warning("a sign-up is assessed without its counts: the cache does not answer")
        return None
    return dict(zip(groups, answers[2::3], strict=True))


def pace(source: Source, at: datetime) -> Pace | None:
    """The counts around this attempt, in one round trip; None while the cache does not answer: nothing is known."""
    try:
        with counters().pipeline(transaction=False) as pipe:
            pipe.mget(_windows("failures", source.account, at))
            pipe.mget(_windows("failures", source.address, at))
            pipe.pfcount(*_windows("accounts", source.address, at))
            pipe.pfcount(*_windows("newcomers", source.asn, at))
            pipe.pfcount(*_windows("sources", source.account, at))
            on_account, from_address, *distinct = pipe.execute()
    except redis.RedisError:
        log.warning("an attempt is assessed without its counts: the cache does not answer")
        return None
    return Pace(
        failures_on_account=_sum(on_account),
        failures_from_address=_sum(from_address) if source.address else None,
        accounts_from_address=distinct[0] if source.address else None,
        newcomers_from_asn=distinct[1] if source.asn else None,
        sources_on_account=distinct[2],
    )


def turns(at: datetime) -> Iterator[datetime]:
    """The instants after ``at`` at which counts fade: an hour begins, and what was counted before the last is gone."""
    hour = int(at.timestamp()) // WINDOW
    for ahead in (1, 2):
        yield datetime.fromtimestamp((hour + ahead) * WINDOW, at.tzinfo)


def pressure(addresses: Sequence[str], at: datetime) -> dict[str, Pressure]:
    """What these addresses (pseudonyms) have done lately; nothing while the cache does not answer."""
    found: dict[str, Pressure] = {}
    try:
        for start in range(0, len(addresses), _CHUNK):
            chunk = addresses[start : start + _CHUNK]
            with counters().pipeline(transaction=False) as pipe:
                for address in chunk:
                    pipe.mget(_windows("failures", address, at))
                    pipe.pfcount(*_windows("accounts", address, at))
                answers = pipe.execute()
            for address, failures, accounts in zip(chunk, answers[::2], answers[1::2], strict=True):
                found[address] = Pressure(_sum(failures), accounts)
    except redis.RedisError:
        log.warning("sign-ins are looked at again without the counts of their addresses: the cache does not answer")
        return {}
    return found


def _incr(pipe: Any, what: str, who: str, at: datetime) -> None:  # noqa: ANN401  (as above)
    key = _windows(what, who, at)[0]
    pipe.incr(key)
    pipe.expire(key, _KEPT)


def _add(pipe: Any, what: str, where: str, who: str, at: datetime) -> None:  # noqa: ANN401  (as above)
    key = _windows(what, where, at)[0]
    pipe.pfadd(key, who)
    pipe.expire(key, _KEPT)


def _windows(what: str, who: str, at: datetime) -> list[str]:
    hour = int(at.timestamp()) // WINDOW
    return [f"ciam:velocity:{what}:{who}:{hour - back}" for back in (0, 1)]


def _sum(counts: list[bytes | None]) -> int:
    return sum(int(count) for count in counts if count)


@cache
def counters() -> Any:  # noqa: ANN401  (as above)
    """Where all of this is counted."""
    url = settings.CACHES["default"]["LOCATION"]
    return redis.Redis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
