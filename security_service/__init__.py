"""Etalon: one-time codes that refuse to go to a swapped SIM. Holds nothing itself; start at `cli`."""
