"""The audit log in SQL for years: moved from the streams, sealed in a Merkle tree, searched."""
