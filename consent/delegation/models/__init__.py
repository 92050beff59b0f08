"""Delegations, what was done with them, and requests by which somebody asks for one."""

from consent.delegation.models.delegation import DelegatedUse, Delegation, DelegationQuerySet
from consent.delegation.models.request import DelegationRequest

__all__ = ["DelegatedUse", "Delegation", "DelegationQuerySet", "DelegationRequest"]
