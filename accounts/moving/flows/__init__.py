"""Proposed and approved; brought in; given away; what becomes of passwords with which nobody came."""
