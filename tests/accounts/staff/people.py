"""Staff for tests: people with standing roles, freshly signed in with two factors on a browser that is theirs."""

from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from tests import factories


class Member:
    """One person of the staff. Roles are given as rows: how they come to be given is what the tests are about."""

    def __init__(self, *roles: Role, email: str = "") -> None:
        made = factories.customer(email, is_staff=True)
        made.groups.add(*(Group.objects.get(name=role.value) for role in roles))
        self.client = Client()
        self.session: Session = factories.signed_in(self.client, made, (Method.PASSWORD, Method.TOTP), clock.now())
        self.pk = made.pk

    @property
    def user(self) -> User:
        """The row as it stands now."""
        return User.objects.get(pk=self.pk)

    @property
    def by(self) -> Actor:
        """This person, at the help desk."""
        return Actor(ActorKind.STAFF, self.pk, Channel.HELP_DESK, self.session.pk)
