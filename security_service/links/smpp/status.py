"""The statuses of SMPP 3.4 by which sessions act themselves; what others mean is for the gateway's table."""

from __future__ import annotations

from typing import Final

OK: Final = 0x00
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
