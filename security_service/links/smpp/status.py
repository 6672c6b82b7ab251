"""Statuses of SMPP 3.4 (5.1.3) that sessions give or act on; what others mean is for a gateway's table."""

from __future__ import annotations

from typing import Final

OK: Final = 0x00
INVALID_LENGTH: Final = 0x01
INVALID_COMMAND_LENGTH: Final = 0x02
INVALID_COMMAND: Final = 0x03
WRONG_BIND_STATE: Final = 0x04
ALREADY_BOUND: Final = 0x05
SYSTEM_ERROR: Final = 0x08
INVALID_SOURCE: Final = 0x0A
INVALID_DESTINATION: Final = 0x0B
INVALID_MESSAGE_ID: Final = 0x0C
BIND_FAILED: Final = 0x0D
INVALID_PASSWORD: Final = 0x0E
INVALID_SYSTEM_ID: Final = 0x0F
CANCEL_FAILED: Final = 0x11
QUEUE_FULL: Final = 0x14
INVALID_ESM_CLASS: Final = 0x43
SUBMIT_FAILED: Final = 0x45
THROTTLED: Final = 0x58
INVALID_SCHEDULE: Final = 0x61
INVALID_EXPIRY: Final = 0x62
INVALID_DEFAULT_MESSAGE: Final = 0x63
INVALID_OPTIONS: Final = 0xC0
OPTION_NOT_ALLOWED: Final = 0xC1
OPTION_MISSING: Final = 0xC3
INVALID_OPTION: Final = 0xC4
