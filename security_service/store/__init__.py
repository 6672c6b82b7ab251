"""All that speaks Redis; one state change is one script in `scripts/`. Decisions are left to `domain`."""
