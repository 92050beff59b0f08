"""Shared signals: partners hear of what became of the customers that they know (SSF, CAEP and RISC 1.0)."""
