"""What people type on other keyboards than ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.account.forms import Profile, phone_number
from accounts.factors.forms import AppCode, BackupCode, MailCode
from ciam_portal.core import phones, typed


@pytest.mark.parametrize(
    "text",
    [
        "123456", " 123 456 ", "123-456", "123\u2013456", "123\u00a0456", "１２３４５６", "١٢٣٤٥٦", "۱۲۳۴۵۶", "१२३४५६",
        "12\u200b34\u200d56", "\ufeff123456", "\u202a123456\u202c", "123\u3000456", "123456\r\n",
    ],
)  # fmt: skip
def test_a_code_is_read_however_it_was_typed(text: str) -> None:
    form = AppCode({"code": text})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["code"] == "123456"


@pytest.mark.parametrize("text", ["12345", "1234567", "12345a", "½23456", "①23456x", "12345.6", "", "\u200b"])
def test_what_is_no_code_is_refused(text: str) -> None:
    assert not AppCode({"code": text}).is_valid()


def test_the_other_codes_too() -> None:
    assert MailCode({"code": "１２３４ 5678"}).is_valid()
    form = BackupCode({"code": "ａｂｃｄ\u2212efgh\u200b–jkmn pqrs"})
    assert form.is_valid()
    assert form.cleaned_data["code"] == "ABCDEFGHJKMNPQRS"


@given(st.text())
def test_a_code_read_twice_is_the_same(text: str) -> None:
    assert typed.code(typed.code(text)) == typed.code(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Ada  Lovelace ", "Ada Lovelace"),
        ("Ada\u00a0Lovelace", "Ada Lovelace"),
        ("\u5c71\u7530\u3000\u592a\u90ce", "\u5c71\u7530 \u592a\u90ce"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("Mo\u0308ller", "M\u00f6ller"),
        ("\u200d", ""),
        ("My\tphone\r\nBcc: x", "My phone Bcc: x"),
        ("O'Brien-Smith, Jr.", "O'Brien-Smith, Jr."),
    ],
)
def test_names_of_all_scripts(text: str, read: str) -> None:
    assert typed.name(text) == read


@pytest.mark.parametrize("text", ["a\u202eb", "a\x00b", "a\x0bb", "a\u2066b", "a\ufeffb", "a\u200bb"])
def test_controls_and_marks_of_direction_are_no_name(text: str) -> None:
    with pytest.raises(typed.NotPlain):
        typed.name(text)
    assert "name" in Profile({"name": text}, zone="UTC").errors


@given(st.text(max_size=40))
def test_a_name_read_twice_is_the_same(text: str) -> None:
    try:
        found = typed.name(text)
    except typed.NotPlain:
        return
    assert typed.name(found) == found


@pytest.mark.parametrize("number", ["+47 22 85 50 50", "+47 412 34 567", "+1 202 456 1111", "0047 22855050"])
def test_texts_go_to_ordinary_numbers(number: str) -> None:
    assert phone_number(number).startswith("+")


@pytest.mark.parametrize(
    "number",
    ["+1 900 234 5678", "+1 800 234 5678", "+44 845 123 4567", "+44 909 879 0000", "+47 800 12 345", "+881 612 345 678",
     "+870 773 111 632", "+800 1234 5678", "+979 123 456 789"],
)  # fmt: skip
def test_and_to_no_number_that_costs_or_has_no_country(number: str) -> None:
    with pytest.raises(phones.TakesNoTexts):
        phones.for_texts(number)
