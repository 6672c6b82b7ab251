"""A signed verdict from GenerateCode to the core bank, over a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from security_service.domain.secret import KeyRing
from security_service.links.verdict_signer import Es256Signer
from security_service.usecases.answers import Answered
from security_service.usecases.check_code import CheckCode, CheckCodeRequest
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.intake import Request
from security_service.usecases.vouch_for_code import VouchForCode
from tests.store.rig import StoreRig
from tests.usecases.test_fallback_over_a_store import BANK, NUMBER, Service, code_of

SIGNER = Es256Signer(KeyRing({1: b"v" * 32}))
NOTHING: Mapping[str, str] = {}
PAYMENT = {"purpose": "payment", "amount": "1500.00", "currency": "rub", "payee": "ООО Ромашка"}


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def service(rig: StoreRig) -> Service:
    made = Service(rig)
    parts = {name: getattr(made.check_code, name) for name in CheckCode.__dataclass_fields__}
    made.check_code = CheckCode(**{**parts, "vouch": VouchForCode(SIGNER, "i1", made.clock)})
    return made


def send(service: Service, members: Mapping[str, str] = NOTHING) -> str:
    request = Request(BANK, service.rig.token(), NUMBER.digits, **members)  # type: ignore[arg-type] # members by their names, each a text
    assert service.generate_code.run(GenerateCodeRequest(request)) == Answered(0, "sent")
    return code_of(service.sms)


def check(
    service: Service, code: str, members: Mapping[str, str] = NOTHING, *, wants: bool = True
) -> Answered:
    request = Request(BANK, service.rig.token(), NUMBER.digits, **members)  # type: ignore[arg-type] # members by their names, each a text
    answer = service.check_code.run(CheckCodeRequest(request, code, wants_verdict=wants))
    assert isinstance(answer, Answered)
    return answer


def claims(token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(json.loads(json.dumps(SIGNER.public_keys())))
    read: dict[str, Any] = json.loads(jws.deserialize_compact(token, keys, algorithms=["ES256"]).payload)
    return read


def test_the_core_bank_reads_who_proved_what_and_by_which_policy(service: Service) -> None:
    code = send(service, PAYMENT)
    told = claims(check(service, code, PAYMENT).signed)
    assert (told["purpose"], told["amount"], told["currency"]) == ("payment", 150_000, "RUB")
    assert told["payee_sha256"] == sha256("ООО Ромашка".encode()).hexdigest()
    assert told["sub"] == sha256(f"bank:{NUMBER.digits}".encode()).hexdigest()
    assert told["policy"].startswith("standard@")
    assert (told["sim"], told["iss"], told["tenant"]) == ("first_seen", "i1", "bank")
    assert 0 < told["exp"] - told["iat"] <= 120


def test_nothing_is_signed_unasked_or_for_a_wrong_code(service: Service) -> None:
    code = send(service)
    assert check(service, "0" * len(code)).signed == ""
    assert check(service, code, wants=False) == Answered(0, "valid")


def test_a_verdict_holds_neither_number_nor_payee_nor_code(service: Service) -> None:
    code = send(service, PAYMENT)
    told = json.dumps(claims(check(service, code, PAYMENT).signed), ensure_ascii=False)
    assert not any(text in told for text in (NUMBER.digits, "Ромашка", code))
