"""A seeded portfolio of SaaS companies with planted truths, for the demo and the tests. All of it is invented.

`write_demo` writes the portfolio as company folders; `simulate_company` gives one company's tables as frames,
`simulate_ledger` only its money, fast enough to draw hundreds of books. `world` describes the companies.
"""

from cslib.simulate.company import simulate_company
from cslib.simulate.ledger import Ledger, simulate_ledger
from cslib.simulate.truths import truths
from cslib.simulate.world import COMPANIES, DATA_FROM, DATA_UNTIL, Spec
from cslib.simulate.write import TRUTHS, write_company, write_demo

__all__ = [
    "COMPANIES",
    "DATA_FROM",
    "DATA_UNTIL",
    "TRUTHS",
    "Ledger",
    "Spec",
    "simulate_company",
    "simulate_ledger",
    "truths",
    "write_company",
    "write_demo",
]
