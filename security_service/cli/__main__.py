"""`python -m security_service.cli`: the command line where no `security-service` is on the PATH."""

from __future__ import annotations

from security_service.cli import main

if __name__ == "__main__":
    main(prog_name="security-service")
