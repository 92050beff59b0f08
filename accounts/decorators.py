"""@sensitive: a page of the catalogue opens only when the gate allows. The flow behind it asks again, under lock."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse

from accounts import facts
from accounts.models import User
from ciam_portal import clock, flow, gate
from ciam_portal.audit import decide as decisions
from ciam_portal.audit.actor import Actor
from ciam_portal.errors import ProveMore
from ciam_portal.policy import limits
from ciam_portal.policy.assurance import Level
from ciam_portal.policy.catalogue import Action
from ciam_portal.policy.decision import Allow

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponse)


def sensitive(
    action: Action,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Open the page only if this action may be done now. Raises ProveMore, which leads to proving and back; Refused.

    That a page may be opened is not recorded: what is done on it is, by the flow.
    """

    def decorate(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            customer, at = request.user, clock.now()
            if not isinstance(customer, User):
                raise ProveMore(Level.AAL1, None, gate.Reason.SESSION_OVER)
            by = Actor.from_request(request)
            asked = facts.for_action(customer, getattr(request, "portal_session", None), by=by, at=at)
            if not isinstance(gate.decide(action, asked, limits=limits.running(), at=at), Allow):
                flow.go_on(decisions.weigh(action, asked, about=customer.pk, by=by, at=at))
            return view(request, *args, **kwargs)

        return guarded

    return decorate
