"""How fast things happen around an account, an address and a network: counted in the shared cache.

Everything counted is a pseudonym. Windows are fixed hours; a count is the sum of this hour's and the last one's, so it
never forgets a burst at the turn of an hour. Different accounts and sources are counted by HyperLogLog (about 1 % off).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings

from ciam_portal import codes

_WINDOW = 3600
_KEPT = 2 * _WINDOW
_PATIENCE = 0.25  # seconds: a sign-in does not wait longer for its counters


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attempt comes from: pseudonyms of the account tried, of its address and of its network (AS)."""

    account: str
    address: str
    asn: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """Counts over the last one to two hours. ``None`` is not known."""

    failures_on_account: int | None = None
    failures_from_address: int | None = None
    accounts_from_address: int | None = None
    newcomers_from_asn: int | None = None
    sources_on_account: int | None = None


def pseudonym(value: str, what: str) -> str:
    """What an account, an address or a device is counted under; nothing for nothing."""
    return codes.pseudonym(value, f"velocity:{what}") if value else ""


def failed(source: Source, at: datetime) -> None:
    """One more wrong password or code."""
    with _client().pipeline(transaction=False) as pipe:
        _incr(pipe, "failures", source.account, at)
        _incr(pipe, "failures", source.address, at)
        _add(pipe, "sources", source.account, source.address, at)
        _add(pipe, "accounts", source.address, source.account, at)
        pipe.execute()


def newcomer(source: Source, at: datetime) -> None:
    """A right first step from a network that this customer has not used before."""
    if source.asn:
        with _client().pipeline(transaction=False) as pipe:
            _add(pipe, "newcomers", source.asn, source.account, at)
            pipe.execute()


def pace(source: Source, at: datetime) -> Pace:
    """The counts around this attempt, in one round trip; nothing is known while the cache does not answer."""
    try:
        with _client().pipeline(transaction=False) as pipe:
            pipe.mget(_windows("failures", source.account, at))
            pipe.mget(_windows("failures", source.address, at))
            pipe.pfcount(*_windows("accounts", source.address, at))
            pipe.pfcount(*_windows("newcomers", source.asn, at))
            pipe.pfcount(*_windows("sources", source.account, at))
            on_account, from_address, *distinct = pipe.execute()
    except redis.RedisError:
        return Pace()
    return Pace(
        failures_on_account=_sum(on_account),
        failures_from_address=_sum(from_address),
        accounts_from_address=distinct[0],
        newcomers_from_asn=distinct[1] if source.asn else None,
        sources_on_account=distinct[2],
    )


def _incr(pipe: Any, what: str, who: str, at: datetime) -> None:  # noqa: ANN401  (as above)
    key = _windows(what, who, at)[0]
    pipe.incr(key)
    pipe.expire(key, _KEPT)


def _add(pipe: Any, what: str, where: str, who: str, at: datetime) -> None:  # noqa: ANN401  (as above)
    key = _windows(what, where, at)[0]
    pipe.pfadd(key, who)
    pipe.expire(key, _KEPT)


def _windows(what: str, who: str, at: datetime) -> list[str]:
    hour = int(at.timestamp()) // _WINDOW
    return [f"ciam:velocity:{what}:{who}:{hour - back}" for back in (0, 1)]


def _sum(counts: list[bytes | None]) -> int:
    return sum(int(count) for count in counts if count)


@cache
def _client() -> Any:  # noqa: ANN401  (as above)
    url = settings.CACHES["default"]["LOCATION"]
    return redis.Redis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
