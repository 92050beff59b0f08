"""Where Django's admin looks for pages: each theme brings its own."""

from accounts.activity import admin as activity
from accounts.budgets import admin as budgets
from accounts.desk.admin import customers
from accounts.moving import admin as moving
from accounts.proofing.admin import checks, training, twins
from accounts.registration import admin as registration
from accounts.restrictions import admin as restrictions
from accounts.staff.admin import roles
from accounts.trust import admin as trust
from accounts.watch import admin as watch

__all__ = [
    "activity",
    "budgets",
    "checks",
    "customers",
    "moving",
    "registration",
    "restrictions",
    "roles",
    "training",
    "trust",
    "twins",
    "watch",
]
