"""Message definitions and pure codecs between text and message. Meaning is left to the faces above."""
