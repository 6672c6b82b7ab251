"""One verb a file: the order of its steps over ports. Rules are left to `domain`, transport to `web`."""
