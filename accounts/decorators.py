"""@step_up: a page that shows or changes what would harm if stolen. The flow behind it asks again, under lock."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse

from accounts import factors
from accounts.models import User
from accounts.policy.account import Reason
from ciam_portal import clock
from ciam_portal.errors import ProveMore
from ciam_portal.policy import limits
from ciam_portal.policy.assurance import Assurance, Level

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponse)


def step_up(
    level: Level | Literal["highest"], within: int | None = None
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Open the page only to a session that proved ``level`` within the last ``within`` seconds (default: the policy's).

    "highest" is the most that this customer can prove. Raises ProveMore, which leads to the page for proving and back.
    """

    def decorate(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            session = getattr(request, "portal_session", None)
            assurance = session.assurance if session else Assurance()
            customer = request.user
            if not isinstance(customer, User):
                raise ProveMore(Level.AAL1, None, Reason.PROVE_AGAIN)
            needed = factors.highest_level(customer) if level == "highest" else level
            seconds = within if within is not None else limits.running().session.step_up_minutes * 60
            if not assurance.meets(needed, seconds, clock.now()):
                raise ProveMore(needed, seconds, Reason.PROVE_AGAIN)
            return view(request, *args, **kwargs)

        return guarded

    return decorate
