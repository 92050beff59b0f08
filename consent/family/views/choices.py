"""What a guardian, who acts for a child, allows for it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.sessions.signing import customer_of
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Deny
from ciam_portal.core.words import sentence
from consent.acting.decorators import Acting, acting
from consent.acting.views import words
from consent.family import facts, flows, policy
from consent.family.policy import Reason
from consent.purposes import facts as purposes
from consent.records import forms as answers
from consent.records import lines as choices
from consent.records import marks
from consent.records.flows import Saying
from consent.records.policy import Reason as NotSaid
from consent.records.policy import Says


@require_safe
@acting()
def consents(request: HttpRequest, now: Acting) -> HttpResponse:
    """What a child's data is used for, and what of it a guardian says yes or no to."""
    return _consents(request, now)


@require_POST
@acting()
def consent(request: HttpRequest, now: Acting) -> HttpResponse:
    """Yes or no, for the child, to the text that was read."""
    key = request.POST.get("purpose", "")
    active = purposes.active(now.at).get(key)
    form = answers.Answer(request.POST, optional=active.optional if active else ())
    if active is None or not form.is_valid():
        return _consents(request, now, sentence(NotSaid.NOT_CURRENT))
    said = form.cleaned_data
    read = marks.version(said["read"], key, now.row.owner)
    try:
        done = flows.answer(now.row, Saying(key, Says(said["says"]), read, said["with_"]), by=now.by, at=now.at)
    except Refused as refused:
        if not isinstance(refused.reason, Reason | NotSaid):
            raise
        return _consents(request, now, sentence(refused.reason))
    waits = _("The other guardian is asked first. Until they agree, it stays as it is.")
    messages.success(request, _("Saved for the child. It takes effect at once.") if done else waits)
    return redirect("consent:acting_choices", now.row.pk)


def _consents(request: HttpRequest, now: Acting, refused: str = "") -> HttpResponse:
    asked = facts.consenting(now.row, now.at)
    allowed = policy.may_consent(asked, limits=limits.current(), at=now.at)
    if refused:
        purposes.forget()
    versions = {key: str(each.version) for key, each in purposes.active(now.at).items()}
    context: dict[str, Any] = {
        **words(now.row, customer_of(request), now.at),
        **choices.own(now.row.owner_id, now.at),
        "read": marks.shown(versions, now.row.owner),
        "refused": refused,
        "why_not": sentence(allowed.reason) if isinstance(allowed, Deny) else "",
    }
    return render(request, "consent/family/choices.html", context, status=409 if refused else 200)
