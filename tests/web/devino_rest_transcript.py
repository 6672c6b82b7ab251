"""A day of an older system at the face of Devino REST, as it goes over the wire, for the golden file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from security_service.domain.counts import Counted, Tally
from security_service.domain.incoming import KeptIncoming
from security_service.domain.secret import MessageText, Msisdn
from tests.store.rig import StoreRig
from tests.web.devino_rest_rig import SENT, RestBank, SteppedChance

SHOWN_HEADERS: Final = ("Content-Type", "Cache-Control", "Retry-After")
LONG: Final = "Сообщение на русском языке, которое длиннее семидесяти знаков и идёт двумя частями."


def transcript(store: StoreRig) -> bytes:
    """Requests of both chapters with their answers; secrets are named, not shown."""
    bank = RestBank(store, chance=SteppedChance())
    return ("\n\n".join(_lines(bank)) + "\n").encode()


def _lines(bank: RestBank) -> Iterator[str]:
    login = {"login": "legacy", "password": bank.password}
    begun = bank.client.get("/rest/user/sessionid", query_string=login)
    session = begun.json
    assert begun.text == f'"{session}"'
    yield _shown("GET /rest/user/sessionid?login=…&password=…", begun).replace(session, "(36 characters)")
    for chapter, caller in (("/rest", {"SessionID": session}), ("/rest/v2", login)):
        yield from _chapter(bank, chapter, caller)


def _chapter(bank: RestBank, chapter: str, caller: dict[str, str]) -> Iterator[str]:
    def get(resource: str, **query: str) -> Any:  # noqa: ANN401 - as the client's
        return bank.client.get(f"{chapter}/{resource}", query_string={**caller, **query})

    def post(resource: str, **form: object) -> Any:  # noqa: ANN401 - as the client's
        return bank.post(f"{chapter}/{resource}", {**caller, **SENT, **form})

    name = f"{chapter}/Sms"
    yield _shown(f"GET {chapter}/User/Balance", get("User/Balance"))
    one = post("Sms/Send")
    yield _shown(f"POST {name}/Send", one)
    yield _shown(f"POST {name}/Send (two segments)", post("Sms/Send", Data=LONG))
    many = {"DestinationAddresses": ["79161112211", "79031234567"]}
    yield _shown(f"POST {name}/SendBulk (two numbers)", post("Sms/SendBulk", **many))
    later = {"SendDate": "2027-01-16T10:00:00"}
    yield _shown(f"POST {name}/SendByTimeZone", post("Sms/SendByTimeZone", **later))
    zoned = post("Sms/SendByTimeZoneToAddresses", **many, **later)
    yield _shown(f"POST {name}/SendByTimeZoneToAddresses (two numbers)", zoned)
    yield _shown(f"GET {name}/State (waits)", get("Sms/State", messageId=one.json[0]))
    bank.relay.work()
    yield _shown(f"GET {name}/State (has left)", get("Sms/State", messageId=one.json[0]))
    yield _shown(f"GET {name}/State (is not there)", get("Sms/State", messageId="579700854169272358"))
    came = KeptIncoming(
        539187174, Msisdn("79260000000"), "79160000000", MessageText("НЕТ"), 1_799_999_000_000
    )
    bank.incoming.told["bank"] = [came]
    yield _shown(f"GET {name}/In", get("Sms/In", minDateUTC="2027-01-15", maxDateUTC="2027-01-16"))
    bank.counts.tell(bank.store.now_ms, Tally(Counted.MESSAGE, "taken", count=7))
    period = {"startDateTime": "2027-01-15 00:00:00", "endDateTime": "2027-01-15T23:59:00"}
    yield _shown(f"GET {name}/Statistics", get("Sms/Statistics", **period))
    yield _shown(f"POST {name}/Send (no text)", post("Sms/Send", Data=""))
    yield _shown(f"POST {name}/Send (no number)", post("Sms/Send", DestinationAddress="12"))
    yield _shown(f"POST {name}/Send (another's sender)", post("Sms/Send", SourceAddress="BANK2"))
    yield _shown(f"GET {name}/Send", get("Sms/Send"))
    yield _shown(f"POST {chapter}/Viber/Send", post("Viber/Send"))


def _shown(asked: str, answer: Any) -> str:  # noqa: ANN401 - as the client's
    headers = [f"{name}: {answer.headers[name]}" for name in SHOWN_HEADERS if name in answer.headers]
    return "\n".join([f"> {asked}", answer.status, *headers, answer.text])
