"""The project: foundations below the apps, and the roof (urls, settings) above them."""

from ciam_portal.celery import app as celery_app

__all__ = ["celery_app"]
