"""Questions outwards (whose SIM is it?): one file a source. Judging the answer is left to `domain`."""
