"""The words in which what keeps people and lets them in answers; leaves the asking to `people_ports`."""

from __future__ import annotations

from enum import StrEnum


class SaveEnd(StrEnum):
    """How writing a person ended; only `saved` wrote anything."""

    SAVED = "saved"
    MOVED = "moved"
    LAST_ADMIN = "last_admin"


class RefusedReason(StrEnum):
    """Why somebody was not let in; stands in the audit only."""

    UNKNOWN_PERSON = "unknown_person"
    NOT_ACTIVE = "not_active"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - the word for a reason
    WRONG_CODE = "wrong_code"
    CODE_USED = "code_used"
    WRONG_INVITATION = "wrong_invitation"
    BUSY = "busy"
    PROVIDER = "provider"
    STATE = "state"
    NO_ROLE = "no_role"
    NO_NAME = "no_name"


class EntryEnd(StrEnum):
    """How letting in ended; only `entered` wrote anything."""

    ENTERED = "entered"
    MOVED = "moved"
    USED = "used"


class PasswordAnswer(StrEnum):
    """What came of holding a password against a hash. `outgrown`: right, and to be hashed anew."""

    RIGHT = "right"
    OUTGROWN = "outgrown"
    WRONG = "wrong"
    BUSY = "busy"
