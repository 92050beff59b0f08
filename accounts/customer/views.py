"""The page behind a mailed link: it acts on the link that opened it, or says that this one does not work any more."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.customer import proofs
from accounts.customer.proofs import Link, Opened
from ciam_portal.core import clock, links
from ciam_portal.core.errors import Refused

Thing = TypeVar("Thing")


def link_page(
    spec: Link[Thing],
) -> Callable[[Callable[[HttpRequest, Opened[Thing]], HttpResponse]], Callable[[HttpRequest], HttpResponse]]:
    """A view that acts on a link: called with it while it may be used. Its flow asks again, under lock.

    What that refuses because the link is dead by then gets the same answer as one that was dead before.
    """

    def decorate(view: Callable[[HttpRequest, Opened[Thing]], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        @links.page(spec)
        @wraps(view)
        def act(request: HttpRequest, secret: str) -> HttpResponse:
            link = proofs.may_use(secret, spec, clock.now())
            if link is not None:
                try:
                    return view(request, link)
                except Refused as refused:
                    if refused.reason is not spec.dead and proofs.may_use(secret, spec, clock.now()) is not None:
                        raise
            return render(request, "link_dead.html", {"way_on": spec.way_on}, status=410)

        return act

    return decorate
