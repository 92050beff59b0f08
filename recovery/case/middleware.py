"""A live session shows, on every page, that somebody is recovering its account."""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.models import Session
from ciam_portal.core import clock
from recovery.case import facts
from recovery.case.flows import wait
from recovery.case.policy.states import State
from recovery.case.views import attempt
from recovery.models import Case


class LiveRecovery:
    """Sets ``request.live_recovery``, the recovery that is going on, and ``request.help_desk_asks``.

    And, whoever is signed in, ``request.recovery_here``: the one that waits, or can be finished, in this browser.

    The second is whether the help desk asks in this session if it is the customer who calls. All are looked up only by
    pages that show them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One query, when the page's frame asks and a recovery is going on: the session's own customer says so."""
        session: Session | None = getattr(request, "portal_session", None)

        @cache
        def find() -> Case | None:
            if session is None or not session.customer.is_recovering:
                return None
            return facts.live_case(session.customer_id)

        def asked() -> bool:
            case = find()
            if session is None or case is None or case.opened_by is None:
                return False
            return facts.asked_in(case, session, clock.now()) is not None

        def waiting() -> Case | None:
            case = attempt.case_here(request)
            waits = case is not None and case.is_live and case.state != State.OPEN
            return case if case is not None and waits and not wait.is_over(case, clock.now()) else None

        request.recovery_here = SimpleLazyObject(waiting)  # type: ignore[attr-defined]
        request.live_recovery = SimpleLazyObject(find)  # type: ignore[attr-defined]
        request.help_desk_asks = SimpleLazyObject(asked)  # type: ignore[attr-defined]
        return self.get_response(request)
