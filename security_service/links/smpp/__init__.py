"""SMPP 3.4 with SMS centres: framing, texts, receipts, sessions. What to send is left to gateways."""
