"""What a customer types about themselves: shape only."""

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from accounts.customer import zones
from accounts.customer.forms import Address
from accounts.models import User
from accounts.passwords import validator as passwords
from accounts.sign_in.forms import new_password
from ciam_portal.core import phones, typed


def phone_number(text: str) -> str:
    """A number that texts may go to, in E.164 form. Raises ValidationError."""
    try:
        return phones.for_texts(text)
    except phones.NoCountry as error:
        raise forms.ValidationError(_("Please write the number with its country code, such as +47.")) from error
    except phones.NotANumber as error:
        raise forms.ValidationError(_("This is not a phone number that can be reached.")) from error
    except phones.TakesNoTexts as error:
        words = _("We cannot send texts to this kind of number. Please give the number of a mobile phone.")
        raise forms.ValidationError(words) from error


class Zone(forms.ChoiceField):
    """A short list of places to choose from; any other time zone there is may be sent."""

    def valid_value(self, value: object) -> bool:
        """By its IANA name."""
        return value == "" or zones.is_known(str(value))


class Profile(forms.Form):
    """Name, phone, language, time zone."""

    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = forms.CharField(
        label=_("Phone number"),
        max_length=40,
        required=False,
        help_text=_("With country code, such as +47 22 85 50 50."),
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    locale = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = Zone(
        label=_("Time zone"), required=False, help_text=_("Apps that may see your profile see it once you choose one.")
    )

    def __init__(self, *args: object, zone: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        nothing = ("", _("Not chosen (%(zone)s)") % {"zone": zones.words(zone)})
        self.fields["timezone"].choices = [nothing, *zones.choices(zone)]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """Printable text in Unicode form NFC."""
        try:
            return typed.name(self.cleaned_data["name"])
        except typed.NotPlain as error:
            raise forms.ValidationError(_("Please use letters, spaces and ordinary signs only.")) from error

    def clean_phone(self) -> str:
        """A number that can exist, in E.164 form."""
        text: str = self.cleaned_data["phone"].strip()
        return phone_number(text) if text else ""


class NewEmail(forms.Form):
    """The address to change to."""

    email = Address(label=_("New email address"), autocomplete="email")


class AccountName(forms.EmailInput):
    """Says whose password it is, to people and to password managers. What a browser sends of it is not read."""

    def __init__(self, email: str) -> None:
        super().__init__(attrs={"autocomplete": "username", "readonly": True})
        self.email = email

    def format_value(self, value: object) -> str:  # noqa: ARG002  (Django's signature)
        """The account, always."""
        return self.email

    def value_from_datadict(self, data: object, files: object, name: str) -> str:  # noqa: ARG002  (as above)
        """The account, always."""
        return self.email


class NewPassword(forms.Form):
    """A password being chosen for a known customer."""

    def __init__(self, *args: object, customer: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.customer = customer
        self.fields["username"] = forms.CharField(label=_("Account"), widget=AccountName(customer.email))
        self.fields["password"] = new_password(_("New password"))
        self.order_fields(["username"])

    def clean_password(self) -> str:
        """In form NFC, and good enough."""
        password = passwords.normal(self.cleaned_data["password"])
        password_validation.validate_password(password, self.customer)
        return password


class ChangePassword(NewPassword):
    """The same for a customer who is signed in: with the password there is now (ASVS 6.2.3)."""

    current = forms.CharField(
        label=_("Current password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: object, customer: User, **kwargs: object) -> None:
        super().__init__(*args, customer=customer, **kwargs)
        if not customer.has_usable_password():  # who signs in with another service has none to show
            del self.fields["current"]


class Nothing(forms.Form):
    """A button."""
