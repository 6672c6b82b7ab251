"""Values, rules, ports and errors, true whatever the transport. I/O, clock and chance are left to callers."""
