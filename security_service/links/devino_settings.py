"""Settings that all Devino gateways of SMS have; leaves the address of each face to its gateway."""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.links.devino import is_sender
from security_service.links.http_settings import HttpAccountSettings


@dataclass(frozen=True, kw_only=True)
class DevinoSmsSettings(HttpAccountSettings):
    """An account that sends SMS. Raises ValueError for values that cannot work."""

    sender: str = field(
        default="",
        metadata={"help": "sender for messages that name none: 11 latin characters or 15 digits at most"},
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sender and not is_sender(self.sender):
            raise ValueError("sender must be 11 latin characters or 15 digits at most")
