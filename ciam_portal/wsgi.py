"""The WSGI entry. Served by WSGI on purpose: Django's synchronous middleware is several times slower under ASGI."""

import os

from django.core.wsgi import get_wsgi_application

from ciam_portal.environment import plainly

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ciam_portal.settings")
with plainly():
    django = get_wsgi_application()

    from accounts.sign_in.adapter import password_of_nobody
    from ciam_portal import machines  # (models are there only now)
    from ciam_portal.governance import start

    application = machines.before(django)
    password_of_nobody()  # or the first unknown address of each process would take two hashes
    start.on_start()
