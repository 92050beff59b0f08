"""The running product beside the untouched stack it stands on."""
