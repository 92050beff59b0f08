"""Through which entry point a request comes. A closed list: what is not named here is no entry point."""

from enum import StrEnum


class Channel(StrEnum):
    """The entry point."""

    WEB = "web"  # a browser on the portal's own pages
    MOBILE = "mobile"  # the business's own app
    API = "api"  # a partner, with a customer's token or for itself
    GATEWAY = "gateway"  # an enforcement point in front of another application
    HELP_DESK = "help_desk"  # staff, about somebody else
    DELEGATED = "delegated"  # a person acting for another
    SYSTEM = "system"  # a task or command of ours
