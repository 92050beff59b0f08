"""Django's entry for this app."""

from django.apps import AppConfig


class CryptoConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.core.crypto"
    label = "crypto"
