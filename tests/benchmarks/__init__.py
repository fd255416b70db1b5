"""Benchmarks: run by hand as modules, they print tables; pytest does not collect them."""
