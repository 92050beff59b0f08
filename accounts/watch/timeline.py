"""How what is recorded of watching risk reads to the customer."""

from accounts.watch import events
from ciam_portal.core.timeline import tell

tell(
    {},
    silent=[
        events.PopulationLearned, events.PopulationFaded, events.SignInUnlearned, events.SessionReassessed,
        events.AlertRaised, events.AlertAcknowledged, events.Calibrated, events.DriftMeasured,
    ],
)  # fmt: skip
