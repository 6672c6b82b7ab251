"""The signed verdict on the wire: asked for by a header, given in one, checked by published keys."""

from __future__ import annotations

from security_service.domain.secret import KeyRing
from security_service.links.verdict_signer import Es256Signer
from security_service.usecases.answers import Answered
from tests.web.rig import KEY, NUMBER, WebRig

SIGNER = Es256Signer(KeyRing({1: b"v" * 32}))
BODY = {"DestinationNumber": NUMBER.digits, "Code": "123456"}


def test_a_verdict_is_asked_for_by_a_header_and_given_in_one() -> None:
    rig = WebRig()
    rig.operations.result = Answered(0, "valid", signed="a.b.c")
    wanted = {"X-ApiKey": KEY, "X-Etalon-Want": "signed-verdict"}
    answer = rig.client.post("/CheckCode", json=BODY, headers=wanted)
    assert answer.headers["X-Etalon-Signed-Verdict"] == "a.b.c"
    assert answer.json == {"Code": 0, "Description": "Valid Code"}
    rig.client.post("/CheckCode", json=BODY, headers={"X-ApiKey": KEY})
    assert [command.wants_verdict for command in rig.operations.checked] == [True, False]


def test_the_keys_are_published_and_may_be_kept_for_a_while() -> None:
    answer = WebRig(verdicts=SIGNER).client.get("/.well-known/jwks.json")
    assert answer.json == SIGNER.public_keys()
    assert answer.mimetype == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_without_keys_none_are_published() -> None:
    assert WebRig().client.get("/.well-known/jwks.json").status_code == 404
