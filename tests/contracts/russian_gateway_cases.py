"""Stream Telecom, the ASO Broker and SMSC for the contract suite of gateways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from security_service.domain.secret import Secret
from security_service.gateways.aso_broker import AsoBrokerGateway, AsoBrokerSettings, AsoChannel
from security_service.gateways.smsc import SmscGateway, SmscSettings
from security_service.gateways.stream_telecom import StreamTelecomGateway, StreamTelecomSettings
from tests.contracts.gateway_case import CODE, NUMBER, Case, Provided
from tests.links import aso_service, smsc_service, stream_service
from tests.links.peer import Answer, Peer, Reply


@contextmanager
def stream_telecom() -> Iterator[Case]:
    service = stream_service.StreamService()

    def says(reply: Reply) -> None:
        service.sms = service.state = reply

    with Peer(service) as peer:
        settings = StreamTelecomSettings(
            login=stream_service.LOGIN,
            password=Secret(stream_service.PASSWORD),
            base_url=f"{peer.url}/rest",
        )
        fault = stream_service.fault
        yield Case(
            StreamTelecomGateway("it", settings),
            says,
            secrets=[stream_service.PASSWORD, CODE, NUMBER],
            breaks=[fault(8, 500), fault(9, 500)],
            turns_away=[fault(10, 400), fault(5, 403), fault(2, 400), fault(4, 401)],
        )


@contextmanager
def aso_broker(*channels: AsoChannel) -> Iterator[Case]:
    service = aso_service.AsoService()

    def says(reply: Reply) -> None:
        service.sent = service.states = reply

    with Peer(service) as peer:
        settings = AsoBrokerSettings(
            login=aso_service.LOGIN,
            password=Secret(aso_service.PASSWORD),
            base_url=f"{peer.url}/re-broker-api",
            channels=channels,
        )
        yield Case(
            AsoBrokerGateway("it", settings),
            says,
            secrets=[aso_service.PASSWORD, CODE, ", ".join(CODE), NUMBER],
            breaks=[aso_service.fault(100)],
            turns_away=[aso_service.fault(102), aso_service.fault(405), Answer(status=401)],
        )


@contextmanager
def smsc(*, call: bool) -> Iterator[Case]:
    service = smsc_service.SmscService()

    def says(reply: Reply) -> None:
        service.sent = service.states = reply

    with Peer(service) as peer:
        settings = SmscSettings(
            login=smsc_service.LOGIN,
            password=Secret(smsc_service.PASSWORD),
            base_url=f"{peer.url}/sys",
            call=call,
        )
        fault = smsc_service.fault
        yield Case(
            SmscGateway("it", settings),
            says,
            # The number is part of its message ids, by which the provider finds a message.
            secrets=[smsc_service.PASSWORD, CODE, ", ".join(CODE)],
            breaks=[Answer(status=500)],
            turns_away=[fault(2), fault(3), fault(6), fault(8), fault(9)],
            never_takes=[fault(7)],
            message_id=f"1-{NUMBER}",
        )


RUSSIAN: dict[str, Provided] = {
    "stream_telecom": stream_telecom,
    "aso_broker": lambda: aso_broker(AsoChannel.SMS),
    "aso_broker_call": lambda: aso_broker(AsoChannel.CALL, AsoChannel.SMS),
    "smsc": lambda: smsc(call=False),
    "smsc_call": lambda: smsc(call=True),
}
