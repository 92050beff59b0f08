"""Django's entry for this app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app as Django knows it."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
