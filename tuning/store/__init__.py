"""Where everything that must survive is kept: sessions, and one file of queries per noun."""

from tuning.store.store import Store

__all__ = ["Store"]
