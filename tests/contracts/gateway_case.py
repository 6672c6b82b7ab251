"""One gateway under the contract suite and the ways to make its provider behave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from security_service.domain.messages import Message
from security_service.domain.ports import Gateway
from security_service.domain.secret import MessageText, Msisdn, Secret
from tests.links.peer import Reply

NUMBER = "79031234567"
CODE = "481516"
MESSAGE = Message(
    Msisdn(NUMBER), MessageText(f"Код {CODE}"), "ETALON", 300, "ref-1", email=Secret("ivan@client.example")
)


@dataclass
class Case:
    """A gateway called `it`, and what its provider can be made to say."""

    gateway: Gateway
    says: Callable[[Reply], None]
    """Puts an answer in the mouth of the provider, for sends and receipts."""
    secrets: list[str] = field(default_factory=list)
    breaks: list[Reply] = field(default_factory=list)
    """Answers of a provider that broke while at work: the message may have left."""
    turns_away: list[Reply] = field(default_factory=list)
    """Answers for something between us and this provider: another may take the message."""
    never_takes: list[Reply] = field(default_factory=list)
    """Answers for what is in the message itself; none where the provider has no such answer."""
    message_id: str = "1"


Provided = Callable[[], AbstractContextManager[Case]]
