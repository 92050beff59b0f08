"""Beat: what runs by itself is begun by one process at a time, whatever clocks do. It writes no file.

Who leads, and when each job was last begun, stands in the shared cache, so that any other beat can go on. The entry of
the one who leads ends by itself: it is beat's heartbeat, too.
"""

import logging
from datetime import datetime
from typing import Any

from celery.beat import ScheduleEntry, SchedulingError
from celery.beat import Scheduler as Base
from django.core.cache import cache
from redis.exceptions import RedisError

from ciam_portal.core.crypto import codes

log = logging.getLogger(__name__)

LEADS = "beat"
_BEGUN = "beat-begun"
_LEADS_SECONDS = 30
_LOOK_SECONDS = 5.0


class Scheduler(Base):
    """What ``CELERY_BEAT_SCHEDULER`` names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (the library's signature)
        self.me = codes.new_id().hex
        self._led = False
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:  # noqa: ANN401  (the library's signature)
        """Begin one job that is due, if this beat leads; how long to wait then."""
        try:
            if not self._leads():
                return _LOOK_SECONDS
            self._mend()
            before = self._begun()
            wait = super().tick(*args, **kwargs)
            if self._begun() != before:
                cache.set(_BEGUN, self._begun(), None)
        except (RedisError, SchedulingError) as error:
            log.warning("beat waits: %s", error)
            self._heap = None
            return _LOOK_SECONDS
        return min(wait, _LOOK_SECONDS)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:  # noqa: ANN401  (as above)
        """Begin it. What could not be begun is due as before. Raises SchedulingError."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError:
            self.schedule[str(entry.name)] = entry
            raise

    def close(self) -> None:
        """The next one may lead at once."""
        try:
            if self._led and cache.get(LEADS) == self.me:
                cache.delete(LEADS)
        except RedisError as error:
            log.warning("beat ends: %s", type(error).__name__)
        super().close()

    def _leads(self) -> bool:
        leads = cache.add(LEADS, self.me, _LEADS_SECONDS)
        if not leads and cache.get(LEADS) == self.me:
            leads = cache.touch(LEADS, _LEADS_SECONDS)
        if leads and not self._led:
            self._go_on()
        self._led = leads
        return leads

    def _go_on(self) -> None:
        """From where the last one stood."""
        log.info("this beat leads")
        for name, at in (cache.get(_BEGUN) or {}).items():
            if name in self.schedule:
                self.schedule[name].last_run_at = datetime.fromisoformat(at)
        self._heap = None

    def _mend(self) -> None:
        """Begun in the future: a clock was ahead. It would be silent until then."""
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at and entry.last_run_at > now:
                log.warning("a clock was ahead: %s was begun at %s", entry.name, entry.last_run_at.isoformat())
                entry.last_run_at = now
                self._heap = None

    def _begun(self) -> dict[str, str]:
        return {name: entry.last_run_at.isoformat() for name, entry in self.schedule.items() if entry.last_run_at}
