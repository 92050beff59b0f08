"""What staff choose and search for: shape only. Reasons are chosen, never typed."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.customer.forms import WhoseAddress
from accounts.restrictions.policy import RestrictionKind, Verdict, WhyRestrict
from accounts.staff.policy import WhyGlass, WhyLook, WhyRole
from ciam_portal.core.roles import Role
from ciam_portal.core.words import choices

_ROLES = [("", "—"), *((role.value, role.value) for role in Role)]
_BY_PAGES = {WhyLook.RECOVERY, WhyLook.ROLE}
_BY_PEOPLE = [choice for choice in choices(WhyRole) if choice[0] != WhyRole.INSTALLATION]


class Find(forms.Form):
    """Exactly one address or number, as the caller says it."""

    wanted = forms.CharField(
        label=_("Email address, phone number, or reference that a page or message of ours gives"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class Open(forms.Form):
    """Why a record is opened, if the page itself is not the reason."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", "—"), *(each for each in choices(WhyLook) if each[0] not in _BY_PAGES)]
    )
    case = forms.UUIDField(required=False, widget=forms.HiddenInput)  # the recovery whose page asked for it


class Unmask(forms.Form):
    """Which hidden value of a record, by its name there."""

    value = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ChangeRole(forms.Form):
    """Whose role, which, and why."""

    email = WhoseAddress(label=_("Email address of the person"), autocomplete="off")
    role = forms.ChoiceField(label=_("Role"), choices=_ROLES)
    verb = forms.ChoiceField(
        label=_("What"), choices=[("grant", _("Propose to give it")), ("revoke", _("Take it away now"))]
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *_BY_PEOPLE])


class Decide(forms.Form):
    """What to do with a proposal."""

    do = forms.ChoiceField(label=_("What"), choices=[("approve", _("Approve")), ("reject", _("Reject"))])


class Restrict(forms.Form):
    """What is restricted, why, and for how long. The policy says how long is too long."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=[
            ("", "—"),
            (RestrictionKind.SUSPEND.value, _("Suspend: nobody comes in, everything ends")),
            (RestrictionKind.STEP_UP.value, _("Step-up: everything asks for the strongest sign-in method")),
            (RestrictionKind.LEGAL_HOLD.value, _("Legal hold: nothing of theirs is erased")),
        ],
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *choices(WhyRestrict)])
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=366, initial=1)

    def __init__(self, *args: object, kinds: Iterable[RestrictionKind] = RestrictionKind, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        some = {"", *(kind.value for kind in kinds)}
        every = self.base_fields["kind"].choices  # type: ignore[attr-defined]
        self.fields["kind"].choices = [each for each in every if each[0] in some]  # type: ignore[attr-defined]


class Review(forms.Form):
    """What somebody else found."""

    verdict = forms.ChoiceField(
        label=_("What you found"),
        choices=[(Verdict.STANDS.value, _("It was right")), (Verdict.ENDS.value, _("It was not right, and ends"))],
    )


class BreakTheGlass(forms.Form):
    """Which role, and why it cannot wait."""

    role = forms.ChoiceField(label=_("Role"), choices=_ROLES)
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *choices(WhyGlass)])
