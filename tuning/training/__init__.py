"""Examples to an adapter, by LoRA in a child process. Only modules that the child loads import torch."""
