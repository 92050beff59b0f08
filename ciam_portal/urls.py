"""The site map."""

from django.contrib import admin
from django.urls import include, path

from accounts import urls as accounts
from ciam_portal import health, views, well_known
from recovery import urls as recovery

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error

urlpatterns = [
    path("", views.home, name="home"),
    path("privacy/", views.privacy, name="privacy"),
    path("help/", views.help_page, name="help"),
    path("terms/", views.terms, name="terms"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path(".well-known/change-password", well_known.change_password, name="well_known_password"),
    path(".well-known/passkey-endpoints", well_known.passkey_endpoints, name="well_known_passkeys"),
    path(".well-known/security.txt", well_known.security_txt, name="well_known_security"),
    path(".well-known/audit-checkpoint", well_known.audit_checkpoint, name="well_known_audit"),
    path("favicon.ico", well_known.favicon, name="favicon"),
    path("apple-touch-icon.png", well_known.touch_icon, name="touch_icon"),
    path("", include(accounts.doors)),
    path("forgotten-password/", include(recovery.doors)),
    path("", include("recovery.urls")),
    path("", include("accounts.urls")),
    path("", include("accounts.headless.urls")),
    path("", include("consent.urls")),
    path("", include("ciam_portal.console.urls")),
    path("", include("ciam_portal.decisions.urls")),
    path("", include("ciam_portal.gateway.urls")),
    path("", include("ciam_portal.signals.urls")),
    path("", include("ciam_portal.oauth.urls")),
    path("staff/", admin.site.urls),
]
