"""Paths of shared signals: for machines only."""

from django.urls import path

from ciam_portal.signals import api

app_name = "signals"

urlpatterns = [
    path(".well-known/ssf-configuration", api.configuration, name="configuration"),
    path("ssf/stream", api.stream, name="stream"),
    path("ssf/status", api.status, name="status"),
    path("ssf/subjects/add", api.add_subject, name="add_subject"),
    path("ssf/subjects/remove", api.remove_subject, name="remove_subject"),
    path("ssf/verify", api.verify, name="verify"),
    path("ssf/poll/<slug:stream_id>", api.poll, name="poll"),
]
