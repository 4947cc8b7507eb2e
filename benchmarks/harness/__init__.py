"""What benchmarks share: models of a given size, servers to compare, and people who ask them."""
