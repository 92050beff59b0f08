"""Django's database sessions with the cookie's key hashed at rest: who reads the table can sign in as nobody."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from ciam_portal.core import clock
from ciam_portal.core.crypto import codes

_LENGTH = 40  # the column's width: 160 bits of the digest


class SessionStore(db.SessionStore):
    """The cookie carries ``session_key``; the row is found by its digest."""

    @staticmethod
    def row_key(session_key: str) -> str:
        """The primary key of the row that belongs to this cookie value."""
        return codes.digest(session_key, "browser session")[:_LENGTH]

    def _get_session_from_db(self) -> Session | None:
        if not self.session_key:
            return None
        row = Session.objects.filter(pk=self.row_key(self.session_key), expire_date__gt=clock.now()).first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        """Whether this cookie value belongs to a row."""
        return Session.objects.filter(pk=self.row_key(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to save, under the digest."""
        key: str = self._get_or_create_session_key()  # type: ignore[attr-defined]
        expires: datetime = self.get_expiry_date()
        return Session(session_key=self.row_key(key), session_data=self.encode(data), expire_date=expires)

    def delete(self, session_key: str | None = None) -> None:
        """Forget one session; nothing happens if it is gone already."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(pk=self.row_key(key)).delete()
