"""Capacity: who looks after which ARR, how much is too much, when to hire, what it costs and returns."""
