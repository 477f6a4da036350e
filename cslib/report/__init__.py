"""The runner: parameters checked, a notebook executed for one company and quarter, its files saved together.

Knows no metric: what a report says is between the notebook and the rooms it composes.
"""
