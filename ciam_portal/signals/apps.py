"""Django's entry for this app."""

from django.apps import AppConfig


class SignalsConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.signals"
    label = "signals"

    def ready(self) -> None:
        """What is recorded is told, and what is pushed goes out by the outbox."""
        from ciam_portal.core.outbox import channels  # noqa: PLC0415  (models are there only now)
        from ciam_portal.signals import flows, push  # noqa: PLC0415

        channels.TO_MACHINES[flows.CHANNEL] = push.deliver
