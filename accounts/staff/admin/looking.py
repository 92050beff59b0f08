"""The one gate before what is kept about a customer: each list leaves a trace, each row takes their opened record."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.staff.admin.verbs import Verbs
from accounts.staff.flows import people
from accounts.staff.forms import Open
from accounts.staff.policy import WhyLook
from accounts.step_up import facts
from ciam_portal.core import clock, flow, gate
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow


class Looking(Verbs):
    """A table of what is kept about customers. ``about`` names the column with the customer's id.

    ``because``: the page itself is the reason (a case of this very customer, say); without one, staff have to give it.
    """

    about: ClassVar[str] = "customer_id"
    because: ClassVar[WhyLook | None] = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; that it was looked at is recorded."""
        self.seen(request, None)
        return super().changelist_view(request, extra_context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """One row, once the record of its customer is open to this session."""
        row, stopped = self.opened(request, object_id)
        return stopped if row is None else super().change_view(request, object_id, *args, **kwargs)

    def opened(self, request: HttpRequest, object_id: str) -> tuple[Any, HttpResponse]:
        """The row, if its customer's record is open to this session; otherwise None, and what comes before it.

        Raises PermissionDenied, Http404, ProveMore, OnHold, Refused.
        """
        self.acting(request)
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if (stopped := self.through_record(request, getattr(row, self.about))) is not None:
            return None, stopped
        return self.found(request, object_id), HttpResponse()

    def through_record(self, request: HttpRequest, customer: UUID | None) -> HttpResponse | None:
        """What comes before anything about this customer: the question why, and the way back here once it is answered.

        None: this session has their record open. Raises PermissionDenied, ProveMore, OnHold, Refused.
        """
        found = User.objects.filter(pk=customer).first() if customer else None
        if found is None:  # nobody known, or somebody whose account is gone
            self.seen(request, customer)
            return None
        person, session, by = self.acting(request)
        at, form = clock.now(), Open(request.POST if request.method == "POST" else None)
        if people.is_opened(found.pk, session, at):
            asked = facts.for_action(person, session, by=by, at=at)
            if not isinstance(gate.decide(Action.STAFF_OPEN_RECORD, asked, limits=limits.current(), at=at), Allow):
                flow.go_on(decisions.assess(Action.STAFF_OPEN_RECORD, asked, about=found.pk, by=by, at=at))
            return None
        if self.because is not None:
            people.open_record(found, self.because, person, session, by=by, at=at)
            return None
        if form.is_valid():
            reason = WhyLook(form.cleaned_data["reason"])
            people.open_record(found, reason, person, session, by=by, at=at)
            return HttpResponseRedirect(request.get_full_path())
        return self.show(request, "admin/why.html", title=_("Why do you look?"), customer=found.pk, form=form)
