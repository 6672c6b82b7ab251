from __future__ import annotations

from collections.abc import Iterator

import pytest

from security_service.domain.lookup import (
    Liveness,
    LookupAnswer,
    NoData,
    SimNotSeen,
    SimSeen,
    SwapDated,
)
from security_service.domain.secret import Imsi, Msisdn, Secret
from security_service.links.smsc import SEND_ERRORS, STATUS_ERRORS
from security_service.lookups.smsc_hlr import (
    ANSWERED,
    ERRORS,
    PENDING,
    REFUSALS,
    STATUSES,
    SmscHlrLookup,
    SmscHlrSettings,
)
from tests.links.peer import Answer, Peer, Reply, Request, Reset, Silence, as_json

NUMBER = Msisdn("79232510066")
IMSI = "250023012345678"
NOW = 1_790_000_000
# The example of the provider's page on HLR requests.
SEEN: dict[str, object] = {
    "status": 1,
    "last_date": "21.09.2026 17:13:20",
    "last_timestamp": NOW,
    "err": 0,
    "imsi": IMSI,
    "msc": "79232510066",
    "mcc": "250",
    "mnc": "02",
    "cn": "Russian Federation",
    "net": "MegaFON",
    "rcn": "",
    "rnet": "",
    "phone": "79232510066",
}


class Service:
    def __init__(self) -> None:
        self.send: Reply = as_json({"id": 7, "cnt": 1})
        self.states: list[Reply] = []
        self.state: Reply = as_json(SEEN)

    def __call__(self, request: Request) -> Reply:
        if request.path == "/sys/send.php":
            return self.send
        return self.states.pop(0) if self.states else self.state

    def says(self, **members: object) -> None:
        self.state = as_json({**SEEN, **members})

    def ends(self, status: int, err: int = 0, **members: object) -> None:
        self.state = as_json({"status": status, "err": err, "last_timestamp": NOW, **members})


class Pauses:
    def __init__(self) -> None:
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def peer(service: Service) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


def find(peer: Peer, pauses: Pauses, within_s: float = 30.0) -> LookupAnswer:
    settings = SmscHlrSettings(login="bank", password=Secret("p"), base_url=f"{peer.url}/sys")
    return SmscHlrLookup("smsc", settings, pause=pauses, now=lambda: NOW).find(NUMBER, within_s)


def missing(no_data: NoData, detail: str, operator: str = "") -> SimNotSeen:
    return SimNotSeen("smsc", no_data, detail, operator)


def test_it_asks_under_an_id_of_its_own_and_polls_for_it(peer: Peer, pauses: Pauses) -> None:
    find(peer, pauses)
    find(peer, pauses)
    first, poll, second, _ = peer.requests
    assert (first.method, first.path, first.query) == ("POST", "/sys/send.php", {})
    assert {name: first.form[name] for name in ("login", "psw", "phones", "hlr", "fmt")} == {
        "login": "bank",
        "psw": "p",
        "phones": "+79232510066",
        "hlr": "1",
        "fmt": "3",
    }
    assert 1 <= int(first.form["id"]) < 2**31
    assert second.form["id"] != first.form["id"]
    assert (poll.path, poll.form["id"]) == ("/sys/status.php", first.form["id"])
    assert (poll.form["phone"], poll.form["all"]) == ("+79232510066", "1")


def test_an_answer_has_sim_switch_and_operator(peer: Peer, pauses: Pauses) -> None:
    assert find(peer, pauses) == SimSeen(
        "smsc", Imsi(IMSI), Liveness.LIVE, mcc_mnc="25002", msc="79232510066", roaming=False
    )


@pytest.mark.parametrize(
    ("mcc", "mnc", "operator"),
    [("250", 2, "25002"), (250, "20", "25020"), ("310", "260", "310260"), ("250", "", ""), ("25", "02", "")],
)
def test_the_zero_that_a_number_loses_is_put_back(
    service: Service, peer: Peer, pauses: Pauses, mcc: object, mnc: object, operator: str
) -> None:
    service.says(mcc=mcc, mnc=mnc)
    answer = find(peer, pauses)
    assert isinstance(answer, SimSeen)
    assert answer.mcc_mnc == operator


def test_a_foreign_network_is_roaming(service: Service, peer: Peer, pauses: Pauses) -> None:
    service.says(rcn="Turkey", rnet="Vodafone")
    answer = find(peer, pauses)
    assert isinstance(answer, SimSeen)
    assert answer.roaming is True


@pytest.mark.parametrize("status", sorted(PENDING))
def test_while_the_network_has_not_answered_it_polls_with_growing_pauses(
    service: Service, peer: Peer, pauses: Pauses, status: int
) -> None:
    service.states = [as_json({"status": status, "err": 0})] * 3
    assert isinstance(find(peer, pauses), SimSeen)
    assert pauses.taken == [0.3, 0.6, 1.2, 2.4]


