"""What someone types who cannot sign in, and what the help desk chooses for a caller: shape only."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.account.forms import NewEmail, NewPassword, phone_number
from accounts.budgets import outbound
from accounts.customer.forms import Address, WhoseAddress
from accounts.factors.forms import AppCode, MailCode, PasskeyName, digits
from accounts.models import User
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.words import choices
from recovery.addresses.facts import Destination
from recovery.desk.policy import Outcome, Reason, WhyRejected


class Forgotten(forms.Form):
    """The address of the account."""

    email = WhoseAddress()


class Start(Forgotten):
    """Whose account it is, and what is lost. The password need not be said: a new one comes in any case."""

    lost_app = forms.BooleanField(label=_("I have lost my authenticator app"), required=False)
    lost_passkey = forms.BooleanField(label=_("I have lost my passkeys and security keys"), required=False)

    def lost(self) -> tuple[Method, ...]:
        """The kinds of factors said to be lost."""
        said = ((Method.TOTP, "lost_app"), (Method.PASSKEY, "lost_passkey"))
        return tuple(method for method, name in said if self.cleaned_data[name])


class SmsCode(MailCode):
    """Eight digits from a text message."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["code"].label = _("Code from the text message")


class Finish(NewPassword):
    """The new password, and the code that the new authenticator app shows."""

    def __init__(self, *args: object, customer: User, with_app: bool, **kwargs: object) -> None:
        super().__init__(*args, customer=customer, **kwargs)
        if with_app:
            self.fields["code"] = AppCode.base_fields["code"]

    def clean_code(self) -> str:
        """ASCII digits only."""
        return digits(self.cleaned_data["code"], 6)


class RecoveryMail(NewEmail):
    """A second mail address."""


class RecoveryPhone(forms.Form):
    """A phone that gets text messages."""

    phone = forms.CharField(
        label=_("Phone number"),
        max_length=40,
        help_text=_("With country code, such as +47 22 85 50 50."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )

    def clean_phone(self) -> str:
        """A number that texts go to, in E.164 form."""
        number = phone_number(self.cleaned_data["phone"])
        if not outbound.reaches(number):
            words = _(
                "We do not send text messages to numbers of this country. Use another number, or an email address."
            )
            raise forms.ValidationError(words)
        return number


class ContactCode(MailCode):
    """Eight digits that somebody reads out."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["code"].label = _("Code from the person you trust")


class NewContact(PasskeyName):
    """Somebody whom the customer trusts: what they call them, and where they read mail."""

    email = Address(label=_("Their email address"), autocomplete="off")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["name"].label = _("What you call them")
        self.fields["name"].help_text = _("For your own list and our messages to you. They do not see it.")


class Spoken(forms.Form):
    """A contact says that they have called."""

    spoken = forms.BooleanField(
        label=_("I have called them on a number I knew before, and I know their voice"),
        error_messages={"required": _("Please call them first. Do not rely on a message or a mail.")},
    )


_LOST = [
    (Method.PASSWORD.value, _("the password")),
    (Method.TOTP.value, _("the authenticator app")),
    (Method.PASSKEY.value, _("passkeys and security keys")),
]


class Begin(forms.Form):
    """What a caller says to have lost."""

    lost = forms.MultipleChoiceField(
        label=_("The caller says that these are lost"),
        choices=_LOST,
        error_messages={"required": _(Reason.NOTHING_LOST.words)},
        widget=forms.CheckboxSelectMultiple,
    )

    def methods(self) -> tuple[Method, ...]:
        """What is said to be lost. A new password comes in any case."""
        return tuple(Method(name) for name in self.cleaned_data["lost"])


class ToChannel(forms.Form):
    """One of the customer's channels, chosen by what is shown of it."""

    channel = forms.ChoiceField(label=_("Where to"))

    def __init__(self, *args: object, channels: Iterable[Destination], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        by = {Medium.MAIL: _("Mail"), Medium.SMS: _("Phone")}
        choices = [("", "—"), *((each.id, f"{by[each.by]} {each.masked}") for each in channels)]
        self.fields["channel"].choices = choices  # type: ignore[attr-defined]


class ReadBack(MailCode):
    """The eight digits that a caller reads."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["code"].label = _("The code, as the caller reads it")
        self.fields["code"].widget.attrs["autocomplete"] = "off"
        self.fields["code"].error_messages["required"] = _("Type the code once more: codes are never kept.")


class Came(forms.Form):
    """What came of it."""

    outcome = forms.ChoiceField(label=_("What came of it"))

    def __init__(self, *args: object, outcomes: Iterable[Outcome], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["outcome"].choices = [("", "—"), *choices(outcomes)]  # type: ignore[attr-defined]


class Take(forms.Form):
    """Taking a case: who works on it, as the page showed it."""

    seen = forms.UUIDField(required=False, widget=forms.HiddenInput)


class Reject(forms.Form):
    """Why the help desk says no."""

    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *choices(WhyRejected)])
