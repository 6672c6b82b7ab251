"""All that answers HTTP: decode, one use case, encode. Decisions are left to the use cases."""
