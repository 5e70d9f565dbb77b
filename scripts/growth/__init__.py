"""What a case costs as the town grows: curves on real stores and real processes. The verb is `scripts/bench`."""
