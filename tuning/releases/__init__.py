"""From a run to the release that answers people: start, review, publish, revoke."""
