"""Devino's SOAP, XML, Viber, VK and e-mail for the contract suite of gateways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from security_service.domain.ports import Gateway
from security_service.domain.secret import Secret
from security_service.gateways.devino_email import DevinoEmailGateway, DevinoEmailSettings
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from security_service.gateways.devino_soap import DevinoSoapGateway, DevinoSoapSessionSettings
from security_service.gateways.devino_soap_v2 import DevinoSoapV2Gateway, DevinoSoapV2Settings
from security_service.gateways.devino_viber import DevinoViberGateway, DevinoViberSettings
from security_service.gateways.devino_vk import DevinoVkGateway, DevinoVkSettings
from security_service.gateways.devino_xml import DevinoXmlGateway, DevinoXmlSettings
from security_service.links.devino_rest_face import Sends
from tests.contracts.gateway_case import CODE, NUMBER, Case, Provided
from tests.links import devino_json_service as json_service
from tests.links import devino_service, devino_soap_service
from tests.links.peer import Answer, Peer, Reply, Request, as_json

EMAIL = "ivan@client.example"


@contextmanager
def viber_over_rest() -> Iterator[Case]:
    service = devino_service.DevinoService()

    def says(reply: Reply) -> None:
        service.viber = service.viber_state = reply

    with Peer(service) as peer:
        settings = DevinoRestV2Settings(
            login=devino_service.LOGIN,
            password=Secret(devino_service.PASSWORD),
            base_url=f"{peer.url}/rest/v2",
            sends=Sends.VIBER_THEN_SMS,
        )
        fault = devino_service.fault
        yield Case(
            DevinoRestV2Gateway("it", settings),
            says,
            secrets=[devino_service.PASSWORD, CODE, NUMBER],
            breaks=[fault(8, 500), as_json({"Code": 1, "Desc": "error-system"}, 400)],
            turns_away=[fault(5, 403), as_json({"Code": 1, "Desc": "error-subject-unknown"}, 400)],
            never_takes=[fault(2, 400), as_json({"Code": 1, "Desc": "error-address-format"}, 400)],
        )


@contextmanager
def soap(*, session: bool) -> Iterator[Case]:
    service = devino_soap_service.DevinoSoapService()

    def says(reply: Reply) -> None:
        service.says = reply

    with Peer(service) as peer:
        login, password = devino_soap_service.LOGIN, Secret(devino_soap_service.PASSWORD)
        gateway: Gateway
        if session:
            v1 = DevinoSoapSessionSettings(login=login, password=password, base_url=f"{peer.url}/s.asmx")
            gateway = DevinoSoapGateway("it", v1)
        else:
            v2 = DevinoSoapV2Settings(login=login, password=password, base_url=f"{peer.url}/s.asmx")
            gateway = DevinoSoapV2Gateway("it", v2)
        fault = devino_soap_service.fault
        yield Case(
            gateway,
            says,
            secrets=[devino_soap_service.PASSWORD, CODE, NUMBER],
            breaks=[fault("Gateway error"), fault("Internal server error"), fault(f"{NUMBER} tripped")],
            turns_away=[fault("Not enough credits"), fault("Invalid source address"), fault("Forbidden")],
            never_takes=[fault("Invalid argument")],
        )


@contextmanager
def xml() -> Iterator[Case]:
    given: list[Reply] = []

    def package(inner: str) -> Answer:
        return Answer(f"<package>{inner}</package>".encode(), headers={"Content-Type": "text/xml"})

    def service(request: Request) -> Reply:
        part = "message" if request.path == "/Send.ashx" else "status"
        return given[0] if given else package(f'<{part}><msg sms_id="1" sms_count="1">1</msg></{part}>')

    def message(code: int) -> Answer:
        return package(f'<message><msg sms_id="0">{code}</msg></message>')

    with Peer(service) as peer:
        password = "pa55 <&>"
        settings = DevinoXmlSettings(login="bank", password=Secret(password), base_url=peer.url)
        yield Case(
            DevinoXmlGateway("it", settings),
            lambda reply: given.insert(0, reply),
            secrets=[password, CODE, NUMBER],
            breaks=[package("<error>200</error>"), message(200)],
            turns_away=[package("<error>202</error>"), message(202), message(206), Answer(status=403)],
            never_takes=[message(203)],
        )


def _json_case(service: json_service.DevinoJsonService, gateway: Gateway) -> Case:
    def says(reply: Reply) -> None:
        service.says = service.states = reply

    return Case(gateway, says, secrets=[json_service.PASSWORD, CODE, NUMBER, EMAIL])


@contextmanager
def viber() -> Iterator[Case]:
    states = json_service.viber_states({"providerId": 3158611117333282816, "code": "ok", "status": "sent"})
    service = json_service.DevinoJsonService(json_service.viber_sent(), states)
    with Peer(service) as peer:
        settings = DevinoViberSettings(
            login=json_service.LOGIN, password=Secret(json_service.PASSWORD), base_url=peer.url
        )
        case = _json_case(service, DevinoViberGateway("it", settings))
        case.breaks = [json_service.viber_sent("error-system"), as_json({"status": "error-system"})]
        case.turns_away = [json_service.viber_sent("not-permitted"), as_json({"status": "error-auth"}, 401)]
        case.never_takes = [json_service.viber_sent("error-address-format")]
        yield case


@contextmanager
def vk() -> Iterator[Case]:
    service = json_service.DevinoJsonService(json_service.vk_sent(), json_service.vk_state(status="sent"))
    with Peer(service) as peer:
        settings = DevinoVkSettings(
            login=json_service.LOGIN,
            password=Secret(json_service.PASSWORD),
            base_url=peer.url,
            template_id="123456",
        )
        case = _json_case(service, DevinoVkGateway("it", settings))
        case.breaks = [as_json({"code": "system_error", "description": NUMBER})]
        case.turns_away = [as_json({"code": "queue_full"}), json_service.vk_sent("not-enough-credits")]
        case.never_takes = [json_service.vk_sent("phone_invalid")]
        yield case


@contextmanager
def email() -> Iterator[Case]:
    states = json_service.email_states(("Mdz0i7z1Dyp", "Sent"))
    service = json_service.DevinoJsonService(json_service.email_sent(), states)
    with Peer(service) as peer:
        settings = DevinoEmailSettings(
            login=json_service.LOGIN,
            password=Secret(json_service.PASSWORD),
            base_url=f"{peer.url}/email/v2",
            sender="bank@bank.example",
        )
        case = _json_case(service, DevinoEmailGateway("it", settings))
        case.breaks = [as_json({"Code": "internal_error", "Description": EMAIL}, 500)]
        case.turns_away = [as_json({"Code": "validation_error"}, 400), Answer(status=401)]
        yield case


DEVINO: dict[str, Provided] = {
    "devino_rest_v2_viber": viber_over_rest,
    "devino_soap": lambda: soap(session=True),
    "devino_soap_v2": lambda: soap(session=False),
    "devino_xml": xml,
    "devino_viber": viber,
    "devino_vk": vk,
    "devino_email": email,
}
