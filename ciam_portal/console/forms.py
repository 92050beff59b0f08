"""The shape of what owners send about their apps."""

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from ciam_portal.oauth.scopes import Scope

_MOST_TEXT = 20_000
_WHEN = (
    ("later", lazy("Let it work on for a while, beside the new one")),
    ("now", lazy("End it now: others may have seen it")),
)


class Replace(forms.Form):
    """What becomes of what the app shows now."""

    former = forms.ChoiceField(
        label=lazy("What the app uses now"), choices=_WHEN, initial="later", widget=forms.RadioSelect
    )

    @property
    def shown(self) -> dict[str, Any]:
        """The new keys: none, a secret is made."""
        return {}


class ReplaceKeys(Replace):
    """The same, with new public keys."""

    jwks = forms.CharField(
        label=lazy("New public keys (a JWK Set)"),
        required=False,
        max_length=_MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
    )
    jwks_uri = forms.URLField(
        label=lazy("Or the address where you publish them"), required=False, max_length=1024, assume_scheme="https"
    )
    field_order = ("jwks", "jwks_uri", "former")

    def clean_jwks(self) -> dict[str, Any] | None:
        """JSON, if anything."""
        text = self.cleaned_data["jwks"]
        try:
            found = json.loads(text) if text else None
        except (ValueError, RecursionError):
            found = text
        if not isinstance(found, dict | None):
            raise forms.ValidationError(_('A JWK Set looks like {"keys": [...]}.'))
        return found

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        said = super().clean() or {}
        if not self.errors and not (said.get("jwks") or said.get("jwks_uri")):
            raise forms.ValidationError(_("Paste your new public keys, or say where you publish them."))
        return said

    @property
    def shown(self) -> dict[str, Any]:
        """The new keys."""
        return {"jwks": self.cleaned_data["jwks"], "jwks_uri": self.cleaned_data["jwks_uri"]}


class Switch(forms.Form):
    """What staff do with an app."""

    do = forms.ChoiceField(
        label=lazy("What"),
        choices=[
            ("off", lazy("Switch it off")),
            ("on", lazy("Switch it on")),
            ("retire", lazy("Switch it off for good")),
        ],
    )


class Change(forms.Form):
    """Where customers are sent back to, what the app may ask for, and what an agent may be let do."""

    redirect_uris = forms.CharField(
        label=lazy("Redirect addresses, one on each line"),
        max_length=_MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(label=lazy("What it may ask customers for"), widget=forms.CheckboxSelectMultiple)
    actions = forms.MultipleChoiceField(
        label=lazy("What customers may let it do"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        *args: Any,  # noqa: ANN401  (Django's own)
        offered: Iterable[Scope],
        actions: Iterable[str] | None,
        **kwargs: Any,  # noqa: ANN401  (Django's own)
    ) -> None:
        """``actions``: of an agent, and of no other app."""
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        field.choices = [(scope.name, f"{scope.title} ({scope.name})") for scope in offered]  # type: ignore[attr-defined]
        if actions is None:
            del self.fields["actions"]
            return
        field.required = False
        self.fields["actions"].choices = [(name, name) for name in actions]  # type: ignore[attr-defined]

    def clean_redirect_uris(self) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys(self.cleaned_data["redirect_uris"].split()))
