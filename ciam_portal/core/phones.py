"""A phone number as it is stored and looked for: one form (E.164), however it was typed."""

import phonenumbers


class NoCountry(ValueError):
    """It cannot be read as a number in any country."""


class NotANumber(ValueError):
    """No phone has this number."""


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
