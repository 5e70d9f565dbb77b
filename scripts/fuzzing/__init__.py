"""The parts of `scripts/fuzz`: who asks, one block of a run, and what Schemathesis calls back."""
