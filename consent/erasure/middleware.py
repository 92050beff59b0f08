"""An account that is about to be deleted has one page: the one on which it can be kept."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Session

# What still works: keeping it, locking it, saying that a sign-in or change was not theirs, signing out. And whatever
# is open to people who are not signed in, but for the overview.
_OPEN = frozenset({
    "consent:leaving", "consent:keep", "accounts:lock", "accounts:renew", "accounts:contest_restriction",
    "recovery:stop_here",
})  # fmt: skip
_CLOSED_TOO = frozenset({"home"})


class Leaving:
    """Leads every other page there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do before the view is known."""
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        _args: object,
        _kwargs: object,
    ) -> HttpResponse | None:
        """No statement: the session came with its customer."""
        session: Session | None = getattr(request, "portal_session", None)
        if session is None or session.customer.erase_at is None or request.resolver_match is None:
            return None
        name = request.resolver_match.view_name
        is_open = name in _OPEN or (not getattr(view, "login_required", True) and name not in _CLOSED_TOO)
        return None if is_open else redirect("consent:leaving")
