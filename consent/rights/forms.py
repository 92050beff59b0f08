"""Shapes of what customers and privacy officers send."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.words import choices
from consent.rights.policy import FITTING, Answer, Kind, WhyLonger

LONGEST = 1000


class Ask(forms.Form):
    """A request of one kind."""

    kind = Kind.CORRECT
    about = forms.ChoiceField(label=_("What is it about?"))
    text = forms.CharField(
        label=_("What is wrong, and what is right?"),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=LONGEST,
        strip=True,
    )

    field_order = ("about", "text")


class Correct(Ask):
    """Correct my data."""

    about = forms.ChoiceField(label=_("What is wrong?"), choices=choices(FITTING[Kind.CORRECT]))


class Restrict(Ask):
    """Restrict the use of my data."""

    kind = Kind.RESTRICT
    about = forms.ChoiceField(label=_("Why?"), choices=choices(FITTING[Kind.RESTRICT]))
    text = forms.CharField(
        label=_("What should we know about it?"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST,
        required=False,
        strip=True,
    )


class Object(Ask):
    """Object to something that has no switch of its own."""

    kind = Kind.OBJECT
    about = forms.ChoiceField(label=_("To what?"), choices=choices(FITTING[Kind.OBJECT]))
    text = forms.CharField(
        label=_("Why, in your situation?"), widget=forms.Textarea(attrs={"rows": 5}), max_length=LONGEST, strip=True
    )


class Reply(forms.Form):
    """A privacy officer's answer."""

    answer = forms.ChoiceField(label=_("Answer"), choices=[("", "—"), *choices(Answer)])
    lifts = forms.BooleanField(label=_("With it, the restriction ends: the use of the data goes on"), required=False)


class Extend(forms.Form):
    """More time."""

    reason = forms.ChoiceField(label=_("Why it takes longer"), choices=[("", "—"), *choices(WhyLonger)])
