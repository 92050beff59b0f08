"""A live session shows, on every page, that somebody is recovering its account."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.models import Session
from recovery import facts
from recovery.models import Case


class LiveRecovery:
    """Sets ``request.live_recovery``: the recovery that is going on, asked for only by pages that show it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One query, when the page's frame asks and a recovery is going on: the session's own customer says so."""
        session: Session | None = getattr(request, "portal_session", None)

        def find() -> Case | None:
            if session is None or not session.customer.is_recovering:
                return None
            return facts.live_case(session.customer_id)

        request.live_recovery = SimpleLazyObject(find)  # type: ignore[attr-defined]
        return self.get_response(request)
