"""Faults on purpose: a TCP proxy that stands between two parts and does to their bytes what networks do."""
