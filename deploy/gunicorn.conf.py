"""How gunicorn serves the portal, in production and in ``make run``: ``gunicorn --config deploy/gunicorn.conf.py``.

``WEB_CONCURRENCY`` sets the number of workers, ``BIND`` where they listen.
"""

import gc
import os

wsgi_app = "ciam_portal.wsgi"
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "3"))
worker_class = "ciam_portal.serving.Worker"
threads = 4
# Nothing that a proxy says is believed here: the portal reads it itself (TRUSTED_PROXY_COUNT).
forwarded_allow_ips, forwarder_headers = "*", ""
secure_scheme_headers: dict[str, str] = {}
# One process reads the code and the lists, the others share its memory. New code comes by a restart, not by SIGHUP.
preload_app = True
graceful_timeout = 10
control_socket_disable = True


def when_ready(server: object) -> None:  # noqa: ARG001  (gunicorn's name)
    """Leave what was read out of the collector's sight: marking it would copy every shared page."""
    gc.collect()
    gc.freeze()
