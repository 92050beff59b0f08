"""``python -m tests.partner_app``: serve Tea House on PARTNER_PORT."""

import os

from werkzeug.serving import run_simple

from tests.partner_app.app import create_app

run_simple("127.0.0.1", int(os.environ["PARTNER_PORT"]), create_app(), threaded=True)
