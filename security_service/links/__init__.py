"""Connections outwards shared by gateways, lookups and processes. What is said over them is left to those."""
