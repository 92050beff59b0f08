"""Purposes as staff write them, look at them beside what holds now, and decide about them in twos."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from accounts.staff.admin import people
from accounts.staff.admin.verbs import Verbs, refusals_said
from ciam_portal.core import clock
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Deny
from ciam_portal.core.privileges import OFFICERS, WATCHERS
from ciam_portal.core.roles import standing_roles_of
from ciam_portal.core.words import sentence
from consent.purposes import facts, flows, forms, policy
from consent.purposes.models import LANGUAGE, Purpose, PurposeVersion
from consent.purposes.policy import OPEN, Access, Basis, Recipient, Sensitivity, State

_VERBS = {
    "propose": (flows.propose, policy.may_propose, lazy("Proposed: somebody else has to approve it.")),
    "approve": (flows.approve, policy.may_approve, lazy("Approved. It holds once somebody lets it.")),
    "reject": (flows.reject, policy.may_reject, lazy("Sent back: it is a draft again.")),
    "activate": (flows.activate, policy.may_activate, lazy("It holds from now on.")),
    "retire": (flows.retire, policy.may_retire, lazy("Retired.")),
}
Parts = list[tuple[bool, str]]
"""A text in parts; whether each is in the other one too."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a version says, beside what the one before said."""

    what: str
    before: Parts
    after: Parts

    @property
    def differs(self) -> bool:
        """Whether it is another one."""
        return self.before != self.after


