"""Runs the bot: `python -m bot`."""

from bot.app import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
