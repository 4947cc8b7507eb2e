"""Text out of documents, cut into passages, kept in step with their sources, and searched."""
