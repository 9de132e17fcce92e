"""Measures what design and documentation promise; `python -m benchmarks --help`."""
