"""The words every policy speaks. No rules here: a rule lives in its app's ``policy.py``. Pure: no Django, no clock."""
