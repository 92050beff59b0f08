"""What the staff site's pages with verbs share: who acts, what is only looked at, and doing something."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.budgets import counter as budget
from accounts.models import Session, User
from accounts.sessions.signing import customer_of, session_of
from accounts.staff.flows import people
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.words import sentence


@contextmanager
def refusals_said(request: HttpRequest) -> Iterator[None]:
    """What a flow refuses becomes a message on the next page. To prove more comes first: raises ProveMore."""
    try:
        yield
    except ProveMore:
        raise
    except Refused as refused:
        messages.error(request, sentence(refused.reason))


class Verbs(ReadOnlyAdmin):
    """A page of records with verbs beside it. Every change is a POST and a flow, which asks who may do it."""

    def acting(self, request: HttpRequest) -> tuple[User, Session, Actor]:
        """Who acts, in which session, and how that is recorded. Raises PermissionDenied for whoever may not look."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return customer_of(request), session_of(request), Actor.from_request(request, Channel.HELP_DESK)

    def verb(
        self,
        view: Callable[..., HttpResponse],
        words: Any,
        form: type[Form] = Form,
        *fields: str,
        methods: tuple[str, ...] = ("POST",),
    ) -> Any:
        """A page that does something, as ``words`` say. Whoever has to prove more first goes on with it after that.

        ``fields`` of ``form`` are kept meanwhile.
        """
        return self.admin_site.admin_view(resumable(words, form, *fields)(require_http_methods(methods)(view)))

    def seen(self, request: HttpRequest, about: UUID | None) -> None:
        """Record that this person looks at this table now, once for as long as an opened record stays open."""
        person, session, by = self.acting(request)
        page, seconds = self.opts.label_lower, limits.current().staff.record_minutes * 60
        if budget.count("staff_look", f"{session.pk} {page} {about}", seconds=seconds) == 1:
            people.look(page, person, about=about, by=by, at=clock.now())

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row that a page only shows. Raises PermissionDenied, or Http404 if there is none."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if row is None:
            raise Http404
        return row

    def do(self, request: HttpRequest, verb: Callable[[], object], done: str, back: str, *args: UUID) -> HttpResponse:
        """Do it, say so (unless ``done`` is empty) and go back to this page of the site; a refusal is said there."""
        with refusals_said(request):
            verb()
            if done:
                messages.success(request, done)
        return HttpResponseRedirect(reverse(f"admin:{back}", args=args))
