"""Messages outwards: one file a protocol. Routing and retries are left to the use cases."""
