"""SMS and Viber through Devino REST under a session id (Devino manual, chapter 1).

Leaves the protocol, which both REST gateways share, to `links/devino_rest_face.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.domain.messages import BalanceAnswer, Channel, Message, ReceiptAnswer, SendOutcome
from security_service.links.devino import DEFAULT_BASE_URL, balance_answer
from security_service.links.devino_rest_face import DevinoRestFace, DevinoRestFaceSettings
from security_service.links.devino_session import DevinoSession


@dataclass(frozen=True, kw_only=True)
class DevinoRestSettings(DevinoRestFaceSettings):
    """Settings of one `devino_rest` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default=DEFAULT_BASE_URL,
        metadata={"help": "where the service is, without the resource"},
    )


class DevinoRestGateway:
    """Sends over REST under a session that is fetched when needed. Implements the port `Gateway`.

    Safe to share between threads.
    """

    def __init__(self, name: str, settings: DevinoRestSettings) -> None:
        self._name = name
        self._access = DevinoSession(settings.link(), settings.login, settings.password)
        self._face = DevinoRestFace(name, settings, self._access)

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return self._face.channel

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 1.4.1, 1.8) within `within_s` seconds in all."""
        return self._face.send(message, within_s)

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one segment (Devino manual 1.5, 1.9) within `within_s` seconds in all."""
        return self._face.receipt(message_id, within_s)

    def balance(self, within_s: float) -> BalanceAnswer:
        """Ask what is left on the account (Devino manual 1.3) within `within_s` seconds in all."""
        return balance_answer(self._access.get("/User/Balance", {}, within_s))
