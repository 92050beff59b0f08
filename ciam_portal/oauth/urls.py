"""Paths of the machines' endpoints, under the names the library looks them up by."""

from django.urls import path

from ciam_portal.oauth import views
from ciam_portal.oauth.credentials import api
from ciam_portal.oauth.resources import views as resources

app_name = "oauth2_provider"

urlpatterns = [
    path("oauth/token/", views.token, name="token"),
    path("oauth/par/", views.push, name="push"),
    path("api/partner/credentials", api.credentials, name="credentials"),
    path("api/partner/credentials/replace", api.replace, name="replace-credential"),
    path("api/partner/credentials/end", api.end, name="end-credential"),
    path("oauth/revoke/", views.revoke, name="revoke-token"),
    path(".well-known/openid-configuration", views.openid_configuration, name="oidc-connect-discovery-info"),
    path(".well-known/oauth-authorization-server", views.server_metadata, name="oauth-server-metadata"),
    path(".well-known/oauth-protected-resource/<path:path>", resources.protected_resource, name="protected-resource"),
    path(".well-known/jwks.json", views.jwks, name="jwks-info"),
]
