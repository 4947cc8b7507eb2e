"""What is claimed about speed, measured: both sides of each comparison in one run."""
