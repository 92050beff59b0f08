"""Environment in, Django settings out. The only reader of the environment; no code imports this package."""

from ciam_portal.settings.hashers import *  # noqa: F403  (as below)
from ciam_portal.settings.libraries import *  # noqa: F403  (Django reads the names of one module)
from ciam_portal.settings.portal import *  # noqa: F403
