"""Paths of the gateway: what proxies ask, and the pages on the way."""

from django.urls import path, re_path

from ciam_portal.gateway import api, views

app_name = "gateway"

urlpatterns = [
    path("gateway/check", api.check, name="check"),
    path("gateway/check/forward", api.forward, name="forward"),
    re_path("^gateway/check/envoy/", api.envoy, name="envoy"),
    path("gateway/arrive", api.arrive, name="arrive"),
    path("gateway/leave", api.leave, name="leave"),
    path("gateway/enter", views.enter, name="enter"),
    path("gateway/again", views.again, name="again"),
    path("gateway/sign-out", views.sign_out, name="sign_out"),
]
