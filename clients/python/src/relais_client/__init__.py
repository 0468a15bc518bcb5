"""A client of a Relais ledger: signs, appends, reads, and checks receipts."""
from .client import Client, Problem
from .receipt import Invalid
from .signing import Signer, Statement

__all__ = ["Client", "Invalid", "Problem", "Signer", "Statement"]
