"""The business's own app: the shapes of allauth's headless API, answered by the same doors as the pages."""
