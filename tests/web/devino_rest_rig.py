"""A bank whose older systems come in by Devino REST: the face, a store, and the worker behind them."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from werkzeug.serving import make_server

from security_service.domain.accounts import Face
from security_service.domain.imsi import SimAnswer, no_data
from security_service.domain.incoming import KeptIncoming
from security_service.domain.limits import Limits
from security_service.domain.lookup import NoData, SimSeen
from security_service.domain.ports import Chance
from security_service.domain.secret import KeyRing, Msisdn
from security_service.domain.tenants import Tenant
from security_service.links.number_zones import PrefixZones
from security_service.links.operating_system import SystemChance
from security_service.store.account_pace import StoredAccountPace
from security_service.store.accounts import StoredAccounts, StoredAccountSessions
from security_service.store.log_journal import StoredLogJournal
from security_service.usecases.ask_imsi import AskImsi
from security_service.usecases.follow_messages import FollowMessages
from security_service.usecases.keep_accounts import AccountWish, KeepAccounts, MadeAccount
from security_service.usecases.send_from_account import SendFromAccount
from security_service.usecases.sign_in_account import SignInAccount
from security_service.usecases.take_message import TakeMessage
from security_service.web.services import OlderFaces, RestUses
from tests.fakes.counts import MemoryCounts
from tests.fakes.side_by_side import OneAfterAnother
from tests.fakes.store import CountedChance, MemoryStore, SetHealth
from tests.store.rig import RING, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter, MemoryTenants
from tests.usecases.test_relay_over_a_store import Relay
from tests.web.rig import WebRig

BANK: Final = Tenant(
    "bank",
    gateways=("sms",),
    sender="ETALON",
    senders=("DEVINO", "TESTSMS", "79990001122"),
    notices={"ru": "Обратитесь в банк."},
    limits=Limits(messages=()),
)
OTHER_BANK: Final = Tenant("other", gateways=("sms",), sender="OTHER", limits=Limits(messages=()))
IMSI_KEYS: Final = KeyRing({1: b"i" * 32})
SENT: Final = {"DestinationAddress": "79161112211", "SourceAddress": "DEVINO", "Data": "test"}


class SteppedChance(CountedChance):
    """Chance without chance, whose shares differ: ids are made of them."""

    def share(self) -> float:
        self.drawn += 1
        return self.drawn / 2**20


class NoSims:
    """The SimNaming port: knows no SIM."""

    def name_sim(self, tenant: Tenant, number: Msisdn, within_s: float) -> SimSeen | SimAnswer:
        return no_data(NoData.NOT_SUPPORTED)


class ToldIncoming:
    """The IncomingList port: gives what it is told of a tenant."""

    def __init__(self) -> None:
        self.told: dict[str, list[KeptIncoming]] = {}
        self.asked: list[tuple[str, int, int]] = []

    def of(self, tenant: str, since_ms: int, until_ms: int, count: int) -> Sequence[KeptIncoming]:
        self.asked.append((tenant, since_ms, until_ms))
        found = [one for one in self.told.get(tenant, []) if since_ms <= one.at_ms <= until_ms]
        return found[:count]


class RestBank:
    """The application over a store, an account `legacy` of the bank, and ways to call it."""

    def __init__(
        self,
        store: StoreRig,
        tenant: Tenant = BANK,
        proxies: tuple[str, ...] = (),
        chance: Chance | None = None,
        queue_limit: int = 6400,
    ) -> None:
        self.store, self.relay = store, Relay(store, tenant)
        self.clock, self.health = self.relay.clock, SetHealth(MemoryStore())
        self.chance, meter = chance or SystemChance(), CountingMeter()
        self.accounts = StoredAccounts(store.frame)
        self.keep = KeepAccounts(self.accounts, self.accounts, self.chance, RING)
        self.counts, self.incoming = MemoryCounts(), ToldIncoming()
        sign_in = SignInAccount(
            self.accounts,
            StoredAccountSessions(store.frame),
            MemoryTenants(tenant, OTHER_BANK),
            self.chance,
            RING,
        )
        relay = self.relay
        take = TakeMessage(
            relay.queue, relay.messages, store.wide, self.health, relay.take_message.sealer, self.chance,
            self.clock, meter, RING, queue_limit,
        )  # fmt: skip
        pace = StoredAccountPace(store.frame)
        rest = RestUses(
            SendFromAccount(pace, take, PrefixZones(), OneAfterAnother(), self.chance, self.clock),
            FollowMessages(relay.view, self.counts, self.clock),
            self.incoming,
            self.clock,
        )
        ask = AskImsi(NoSims(), store.wide, self.health, StoredLogJournal(store.frame), meter, IMSI_KEYS)
        self.app = WebRig(older=OlderFaces(sign_in, ask, take, relay.view, rest), proxies=proxies).app
        # its types hold every body for possibly none
        self.client: Any = self.app.test_client()
        self.password = self.account("legacy")

    def account(
        self,
        login: str,
        tenant: str = "bank",
        faces: frozenset[Face] = frozenset({Face.REST}),
        networks: tuple[str, ...] = (),
        a_second: int = 10_000,
    ) -> str:
        """Make an account; gives its password."""
        made = self.keep.make(AccountWish(login, tenant, faces, networks, a_second), "cli:op")
        assert isinstance(made, MadeAccount)
        return made.password.reveal()

    def session(self, login: str = "legacy", password: str = "") -> str:
        """Begin a session as the manual has it."""
        query = {"login": login, "password": password or self.password}
        answer = self.client.get("/rest/user/sessionid", query_string=query)
        assert answer.status_code == 200, answer.text
        token: str = answer.json
        return token

    def post(self, path: str, form: Mapping[str, Any], **options: Any) -> Any:  # noqa: ANN401 - as the client's
        return self.client.post(path, data=dict(form), **options)

    def send(self, path: str = "/rest/v2/Sms/Send", **form: Any) -> Any:  # noqa: ANN401 - as the client's
        """Send without a session."""
        return self.post(path, {"Login": "legacy", "Password": self.password, **SENT, **form})

    def state(self, message_id: str, login: str = "legacy", password: str = "") -> dict[str, Any]:
        """Ask for a state without a session."""
        query = {"Login": login, "Password": password or self.password, "messageId": message_id}
        answer = self.client.get("/rest/v2/Sms/State", query_string=query)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = json.loads(answer.data)
        return told


class Served:
    """A bank on a port of this machine."""

    def __init__(self, bank: RestBank) -> None:
        self._server = make_server("127.0.0.1", 0, bank.app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def error(code: int, words: str) -> dict[str, object]:
    """An error as the manual prints it."""
    return {"Code": code, "Desc": words}
