"""The WSGI entry. Served by WSGI on purpose: Django's synchronous middleware is several times slower under ASGI."""

import os

from django.core.wsgi import get_wsgi_application

from ciam_portal.environment import plainly

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ciam_portal.settings")
with plainly():
    application = get_wsgi_application()

    from ciam_portal.governance import start  # (models are there only now)

    start.on_start()
