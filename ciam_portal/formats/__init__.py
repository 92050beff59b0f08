"""How dates and numbers are written where no page says otherwise (``settings.FORMAT_MODULE_PATH``)."""
