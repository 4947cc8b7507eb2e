"""Microsoft 365 as a source: SharePoint's files with their access lists, and Entra's people and groups."""
