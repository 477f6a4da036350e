"""Statistics that hold up: arrays in, small results out. Knows no business word, imports nothing of cslib but itself.

Every estimator names its source; ``scipy.special`` and ``scipy.optimize`` are imported when first needed.
"""
