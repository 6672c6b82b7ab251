"""Measurements of the service on one machine; `make bench` runs them and prints a table of ratios."""
