"""Having a person look at an account that waits for evidence."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.sessions import signing
from accounts.trust import flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """A person looks at it. Raises Refused."""
    flows.ask(signing.customer_of(request), by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Somebody looks at it. You get an email either way."))
    return redirect("accounts:security")
