"""SMS and Viber through Devino REST v2, with login and password in each call (Devino manual, chapter 2).

Leaves the protocol, which both REST gateways share, to `links/devino_rest_face.py`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from security_service.domain.incoming import Incoming, IncomingUntold
from security_service.domain.messages import BalanceAnswer, Channel, Message, ReceiptAnswer, SendOutcome
from security_service.links.devino import DEFAULT_BASE_URL, balance_answer
from security_service.links.devino_incoming import handed_on
from security_service.links.devino_login import DevinoLogin
from security_service.links.devino_rest_face import DevinoRestFace, DevinoRestFaceSettings


@dataclass(frozen=True, kw_only=True)
class DevinoRestV2Settings(DevinoRestFaceSettings):
    """Settings of one `devino_rest_v2` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default=f"{DEFAULT_BASE_URL}/v2",
        metadata={"help": "where the service is, without the resource"},
    )


class DevinoRestV2Gateway:
    """Sends over REST v2. Implements the port `Gateway`; safe to share between threads."""

    def __init__(self, name: str, settings: DevinoRestV2Settings) -> None:
        self._name = name
        self._access = DevinoLogin(settings.link(), settings.login, settings.password)
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
        """Hand one message over (Devino manual 2.3.1, 2.7) within `within_s` seconds in all."""
        return self._face.send(message, within_s)

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one segment (Devino manual 2.4, 2.8) within `within_s` seconds in all."""
        return self._face.receipt(message_id, within_s)

    @property
    def asks_for_replies(self) -> bool:
        """True where its settings say that it is to be asked for what subscribers wrote."""
        return self._face.asks_for_replies

    def incoming(self, since_ms: int, until_ms: int, within_s: float) -> Sequence[Incoming] | IncomingUntold:
        """Give the messages of a period (Devino manual 2.5) within `within_s` seconds in all."""
        return self._face.incoming(since_ms, until_ms, within_s)

    def read_replies(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Incoming, ...]:
        """Read a call to an external handler (Devino manual 11.2.3). Never raises."""
        del content_type, body
        return handed_on(self._name, query, time.time_ns() // 1_000_000)

    def balance(self, within_s: float) -> BalanceAnswer:
        """Ask what is left on the account (Devino manual 2.2) within `within_s` seconds in all."""
        return balance_answer(self._access.get("/User/Balance", {}, within_s))
