"""Who of the staff was trained to check identities. An administrator says so, of others."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import IdentityTraining
from accounts.proofing import forms
from accounts.proofing.flows import desk
from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.flows import people as staff
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, mailbox
from ciam_portal.core.roles import Role, standing_roles_of

_LIST = "accounts_identitytraining_changelist"


@admin.register(IdentityTraining)
class IdentityTrainings(Looking):
    """Who, until when, and who said so."""

    roles = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
    about = "person_id"
    because = WhyLook.ROLE
    change_list_template = "admin/verbs_list.html"
    list_display = ("who", "given_at", "until")
    list_select_related = ("person",)
    ordering = ("until",)

    @admin.display(description=lazy("person"))
    def who(self, training: IdentityTraining) -> str:
        """Who may check."""
        return people.called(training.person)

    def get_urls(self) -> list[URLPattern]:
        """Saying so, and that it is over."""
        train = self.verb(self.train, lazy("Say who is trained"), forms.Train, "email", methods=("GET", "POST"))
        untrain = self.verb(self.untrain, lazy("End a training"))
        return [
            path("train/", train, name="accounts_identitytraining_train"),
            path("<uuid:person_id>/end/", untrain, name="accounts_identitytraining_untrain"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Those who are, and the way to one more for whoever may say so."""
        may = Role.ADMINISTRATOR in standing_roles_of(request.user)
        more = {"verb_url": reverse("admin:accounts_identitytraining_train") if may else "", "verb": _("Add somebody")}
        return super().changelist_view(request, (extra_context or {}) | more)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One of them, and the button that ends it."""
        training = self.found(request, object_id)
        if training.person_id == request.user.pk:
            self.seen(request, training.person_id)
        else:
            self.through_record(request, training.person_id)
        return self.show(
            request,
            "admin/identity_training.html",
            title=_("Training to check identities"),
            training=training,
            person=people.called(training.person),
            given_by=people.names([training.given_by]).get(training.given_by, ""),
            may_end=Role.ADMINISTRATOR in standing_roles_of(request.user) and training.person_id != request.user.pk,
        )

    def train(self, request: HttpRequest) -> HttpResponse:
        """Looking for the person counts as a search of the desk."""
        me, session, by = self.acting(request)
        form, at = forms.Train(request.POST or None), clock.now()
        if form.is_valid():
            email = form.cleaned_data["email"]
            person = next(
                (each for each in staff.find(email, me, by=by, at=at) if each.email == mailbox.named(email)), None
            )
            if person is not None:
                return self.do(request, lambda: desk.train(person, me, session, by=by, at=at), _("Done."), _LIST)
            form.add_error("email", _("There is no account with this address."))
        return self.show(request, "admin/identity_train.html", title=_("Say who is trained"), form=form)

    def untrain(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """It is over at once."""
        me, session, by = self.acting(request)
        training = get_object_or_404(IdentityTraining.objects.select_related("person"), pk=person_id)
        return self.do(
            request, lambda: desk.untrain(training.person, me, session, by=by, at=clock.now()), _("Ended."), _LIST
        )
