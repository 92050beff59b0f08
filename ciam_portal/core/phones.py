"""A phone number as it is stored and looked for: one form (E.164), however it was typed."""

import phonenumbers


class NoCountry(ValueError):
    """It cannot be read as a number in any country."""


class NotANumber(ValueError):
    """No phone has this number."""


class TakesNoTexts(ValueError):
    """It is a premium, shared-cost, toll-free, satellite or pager number: no texts go there, or at somebody's cost."""


_SATELLITE = frozenset({870, 878, 881, 882, 883, 888, 979})  # and other numbers of no country
_NO_TEXTS = frozenset(
    {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.PAGER,
        phonenumbers.PhoneNumberType.UAN,
        phonenumbers.PhoneNumberType.VOICEMAIL,
        phonenumbers.PhoneNumberType.PERSONAL_NUMBER,  # looks like a mobile phone, and costs more to reach
    }
)


def for_texts(text: str) -> str:
    """The number in E.164 form, if texts may go there. Raises NoCountry, NotANumber, TakesNoTexts."""
    found = normal(text)
    number = phonenumbers.parse(found, None)
    if number.country_code in _SATELLITE or phonenumbers.number_type(number) in _NO_TEXTS:
        raise TakesNoTexts
    return found


def country(number: str) -> str:
    """In which country this number is (ISO 3166-1): of those that share a code, the one; "001" for none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number, None)) or "001"


def normal(text: str) -> str:
    """The number in E.164 form. Raises NoCountry, NotANumber."""
    text = text.strip()
    try:
        number = phonenumbers.parse(f"+{text[2:]}" if text.startswith("00") else text, None)
    except phonenumbers.NumberParseException as error:
        raise NoCountry from error
    if not phonenumbers.is_valid_number(number):
        raise NotANumber
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