def test_the_provider_is_asked_five_times_at_most(service: Service, peer: Peer, pauses: Pauses) -> None:
    service.ends(0)
    assert find(peer, pauses) == missing(NoData.UNAVAILABLE, "timeout")
    assert len(peer.requests) == 1 + 5


def test_it_stops_when_the_time_is_up(service: Service, peer: Peer, pauses: Pauses) -> None:
    service.ends(0)
    assert find(peer, pauses, 0.2) == missing(NoData.UNAVAILABLE, "timeout")
    assert len(peer.requests) == 1


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_each_error_has_its_meaning(service: Service, peer: Peer, pauses: Pauses, error: int) -> None:
    service.ends(20, error)
    assert find(peer, pauses) == missing(ERRORS[error], f"err_{error}")


@pytest.mark.parametrize("error", [237, 248, 255])
def test_an_error_that_nobody_listed_is_a_fault_of_the_moment(
    service: Service, peer: Peer, pauses: Pauses, error: int
) -> None:
    service.ends(20, error)
    assert find(peer, pauses) == missing(NoData.UNAVAILABLE, f"err_{error}")


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_each_status_without_an_error_has_its_meaning(
    service: Service, peer: Peer, pauses: Pauses, status: int
) -> None:
    service.ends(status)
    assert find(peer, pauses) == missing(STATUSES[status], f"status_{status}")
    assert not (set(STATUSES) & (PENDING | ANSWERED))


def test_a_replaced_sim_is_a_date_and_no_reason_to_send(service: Service, peer: Peer, pauses: Pauses) -> None:
    service.ends(20, 219, mcc="250", mnc="02")
    assert find(peer, pauses) == SwapDated("smsc", Liveness.LIVE, NOW, NOW - 24 * 3600, mcc_mnc="25002")
    service.says(status=20, err=219)
    answer = find(peer, pauses)
    assert isinstance(answer, SimSeen)
    assert (answer.imsi.reveal(), answer.swapped_at) == (IMSI, NOW)


@pytest.mark.parametrize("imsi", ["25002**********", "***", "250020000000000"])
def test_a_masked_imsi_is_passed_on_as_it_stands(
    service: Service, peer: Peer, pauses: Pauses, imsi: str
) -> None:
    service.says(imsi=imsi)
    answer = find(peer, pauses)
    assert isinstance(answer, SimSeen)
    assert answer.imsi.reveal() == imsi


def test_an_answer_without_an_imsi_brings_none(service: Service, peer: Peer, pauses: Pauses) -> None:
    service.says(imsi="")
    assert find(peer, pauses) == missing(NoData.UNTRUSTED, "imsi_missing", "25002")


@pytest.mark.parametrize("code", sorted(SEND_ERRORS))
def test_each_refusal_of_the_request_has_its_meaning(
    service: Service, peer: Peer, pauses: Pauses, code: int
) -> None:
    service.send = as_json({"error": "words", "error_code": code})
    assert find(peer, pauses) == missing(REFUSALS.get(code, NoData.UNAVAILABLE), SEND_ERRORS[code])
    assert pauses.taken == []


@pytest.mark.parametrize("code", sorted(STATUS_ERRORS))
def test_each_refusal_of_a_poll_is_unavailable(
    service: Service, peer: Peer, pauses: Pauses, code: int
) -> None:
    service.state = as_json({"error": "words", "error_code": code})
    assert find(peer, pauses) == missing(NoData.UNAVAILABLE, STATUS_ERRORS[code])


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (as_json({"cnt": 1}), "answer_unreadable"),
        (Answer(b"<html>"), "answer_unreadable"),
        (Answer(b"", 502), "http_502"),
        (Reset(), "connection_lost"),
        (Silence(), "timeout"),
    ],
)
def test_a_request_that_is_not_clearly_taken_is_unavailable(
    service: Service, peer: Peer, pauses: Pauses, reply: Reply, detail: str
) -> None:
    service.send = reply
    assert find(peer, pauses, 0.4) == missing(NoData.UNAVAILABLE, detail)


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (as_json({**SEEN, "phone": "79232510067"}), "answer_unreadable"),
        (as_json([SEEN]), "answer_unreadable"),
        (as_json({"status": "x"}), "answer_unreadable"),
        (Answer(b"", 502), "http_502"),
        (Reset(), "connection_lost"),
    ],
)
def test_a_poll_that_cannot_be_read_is_unavailable(
    service: Service, peer: Peer, pauses: Pauses, reply: Reply, detail: str
) -> None:
    service.state = reply
    assert find(peer, pauses) == missing(NoData.UNAVAILABLE, detail)


def test_pauses_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="first_poll_s"):
        SmscHlrSettings(login="a", password=Secret("b"), first_poll_s=5.0)
