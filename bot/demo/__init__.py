"""`attune demo`: the whole loop on the sample tenant, without a browser, over the protocols that Teams speaks."""
