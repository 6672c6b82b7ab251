"""One-time codes in a client's own words (CAMARA One Time Password SMS 1.1): texts, ids, answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol

from security_service.domain.secret import Msisdn, Secret
from security_service.domain.templates import check_template

PLACEHOLDER: Final = "{{code}}"
LONGEST_MESSAGE: Final = 160
REMEMBERED_S: Final = 86_400
"""How long an id that is no longer good is told apart from one that never was, in seconds."""

_OUR_PLACEHOLDER: Final = "{code}"


def own_text(message: str) -> str | None:
    """Give a client's message as the text of a template, None where it cannot be sent as it is.

    It is one visible line of up to 160 characters with the placeholder once and no other brace. It must
    not begin with `@`: as the last line of a message that would bind the code to an origin of the
    client's choice (WICG, origin-bound one-time codes).
    """
    before, placeholder, after = message.partition(PLACEHOLDER)
    if not placeholder or any(brace in before + after for brace in "{}"):
        return None
    if len(message) > LONGEST_MESSAGE or "\n" in message or message.lstrip().startswith("@"):
        return None
    text = f"{before}{_OUR_PLACEHOLDER}{after}"
    return None if check_template(text, purpose_is_payment=False) else text


def purpose_of(authentication_id: Secret) -> str:
    """Give the purpose whose slot holds the code of an id: no code of one id is good for another."""
    return f"camara.{_digest(authentication_id, 'purpose')[:24]}"


def kept_name(authentication_id: Secret) -> str:
    """Give what an id is kept by: the store holds no id that could be used."""
    return _digest(authentication_id, "id")


def _digest(authentication_id: Secret, use: str) -> str:
    return sha256(f"{use}:{authentication_id.reveal()}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Authentication:
    """What an id stands for; a later one to the same number makes it out of date."""

    number: Msisdn
    is_newest: bool


class Authentications(Protocol):
    """Ids of verification attempts, by tenant. Every method may raise StoreUnavailable."""

    def keep(self, tenant: str, authentication_id: Secret, number: Msisdn, for_s: int) -> None:
        """Keep an id for so many seconds as the newest of its number."""
        ...

    def find(self, tenant: str, authentication_id: Secret) -> Authentication | None:
        """Give what an id stands for; None for one of another tenant, and for one that never was."""
        ...


class SendRefusal(StrEnum):
    """Why no code was sent."""

    BAD_MESSAGE = "bad_message"
    NO_SUCH_NUMBER = "no_such_number"
    TOO_MANY_CODES = "too_many_codes"
    TOO_MANY_REQUESTS = "too_many_requests"
    BLOCKED = "blocked"
    NOT_ALLOWED = "not_allowed"
    UNAVAILABLE = "unavailable"


class ValidateRefusal(StrEnum):
    """Why a code does not count."""

    NO_SUCH_ID = "no_such_id"
    WRONG = "wrong"
    USED_UP = "used_up"
    EXPIRED = "expired"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNAVAILABLE = "unavailable"
