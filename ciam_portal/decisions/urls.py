"""Paths of decisions: for machines only."""

from django.urls import path

from ciam_portal.decisions import api

app_name = "decisions"

urlpatterns = [
    path("api/decisions", api.decide, name="decide"),
    path("api/approvals/redeem", api.redeem, name="redeem"),
    path("access/v1/evaluation", api.evaluate, name="evaluate"),
    path("access/v1/evaluations", api.evaluate_each, name="evaluate_each"),
    path(".well-known/authzen-configuration", api.authzen, name="authzen"),
    path("api/openapi.json", api.document, name="openapi"),
]
