"""What was done and read, so that nobody can change it unseen."""
