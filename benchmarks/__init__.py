"""Benchmarks: ratios against what a user would do instead, measured in one run. `make bench` runs them."""
