"""A session of a demo person, begun by the flows."""

from dataclasses import replace
from datetime import datetime

from accounts.baseline.history import Seen
from accounts.models import Session, User
from accounts.sign_in import flows as sign_in
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk


def session(person: User, at: datetime, *methods: Method) -> Session:
    """Signed in on a browser that is theirs."""
    by = Actor(ActorKind.CUSTOMER, person.pk, Channel.WEB)
    browser = sign_in.Browser(cookie="", key=codes.new_token()[:40], seen=Seen(browser="Demo", system="Demo"))
    browser = replace(browser, cookie=sign_in.remember_first(person, browser, by=by, at=at))
    return sign_in.begin(person, sign_in.Admitted(methods, Risk.LOW), browser, by=by, at=at).session
