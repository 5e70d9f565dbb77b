"""Linearizability: does one order of the recorded operations explain every answer? Imports stdlib only."""
