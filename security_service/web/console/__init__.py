"""The console: pages for people who decide whom to trust; frame, registry of pages, and their families."""
