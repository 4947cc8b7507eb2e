"""Starts the engine: `python -m serving`."""

from serving.main import main

main()
