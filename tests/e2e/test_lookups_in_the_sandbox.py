"""Each lookup against the sandbox operator's own face: both were written from the documents, apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.serving import make_server

from security_service.domain.lookup import Liveness, NoData, SimNotSeen, SimSeen, SwapDated
from security_service.domain.ports import SimLookup
from security_service.domain.secret import Msisdn, Secret
from security_service.links.oauth import read_signing_key
from security_service.lookups.camara_sim_swap import (
    CamaraSimSwapLookup,
    CamaraSimSwapSettings,
    SwapQuestion,
)
from security_service.lookups.hlr_lookups import HlrLookupsLookup, HlrLookupsSettings
from security_service.lookups.infobip import InfobipLookup, InfobipLookupSettings
from security_service.lookups.infobip_sim_swap import InfobipSimSwapLookup, InfobipSimSwapSettings
from security_service.lookups.smsc_hlr import SmscHlrLookup, SmscHlrSettings
from tests.links.signing_keys import ec_pem
from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig, make_rig

WITHIN_S = 10.0
HOUR = 3600


@dataclass
class Sandbox:
    """The operator on a socket, and its handsets."""

    rig: Rig
    url: str

    def now(self) -> float:
        return self.rig.clock.now

    def smsc(self) -> SimLookup:
        settings = SmscHlrSettings(
            login=LOGIN, password=Secret(PASSWORD), base_url=f"{self.url}/sys", first_poll_s=0.01
        )
        return SmscHlrLookup("it", settings, now=self.now)

    def hlr_lookups(self) -> SimLookup:
        settings = HlrLookupsSettings(
            api_key=LOGIN, api_secret=Secret(PASSWORD), base_url=f"{self.url}/hlr-lookups/api/v2"
        )
        return HlrLookupsLookup("it", settings, now=self.now)

    def infobip(self) -> SimLookup:
        return InfobipLookup(
            "it", InfobipLookupSettings(api_key=Secret(PASSWORD), base_url=f"{self.url}/infobip")
        )

    def infobip_sim_swap(self) -> SimLookup:
        settings = InfobipSimSwapSettings(
            api_key=Secret(PASSWORD), base_url=f"{self.url}/infobip", consent=True
        )
        return InfobipSimSwapLookup("it", settings, now=self.now)

    def camara(self, question: SwapQuestion = SwapQuestion.RETRIEVE_DATE) -> SimLookup:
        settings = CamaraSimSwapSettings(
            base_url=f"{self.url}/camara/sim-swap/v2",
            token_url=f"{self.url}/camara/token",
            client_id=LOGIN,
            private_key=Secret(ec_pem()),
            question=question,
        )
        return CamaraSimSwapLookup("it", settings, now=self.now)


NAMING: list[Callable[[Sandbox], SimLookup]] = [Sandbox.smsc, Sandbox.hlr_lookups, Sandbox.infobip]
DATING: list[Callable[[Sandbox], SimLookup]] = [
    Sandbox.camara,
    lambda sandbox: sandbox.camara(SwapQuestion.CHECK),
    Sandbox.infobip_sim_swap,
]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    public = read_signing_key(Secret(ec_pem())).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    rig = make_rig(tmp_path / "handsets.json", public_key=pem, hlr_polls_before_answer=1)
    server = make_server("127.0.0.1", 0, rig.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Sandbox(rig, f"http://127.0.0.1:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("made", NAMING)
def test_a_lookup_names_the_sim_of_the_handset_and_the_next_one_after_a_swap(
    sandbox: Sandbox, made: Callable[[Sandbox], SimLookup]
) -> None:
    lookup = made(sandbox)
    for _ in range(2):
        answer = lookup.find(Msisdn(NUMBER), WITHIN_S)
        assert isinstance(answer, SimSeen)
        assert answer.imsi.reveal() == sandbox.rig.handset()["imsi"]
        assert (answer.liveness, answer.mcc_mnc, answer.roaming) == (Liveness.LIVE, "25001", False)
        assert answer.msc == "79168990567"
        sandbox.rig.client.post(f"/handsets/{NUMBER}/swap")


@pytest.mark.parametrize("made", NAMING)
@pytest.mark.parametrize(
    ("state", "no_data"),
    [
        ("off", NoData.ABSENT),
        ("unknown", NoData.UNKNOWN_SUBSCRIBER),
        ("barred", NoData.BARRED),
    ],
)
def test_a_handset_that_cannot_be_reached_has_its_class(
    sandbox: Sandbox, made: Callable[[Sandbox], SimLookup], state: str, no_data: NoData
) -> None:
    sandbox.rig.switch(state)
    answer = made(sandbox).find(Msisdn(NUMBER), WITHIN_S)
    assert isinstance(answer, SimNotSeen)
    assert answer.no_data is no_data


@pytest.mark.parametrize("made", NAMING)
def test_a_fixed_line_gets_no_message(sandbox: Sandbox, made: Callable[[Sandbox], SimLookup]) -> None:
    answer = made(sandbox).find(Msisdn("74951234567"), WITHIN_S)
    assert isinstance(answer, SimNotSeen)
    assert answer.no_data is NoData.BARRED


@pytest.mark.parametrize("made", DATING)
def test_a_swap_is_dated(sandbox: Sandbox, made: Callable[[Sandbox], SimLookup]) -> None:
    lookup, now = made(sandbox), int(sandbox.now())
    before = lookup.find(Msisdn(NUMBER), WITHIN_S)
    assert isinstance(before, SwapDated)
    assert before.earliest is None
    assert before.latest <= now - 240 * HOUR
    sandbox.rig.client.post(f"/handsets/{NUMBER}/swap")
    sandbox.rig.clock.move(60)
    after = lookup.find(Msisdn(NUMBER), WITHIN_S)
    assert isinstance(after, SwapDated)
    assert after.earliest is not None
    assert after.earliest <= now <= after.latest <= now + 60


@pytest.mark.parametrize("made", [*NAMING, *DATING])
@pytest.mark.parametrize("mode", ["error", "drop"])
def test_a_provider_at_fault_is_unavailable(
    sandbox: Sandbox, made: Callable[[Sandbox], SimLookup], mode: str
) -> None:
    for target in ("imsi", "hlr"):
        sandbox.rig.fault(target, mode)
    began = time.monotonic()
    answer = made(sandbox).find(Msisdn(NUMBER), WITHIN_S)
    assert isinstance(answer, SimNotSeen)
    assert answer.no_data is NoData.UNAVAILABLE
    assert time.monotonic() - began < WITHIN_S
