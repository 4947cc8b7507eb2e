"""What a run's model is worth: scores on the hold-out, intervals, gates and the report."""