@admin.register(Purpose)
class Purposes(Verbs):
    """What data is used for, each with what holds now, and the way to another version."""

    roles = OFFICERS | WATCHERS
    change_list_template = "admin/verbs_list.html"
    list_display = ("key", "title", "holds", "waits")
    ordering = ("key",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Purpose]:
        """With their versions."""
        rows: QuerySet[Purpose] = super().get_queryset(request).prefetch_related("versions")
        return rows

    def get_urls(self) -> list[URLPattern]:
        """Writing a version: the first of a new purpose, or the next."""
        write = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.write))
        return [
            path("new/", write, name="consent_purpose_new"),
            path("<uuid:purpose_id>/draft/", write, name="consent_purpose_draft"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The purposes, and the way to a new one for whoever may write it."""
        new = reverse("admin:consent_purpose_new") if _writes(request) else ""
        return super().changelist_view(
            request, (extra_context or {}) | {"verb_url": new, "verb": _("Draft a new purpose")}
        )

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One purpose: all of its versions."""
        purpose = self.found(request, object_id)
        versions = sorted(purpose.versions.all(), key=lambda each: -each.number)
        on_its_way = next((each for each in versions if each.state in OPEN), None)
        context = {
            "title": purpose.key,
            "purpose": purpose,
            "versions": versions,
            "on_its_way": on_its_way,
            "writes": _writes(request) and (on_its_way is None or on_its_way.state == State.DRAFT),
        }
        return self.show(request, "admin/purpose.html", **context)

    @admin.display(description=lazy("title"))
    def title(self, purpose: Purpose) -> str:
        """Of the version that holds, or of the last one."""
        versions = sorted(purpose.versions.all(), key=lambda each: (each.state == State.ACTIVE, each.number))
        return str(versions[-1].texts[facts.language_of(versions[-1].texts)]["title"]) if versions else "-"

    @admin.display(description=lazy("holds now"))
    def holds(self, purpose: Purpose) -> str:
        """Which version."""
        return next((f"{each.number}" for each in purpose.versions.all() if each.state == State.ACTIVE), "-")

    @admin.display(description=lazy("on its way"))
    def waits(self, purpose: Purpose) -> str:
        """Which version, and where it stands."""
        return next((f"{each.number}, {each.state}" for each in purpose.versions.all() if each.state in OPEN), "-")

    def write(self, request: HttpRequest, purpose_id: UUID | None = None) -> HttpResponse:
        """A draft: begun from what holds now, or gone on with."""
        me, _session, by = self.acting(request)
        if not _writes(request):
            raise PermissionDenied
        purpose = get_object_or_404(Purpose, pk=purpose_id) if purpose_id else None
        versions = list(purpose.versions.order_by("-number")) if purpose else []
        goes_on = bool(versions) and versions[0].state == State.DRAFT
        was = sorted(versions, key=lambda each: each.state != State.ACTIVE)  # what holds first, then the newest
        base = versions[0] if goes_on else next((each for each in was if each.is_intact), None)
        begins = forms.Draft.of(base) if base else {}
        begins |= {"shown": base.seal, "is_material": base.is_material} if base and goes_on else {}
        languages = (LANGUAGE, *sorted({*dict(settings.LANGUAGES), *(base.texts if base else ())} - {LANGUAGE}))
        form = forms.Draft(request.POST or None, begins, languages=languages, known=purpose.key if purpose else "")
        if form.is_valid():
            with refusals_said(request):
                row = flows.draft(form.purpose, form.said(), me, form.cleaned_data["shown"], by=by, at=clock.now())
                return HttpResponseRedirect(reverse("admin:consent_purposeversion_change", args=[row.pk]))
        title = _("Draft of %(key)s") % {"key": purpose.key} if purpose else _("Draft a new purpose")
        return self.show(request, "admin/purpose_draft.html", title=title, form=form, purpose=purpose)


@admin.register(PurposeVersion)
class PurposeVersions(Verbs):
    """What was ever said of each purpose, and who said yes."""

    roles = OFFICERS | WATCHERS
    list_display = ("purpose", "number", "state", "drafted_at", "approved_at", "activated_at")
    list_filter = ("state",)
    list_select_related = ("purpose",)
    ordering = ("-drafted_at",)

    def get_urls(self) -> list[URLPattern]:
        """Deciding."""
        decide = self.verb(self.decide, lazy("Decide about a purpose"), forms.Decide, "do", "shown")
        return [path("<uuid:version_id>/decide/", decide, name="consent_purposeversion_decide"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One version beside the one that holds, or held before it; and the buttons for what may be done."""
        version = self.found(request, object_id)
        others = version.purpose.versions.exclude(pk=version.pk)
        holds = others.filter(state=State.ACTIVE).first()
        was = others.filter(number__lt=version.number, activated_at__isnull=False).order_by("-number").first()
        base = holds if version.state in OPEN else was
        lines = list(_lines(base, version))
        asked = flows.facts_of(version, version if version.state == State.ACTIVE else holds, version.seal)
        context = {
            "title": str(version),
            "version": version,
            "base": base,
            "lines": lines,
            "changed": [each for each in lines if base and each.differs],
            "is_intact": asked.is_intact,
            "names": people.names((version.drafted_by, version.proposed_by, version.approved_by)),
            "may": _may(request, asked),
            "decides": _writes(request),
            "does": forms.DOES,
        }
        return self.show(request, "admin/purpose_version.html", **context)

    def decide(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        """The first person proposes, a second approves or sends back; either lets it hold, or retires it."""
        me, session, by = self.acting(request)
        version, form = get_object_or_404(PurposeVersion, pk=version_id), forms.Decide(request.POST)
        if not form.is_valid():
            raise Http404
        said = form.cleaned_data
        verb, _question, done = _VERBS[said["do"]]
        return self.do(
            request,
            lambda: verb(version, me, session, shown=said["shown"], by=by, at=clock.now()),
            str(done),
            "consent_purposeversion_change",
            version.pk,
        )


def _writes(request: HttpRequest) -> bool:
    return bool(OFFICERS & standing_roles_of(request.user))


def _may(request: HttpRequest, asked: policy.VersionFacts) -> dict[str, str]:
    """For each verb why not, in a sentence; empty if this person may."""
    staff, at, rules = policy.StaffFacts(request.user.pk, _writes(request)), clock.now(), limits.current()
    found = {}
    for name, (_verb, question, _done) in _VERBS.items():
        answer = question(asked, staff, limits=rules, at=at)
        found[name] = sentence(answer.reason) if isinstance(answer, Deny) else ""
    return found


def _lines(before: PurposeVersion | None, after: PurposeVersion) -> Iterator[Line]:
    """What a version says, line by line, beside what another one said."""
    old, new = dict(_said(before)) if before else {}, dict(_said(after))
    for what in dict.fromkeys((*new, *old)):
        yield Line(what, *_beside(old.get(what, ""), new.get(what, "")))


def _said(version: PurposeVersion) -> Iterator[tuple[str, str]]:
    for language, said in sorted(version.texts.items(), key=lambda each: (each[0] != LANGUAGE, each[0])):
        yield _("Title (%(language)s)") % {"language": language}, said["title"]
        yield _("Words (%(language)s)") % {"language": language}, said["words"]
    yield _("Rests on"), sentence(Basis(version.basis))
    yield _("What is done"), sentence(Access(version.access))
    yield _("Data that is used"), _listed(version.categories)
    yield _("Of that, refused alone"), _listed(version.optional)
    yield _("Who gets it"), ", ".join(sentence(Recipient(each)) for each in version.recipients)
    kept = version.retention_days
    yield _("Kept"), _("%(days)s days") % {"days": kept} if kept else _("as long as the account")
    ends = version.valid_for_days
    yield _("What people allow ends"), _("after %(days)s days") % {"days": ends} if ends else _("nothing is allowed")
    yield _("Sensitivity"), sentence(Sensitivity(version.sensitivity))


def _listed(codes: list[str]) -> str:
    return ", ".join(str(CATEGORIES[each].title) if each in CATEGORIES else each for each in codes) or _("nothing")


def _beside(before: str, after: str) -> tuple[Parts, Parts]:
    """Both, word by word: which words are in the other one too."""
    old, new = before.split(), after.split()
    found: tuple[Parts, Parts] = [], []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for parts, words in ((found[0], old[a:b]), (found[1], new[c:d])):
            if words:
                parts.append((tag == "equal", " ".join(words)))
    return found
