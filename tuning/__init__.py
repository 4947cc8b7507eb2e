"""How an agent comes to be: sources, datasets, training, evaluation, releases, governance and the store."""
