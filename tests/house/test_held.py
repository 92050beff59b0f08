"""Every table that is about people is in a copy of their data, or says why not."""

from django.apps import apps

from ciam_portal.core import held

SAYS = {each.model for each in held.shown()} | set(held.left_out())


def test_every_table_about_people_is_shown_or_says_why_not() -> None:
    silent = [
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if held.is_about_people(model) and model not in SAYS
    ]
    assert silent == [], "say in the theme's held.py what of these is in a copy of a customer's data (core/held.py)"


def test_no_table_says_both() -> None:
    assert not {each.model for each in held.shown()} & set(held.left_out())


def test_every_table_that_is_shown_leads_to_its_person() -> None:
    for each in held.shown():
        assert callable(each.way) or each.way, each.name
        assert "partner__" not in str(each.way), "an app's owner is not the one whom its rows are about"


def test_no_secret_is_shown() -> None:
    for each in held.shown():
        for column in each.columns:
            assert not held.comment_of(column).startswith("sensitive"), (each.name, column.name)


def test_what_is_said_in_place_of_a_column_or_left_out_is_one() -> None:
    """A column that was renamed would be shown again."""
    for each in held.shown():
        names = {column.name for column in each.model._meta.concrete_fields}
        assert set(each.without) <= names, each.name
        assert set(each.library) <= names, each.name
