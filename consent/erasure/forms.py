"""What the page behind the link in a message about a deletion is sent."""

from django import forms


class Keep(forms.Form):
    """Which of its two buttons was pressed."""

    do = forms.ChoiceField(choices=[("keep", "keep"), ("lock", "lock")])
