"""Long-running loops: signals, back-off, restart. The work of one turn is left to the use cases."""
