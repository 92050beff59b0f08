"""What apps hold, as part of a copy of the data of whoever they hold it of. No token is part of it."""

from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import DeviceGrant

from ciam_portal.core.held import leave_out, show
from ciam_portal.oauth.models import (
    AccessToken,
    AuthorizationCode,
    Credential,
    IDToken,
    Participant,
    Partner,
    RefreshToken,
    Resource,
)

_OF_THE_APP = _("It is about an app, not about you. Who answers for one sees it under their apps.")

show(Partner, _("Apps that you answer for"), way="owner", library=("name", "client_id", "redirect_uris", "created"))
show(AuthorizationCode, _("Codes that apps are about to redeem"), library=("scope", "created", "expires"))
show(AccessToken, _("What apps may read with now"), library=("scope", "created", "expires"))
show(RefreshToken, _("Apps that may go on in your absence"), library=("created", "revoked"))
show(Participant, _("Apps in which you are signed in"))
leave_out(Credential, _OF_THE_APP)
leave_out(Resource, _OF_THE_APP)
leave_out(IDToken, _("Nothing is ever kept here: what an app was told of you when you signed in is not stored."))
leave_out(DeviceGrant, _("Nothing is ever kept here: our own table of devices is used in its place."))
