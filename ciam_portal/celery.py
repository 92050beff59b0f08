"""The Celery app, and the whole beat schedule on one screen."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ciam_portal.settings")

app = Celery("ciam_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "deliver what no nudge delivered": {"task": "notifications.sweep", "schedule": 10.0},
    "forget what has expired": {"task": "accounts.sweep", "schedule": 600.0},
    "forget expired tokens and codes": {"task": "oauth.sweep", "schedule": 300.0},
    "forget expired approvals": {"task": "decisions.sweep", "schedule": 300.0},
}
