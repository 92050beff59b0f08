"""The jobs that watch risk: alerts, bursts, drift, calibration, the model card."""
