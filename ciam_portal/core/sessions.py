"""Django's database sessions with the cookie's key hashed at rest: who reads the table can sign in as nobody."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils.crypto import get_random_string

from ciam_portal.core import clock, retention
from ciam_portal.core.crypto import codes

retention.kept(lambda _rules, at: Q(expire_date__lt=at))(Session)

_LENGTH = 40  # the column's width: 160 bits of the digest
_KEY = 32  # characters of a key: 165 random bits, so no two are alike and none is looked for first


class SessionStore(db.SessionStore):
    """The cookie carries ``session_key``; the row is found by its digest, and written once, by ``save``."""

    purpose = "browser session"
    _is_new = False

    @classmethod
    def row_key(cls, session_key: str) -> str:
        """The primary key of a new row for this cookie value."""
        return codes.digest(session_key, cls.purpose)[:_LENGTH]

    @classmethod
    def rows_of(cls, session_key: str) -> QuerySet[Session]:
        """The row that belongs to this cookie value, made with today's key or with one being rotated out."""
        return Session.objects.filter(pk__in=[each[:_LENGTH] for each in codes.digests(session_key, cls.purpose)])

    def _get_session_from_db(self) -> Session | None:
        if not self.session_key:
            return None
        row = self.rows_of(self.session_key).filter(expire_date__gt=clock.now()).first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        """Whether this cookie value belongs to a row."""
        return self.rows_of(session_key).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to save, under the digest."""
        key: str = self._get_or_create_session_key()  # type: ignore[attr-defined]
        expires: datetime = self.get_expiry_date()
        return Session(session_key=self.row_key(key), session_data=self.encode(data), expire_date=expires)

    def _get_new_session_key(self) -> str:
        return get_random_string(_KEY, VALID_KEY_CHARS)

    def cycle_key(self) -> None:
        """What the browser session holds goes on under a new key; the old one is dead at once."""
        former, self._session_cache = self.session_key, self._get_session()  # type: ignore[attr-defined]
        self._session_key, self._is_new, self.modified = self._get_new_session_key(), True, True
        if former:
            self.delete(former)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  (the library's signature)
        """In one statement, in whatever transaction there is. Raises UpdateError if somebody has ended it meanwhile."""
        if self.session_key is None:
            return self.create()
        must_create = must_create or self._is_new
        stored = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        if must_create:
            stored.save(force_insert=True)
            self._is_new = False
            return None
        changed = {"session_data": stored.session_data, "expire_date": stored.expire_date}
        if not self.rows_of(self.session_key).update(**changed):
            raise UpdateError
        return None

    def delete(self, session_key: str | None = None) -> None:
        """Forget one session; nothing happens if it is gone already."""
        key = session_key or self.session_key
        if key:
            self.rows_of(key).delete()


class AppSessionStore(SessionStore):
    """The same for the business's own app, which shows a token: none of these is a cookie's, and no cookie is one."""

    purpose = "app session"
