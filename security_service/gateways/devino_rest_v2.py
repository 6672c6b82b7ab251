"""SMS through Devino REST v2, with login and password in each call (Devino manual, chapter 2).

Leaves the protocol's tables, which both REST gateways share, to `links/devino.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.domain.messages import Channel, Failed, Message, ReceiptAnswer, SendOutcome
from security_service.links.devino import DEFAULT_BASE_URL, receipt_answer, send_form, send_outcome
from security_service.links.devino_login import DevinoLogin
from security_service.links.devino_settings import DevinoSmsSettings


@dataclass(frozen=True, kw_only=True)
class DevinoRestV2Settings(DevinoSmsSettings):
    """Settings of one `devino_rest_v2` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default=f"{DEFAULT_BASE_URL}/v2",
        metadata={"help": "where the service is, without the resource"},
    )


class DevinoRestV2Gateway:
    """Sends over REST v2. Implements the port `Gateway`; safe to share between threads."""

    def __init__(self, name: str, settings: DevinoRestV2Settings) -> None:
        self._name = name
        self._sender = settings.sender
        self._access = DevinoLogin(settings.link(), settings.login, settings.password)

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 2.3.1) within `within_s` seconds in all."""
        form = send_form(self._name, message, self._sender)
        if isinstance(form, Failed):
            return form
        return send_outcome(self._name, self._access.post("/Sms/Send", form, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one segment (Devino manual 2.4) within `within_s` seconds in all."""
        return receipt_answer(self._access.get("/Sms/State", {"messageId": message_id}, within_s))
