"""Where a browser is after it has followed a link from a mail."""

from django.conf import settings
from django.test import Client


def page(browser: Client, path: str) -> str:
    """The address of the page at this path for the link that the browser opened last; without one, as typed."""
    start = f"{settings.LINK_COOKIE_NAME}-"
    handles = [name.removeprefix(start) for name in browser.cookies if name.startswith(start)]
    return f"{path}?link={handles[-1]}" if handles else path
