"""The one door to llama.cpp: models, contexts, adapters, grammars and quantisation over its low-level API.

Nothing here decides anything. Only the engine's thread may call a Context; a Vocabulary may be used by any thread.
"""
