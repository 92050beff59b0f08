"""Fields for a mail address: one that somebody means to use, and one that only says whose account is meant."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ciam_portal.core import mailbox
from ciam_portal.core.words import sentence


class _Typed(forms.CharField):
    """What somebody types as their address."""

    widget = forms.EmailInput

    def __init__(self, *, label: Any = _("Email address"), autocomplete: str = "username", **kwargs: Any) -> None:  # noqa: ANN401, B008  (lazy text)
        kwargs.setdefault("max_length", mailbox.LONGEST_TYPED)
        super().__init__(label=label, **kwargs)
        self.widget.attrs.update(autocomplete=autocomplete, autocapitalize="none", spellcheck="false")


class Address(_Typed):
    """An address that mail will go to, in its canonical form; a clear error for whatever is none."""

    def clean(self, value: Any) -> str:  # noqa: ANN401  (Django's signature)
        """The canonical form."""
        typed: str = super().clean(value)
        try:
            return mailbox.canonical(typed) if typed else typed
        except mailbox.NoMailbox as none:
            raise forms.ValidationError(sentence(none.reason), code=none.reason) from none


class WhoseAddress(_Typed):
    """The address of an account, to be looked up. One that nobody can have is answered like one that nobody has."""

    def clean(self, value: Any) -> str:  # noqa: ANN401  (Django's signature)
        """As look-ups and budgets know it."""
        typed: str = super().clean(value)
        if typed and "@" not in typed:
            raise forms.ValidationError(sentence(mailbox.Reason.NO_ADDRESS), code=mailbox.Reason.NO_ADDRESS)
        return mailbox.named(typed)
