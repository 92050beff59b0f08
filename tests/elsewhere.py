"""A sign-in through the pages from a browser that the account has not seen: challenged, passed by a code from the mail.

The same whether it is the customer with a new phone or somebody who has password and mailbox.
"""

from typing import Any

from django.test import Client

from accounts.models import Session, User
from tests.factories import PASSWORD, outbox

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def browser() -> Client:
    """A phone."""
    return Client(headers={"User-Agent": PHONE})


def challenged(client: Client, customer: User) -> Any:
    """The page that asks for more after the right password."""
    answer = client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    assert answer["Location"] == "/sign-in/prove/"
    return client.get("/sign-in/prove/")


def sign_in(client: Client, customer: User) -> Session:
    """All the way in."""
    challenged(client, customer)
    code = [mail.words["code"] for mail in outbox() if mail.kind == "code_to_sign_in"][-1]
    assert client.post("/sign-in/prove/", {"way": "email_code", "code": code}).status_code == 302
    return Session.objects.get(pk=client.session["portal_session"])
