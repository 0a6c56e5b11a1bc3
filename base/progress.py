"""How long work tells how far it is."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Told how much of how much is done (rows, bytes: whatever the work counts in), as it goes on."""
