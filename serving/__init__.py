"""How an agent answers: a llama.cpp engine with many adapters over one base; it knows no tenant, agent or approval."""
