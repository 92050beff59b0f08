"""Through which door a request comes. A closed list: a door that is not named here is no door."""

from enum import StrEnum


class Channel(StrEnum):
    """The door."""

    WEB = "web"  # a browser on the portal's own pages
    MOBILE = "mobile"  # the business's own app
    API = "api"  # a partner, with a customer's token or for itself
    GATEWAY = "gateway"  # an enforcement point in front of another application
    HELP_DESK = "help_desk"  # staff, about somebody else
    DELEGATED = "delegated"  # a person acting for another
    SYSTEM = "system"  # a task or command of ours
