"""Where documents and people come from: folders with access lists, uploads, and a directory in a file."""
