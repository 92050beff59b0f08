"""Recoveries, as the help desk works on them. Every change is a POST and a flow, which asks again who may do it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.forms import CharField, ChoiceField, Form, HiddenInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.desk.admin.customers import summary
from accounts.models import User
from accounts.staff.admin.looking import Looking
from accounts.staff.admin.record import Viewer
from accounts.staff.admin.verbs import refusals_said
from accounts.staff.forms import Open
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock
from ciam_portal.core.roles import Role, roles_of
from ciam_portal.core.words import choices
from recovery.case import facts, forms
from recovery.case.policy.evidence import DESK, Way
from recovery.case.policy.states import State
from recovery.desk.admin import queue, words
from recovery.desk.admin.page import Page, channels_of, note_form
from recovery.desk.flows import claims, desk, evidence, release
from recovery.desk.policy import Outcome, WhyRejected
from recovery.models import Case

Verb = Callable[[HttpRequest, Case, Viewer], str]
_METHODS = ("GET", "HEAD", "POST")
_CHANGES_NOTHING = {"GET", "HEAD"}


class _Kept(Form):
    """What is kept of a form while its sender proves more, as it is read then."""

    way = ChoiceField(label=lazy("What"), choices=[(way.value, words.WAYS[way]) for way in DESK])
    outcome = ChoiceField(label=lazy("What came of it"), choices=choices(Outcome))
    reason = ChoiceField(label=lazy("Reason"), choices=choices(WhyRejected))
    channel, seen = CharField(widget=HiddenInput), CharField(widget=HiddenInput)


@admin.register(Case)
class Cases(Looking):
    """The queue, one case, and what agents and approvers do with it."""

    roles = frozenset({Role.AGENT, Role.APPROVER})
    because = WhyLook.RECOVERY
    hidden = frozenset({"key_digest", "release_to"})

    def get_urls(self) -> list[URLPattern]:
        """One page for each verb. Opened by itself (after proving more, say), it leads to the case."""
        verbs: dict[str, tuple[Verb, Any, tuple[str, ...]]] = {
            "ask": (self._ask, lazy("Ask for one more thing about a caller"), ("way", "channel")),
            "note": (self._note, lazy("Note what came of it"), ("way", "outcome")),
            "propose": (self._propose, lazy("Propose this recovery"), ("channel",)),
            "approve": (self._approve, lazy("Approve this recovery"), ()),
            "reject": (self._reject, lazy("Reject this recovery"), ("reason",)),
            "send_again": (self._send_again, lazy("Send the customer's link again"), ()),
            "take": (self._take, lazy("Work on this recovery"), ("seen",)),
            "let_go": (self._let_go, lazy("No longer work on this recovery"), ()),
        }
        begin = self.verb(self.begin, lazy("Begin a recovery for a caller"), forms.Begin, "lost", methods=_METHODS)
        return [
            *(
                path(
                    f"<uuid:case_id>/{name.replace('_', '-')}/",
                    self.verb(self._page_of(verb), does, _Kept, *fields, methods=_METHODS),
                    name=f"recovery_case_{name}",
                )
                for name, (verb, does, fields) in verbs.items()
            ),
            path("begin/<uuid:customer_id>/", begin, name="recovery_case_begin"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue. Nothing is searched for here: that is counted and recorded, on the page of customers."""
        viewer = self._viewer(request)
        self.seen(request, None)
        if request.method not in _CHANGES_NOTHING:
            return HttpResponseNotAllowed(sorted(_CHANGES_NOTHING))
        wanted = queue.Wanted.read(request.GET)
        rows, more = queue.rows(wanted, viewer)
        context = {
            "title": _("Recoveries"), "rows": rows, "more": more, "wanted": wanted, "now": viewer.at,
            "choices": queue.choices(wanted), "sorts": queue.SORTS.items(), "whose": queue.whose(wanted),
        }  # fmt: skip
        return self.show(request, "admin/recovery_queue.html", **context)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One case."""
        viewer, case = self._viewer(request), self.found(request, unquote(object_id))
        self.through_record(request, case.customer_id)
        context = {"title": _("Recovery %(number)s") % {"number": case.reference}, "case": case, "form": Open()}
        return self.show(request, "admin/recovery_case.html", **context, **Page(case, viewer).words())

    def history_view(self, *_args: object, **_kwargs: object) -> HttpResponse:
        """It stands on the page of the case."""
        raise Http404

    def begin(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """A caller cannot sign in: what is lost, and a new case."""
        viewer = self._viewer(request)
        if Role.AGENT not in roles_of(viewer.user):
            raise PermissionDenied
        customer = get_object_or_404(User, pk=customer_id)
        self.through_record(request, customer.pk)
        form = forms.Begin(request.POST if request.method == "POST" else None)
        if form.is_valid():
            with refusals_said(request):
                case = desk.begin(customer, form.methods(), viewer.user, viewer.session, by=viewer.by, at=viewer.at)
                messages.success(request, _("The case is open. The customer is told at every address."))
                return self._to(case)
        context = {
            "title": _("Begin a recovery for a caller"), "customer": summary(customer), "form": form,
            "live": facts.live_case(customer.pk), "is_opened": self._has_opened(customer, viewer),
        }  # fmt: skip
        return self.show(request, "admin/recovery_begin.html", **context)

    def _page_of(self, verb: Verb) -> Callable[..., HttpResponse]:
        def page(request: HttpRequest, case_id: UUID) -> HttpResponse:
            viewer = self._viewer(request)
            case = get_object_or_404(Case.objects.select_related("customer"), pk=case_id)
            if request.method == "POST":
                try:
                    with refusals_said(request):
                        messages.success(request, verb(request, case, viewer))
                except _NotSaid as wrong:
                    messages.error(request, str(wrong))
            return self._to(case)

        return page

    @staticmethod
    def _ask(request: HttpRequest, case: Case, viewer: Viewer) -> str:
        way, who = _way(request), (viewer.user, viewer.session)
        by, at = viewer.by, viewer.at
        if way is Way.DOCUMENT:
            evidence.ask_document(case, *who, by=by, at=at)
            return _("Asked for. Another agent checks the document, and notes here what it shows.")
        if way is Way.IN_SESSION:
            evidence.ask_in_session(case, *who, by=by, at=at)
            return _("The question stands on the customer's pages now. The caller answers it there.")
        channel = _said(forms.ToChannel(request.POST, channels=channels_of(case, way)))["channel"]
        if way is Way.CALLED_BACK:
            evidence.ask_call_back(case, channel, *who, by=by, at=at)
            return _("The number is below. Call it yourself; do not let the caller put you through.")
        if not evidence.ask_read_back(case, channel, *who, by=by, at=at):
            raise _NotSaid(_("No code was sent: this address had too many messages, or the way is shut."))
        return _("A code is on its way. The caller reads it to you; you never see it.")

    @staticmethod
    def _note(request: HttpRequest, case: Case, viewer: Viewer) -> str:
        way, who = _way(request), (viewer.user, viewer.session)
        by, at = viewer.by, viewer.at
        form = note_form(way, request.POST)
        if form is None:
            raise _NotSaid(_("Only the customer answers this."))
        said = _said(form)
        if way is Way.READ_BACK:
            if not evidence.read_back(case, said["code"], *who, by=by, at=at):
                raise _NotSaid(_("That is not the code. It was counted."))
            return _("That is the code. It is noted.")
        verb = evidence.called_back if way is Way.CALLED_BACK else evidence.check_document
        verb(case, Outcome(said["outcome"]), *who, by=by, at=at)
        return _("Noted.")

    @staticmethod
    def _propose(request: HttpRequest, case: Case, viewer: Viewer) -> str:
        channel = _said(forms.ToChannel(request.POST, channels=desk.channels(case)))["channel"]
        desk.propose(case, channel, viewer.user, viewer.session, by=viewer.by, at=viewer.at)
        return _("Proposed. Somebody else has to approve it.")

    @staticmethod
    def _approve(_request: HttpRequest, case: Case, viewer: Viewer) -> str:
        case = desk.approve(case, viewer.user, viewer.session, by=viewer.by, at=viewer.at)
        if case.state == State.PROPOSED:
            return _("Approved. Little was shown, so it takes one more approver. The customer is told.")
        return _("Approved. The wait has begun; the customer is told, and can stop it.")

    @staticmethod
    def _reject(request: HttpRequest, case: Case, viewer: Viewer) -> str:
        why = WhyRejected(_said(forms.Reject(request.POST))["reason"])
        desk.reject(case, why, viewer.user, viewer.session, by=viewer.by, at=viewer.at)
        return _("It has ended. The customer is told.")

    @staticmethod
    def _send_again(_request: HttpRequest, case: Case, viewer: Viewer) -> str:
        release.send_again(case, viewer.user, viewer.session, by=viewer.by, at=viewer.at)
        return _("Sent to the same place. The link before it no longer works.")

    @staticmethod
    def _take(request: HttpRequest, case: Case, viewer: Viewer) -> str:
        seen = _said(forms.Take(request.POST))["seen"]
        claims.take(case, seen, viewer.user, viewer.session, by=viewer.by, at=viewer.at)
        return _("You work on it now. The others see that.")

    @staticmethod
    def _let_go(_request: HttpRequest, case: Case, viewer: Viewer) -> str:
        claims.let_go(case, viewer.user, viewer.session, by=viewer.by, at=viewer.at)
        return _("You no longer work on it.")

    @staticmethod
    def _has_opened(customer: User, viewer: Viewer) -> bool:
        """Whether this session has opened the record because the customer asked."""
        return facts.helper(viewer.user, viewer.session, customer, by=viewer.by, at=viewer.at).has_opened

    def _viewer(self, request: HttpRequest) -> Viewer:
        return Viewer(*self.acting(request), clock.now())

    @staticmethod
    def _to(case: Case) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:recovery_case_change", args=[case.pk]))


class _NotSaid(Exception):
    """What was sent does not do: the sentence says why. Raised outside the flows, so nothing is undone by it."""


def _said(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        raise _NotSaid(next(iter(next(iter(form.errors.values())))))
    said: dict[str, Any] = form.cleaned_data
    return said


def _way(request: HttpRequest) -> Way:
    """Which way is meant; a page of ours always says one."""
    found = next((way for way in DESK if way == request.POST.get("way")), None)
    if found is None:
        raise Http404
    return found
