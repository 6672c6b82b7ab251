"""The console over a real store, with a browser that keeps cookies and fills forms; judges nothing."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.errors import StoreUnavailable
from security_service.domain.imsi import Candidate, Grade, learnt
from security_service.domain.secret import KeyRing, Msisdn, Secret
from security_service.domain.senders import (
    ListedSender,
    ListedSenders,
    SendersAnswer,
    SenderStanding,
)
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.tenants import Tenant
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.sealed_text import TextSealer
from security_service.store.accounts import StoredAccounts
from security_service.store.bans import StoredBans
from security_service.store.policy_book import StoredPolicyBook
from security_service.store.policy_drafts import StoredPolicyDrafts
from security_service.store.proposals import StoredProposals
from security_service.store.tenants import StoredTenants
from security_service.usecases.add_sim import AddSim
from security_service.usecases.carry_out import CarryOut
from security_service.usecases.check_policy import CheckPolicy
from security_service.usecases.check_senders import CheckSenders
from security_service.usecases.enrol_authenticator import EnrolAuthenticator
from security_service.usecases.four_eyes import FourEyes
from security_service.usecases.freeze import Freeze
from security_service.usecases.keep_accounts import KeepAccounts
from security_service.usecases.keep_api_keys import KeepApiKeys
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.manage_tenants import ManageTenants
from security_service.usecases.management_desk import ManagementDesk
from security_service.usecases.publish_policy import PublishPolicy, RollBackPolicy
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.read_policies import ReadPolicies
from security_service.usecases.reverify import Reverify
from security_service.usecases.set_mode import SetMode
from security_service.usecases.set_trust import SetTrust
from security_service.usecases.unlock import Unlock
from security_service.usecases.view_now import ViewNow
from security_service.usecases.view_providers import ViewProviders
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.usecases.work_cases import WorkCases
from security_service.web.application import faceless_app
from security_service.web.console.frame import create_console
from security_service.web.console.handles import Handles
from security_service.web.console.services import ConsoleServices
from tests.fakes.cases import MemoryCases
from tests.fakes.counts import MemoryCounts
from tests.fakes.management import GATEWAYS, LOOKUPS, PROVIDERS, RULES, BookOfTrust
from tests.fakes.management import Policies as PolicyNames
from tests.fakes.sim import NEW_SIM, OLD_SIM, ScriptedSim, sealed
from tests.fakes.store import MemoryStore
from tests.fakes.trust import MemoryTrust
from tests.store.rig import StoreRig
from tests.usecases.people_desk import PASSWORD, PeopleDesk
from tests.usecases.policies import Desk as Policies
from tests.usecases.policies import files
from tests.usecases.transfer_parts import transfer_parts
from tests.web.console.audit_parts import SealedLog

BANK: Final = Tenant("bank", name="Bank of Tests")
OTHER_BANK: Final = Tenant("odd")
NUMBER: Final = Msisdn("79161112211")
DAY: Final = 86_400
SEALER: Final = TextSealer(KeyRing({1: b"h" * 32}), "console")

_CSRF: Final = re.compile(r'name="csrf" value="([^"]*)"')
_TAGS: Final = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


class ToldSenders:
    """The port ListsSenders, with an answer as a test sets it."""

    def __init__(self) -> None:
        self.answer: SendersAnswer = ListedSenders((ListedSender("ETALON", SenderStanding.ADMITTED),))

    def senders(self, within_s: float) -> SendersAnswer:
        return self.answer


def console_management(
    book: StoredTenants, accounts: StoredAccounts, trust: MemoryTrust, desk: PeopleDesk
) -> ManagementDesk:
    """The use cases of management over the rig's store; whose word counts is held in memory."""
    return ManagementDesk(
        tenants=ManageTenants(book, PolicyNames(), PROVIDERS),
        api_keys=KeepApiKeys(book, book, desk.chance, desk.clock),
        accounts=KeepAccounts(accounts, accounts, desk.chance, KeyRing({1: b"a" * 32})),
        senders=CheckSenders({"sms": ToldSenders()}),
        providers=ViewProviders(GATEWAYS, LOOKUPS, BookOfTrust(trust), RULES),
        set_trust=SetTrust(trust, frozenset(PROVIDERS.lookups), RULES, desk.clock),
    )


class TwoTenants:
    """The ports Tenants and TenantIds over two banks; `away` makes every call fail."""

    def __init__(self) -> None:
        self.away = False
        self._kept = {one.id: one for one in (BANK, OTHER_BANK)}

    def by_key(self, api_key: Secret) -> Tenant | None:
        return None

    def get(self, tenant: str) -> Tenant | None:
        if self.away:
            raise StoreUnavailable
        return self._kept.get(tenant)

    def ids(self) -> list[str]:
        return sorted(self._kept)

    def put(self, tenant: Tenant) -> None:
        """Save a tenant's settings."""
        self._kept[tenant.id] = tenant


class ConsoleRig:
    """The application with a console, everything behind it, and people who are signed in at it."""

    def __init__(self, store: StoreRig, **settings: object) -> None:
        self.store, self.desk = store, PeopleDesk(store)
        self.sim = ScriptedSim(OLD_SIM)
        self.tenants = TwoTenants()
        self.policies, self.sealed_log = Policies(store), SealedLog()
        self.counts, self.cases = MemoryCounts(), MemoryCases(MemoryStore())
        self.book = StoredTenants(store.frame, KeyRing({1: b"k" * 32}), self.desk.clock)
        self.trust, self.accounts = MemoryTrust(RULES), StoredAccounts(store.frame)
        self.management = console_management(self.book, self.accounts, self.trust, self.desk)
        self.transfers = transfer_parts(store, self.desk.clock)
        self.services = replace(self._services(), **settings)  # type: ignore[arg-type]  # by name, for a test
        self.app = faceless_app()
        self.app.register_blueprint(create_console(self.services))
        self.handles = Handles(SEALER)

    def _services(self) -> ConsoleServices:
        subscribers, chance, desk = self.store.subscribers, self.desk.chance, self.desk
        book = StoredPolicyBook(self.store.frame, desk.clock, files())
        read = ReadPolicies(book, book.files)
        carry_out = CarryOut(
            subscribers,
            SetMode(subscribers),
            Reverify(subscribers, self.sim, self.tenants, self.store.jobs, chance),
            AddSim(subscribers, self.sim),
            Unlock(subscribers),
            PublishPolicy(book, read, CheckPolicy()),
            RollBackPolicy(book, read),
        )
        keep_bans = KeepBans(StoredBans(self.store.frame, desk.clock), self.store.jobs)
        return ConsoleServices(
            sessions=desk.sessions,
            sign_in=desk.signing,
            welcome=desk.welcoming,
            change_own=desk.own,
            tenants=self.tenants,
            tenant_ids=self.tenants,
            view_subscriber=ViewSubscriber(subscribers),
            four_eyes=FourEyes(
                carry_out, StoredProposals(self.store.frame), self.tenants, self.tenants, chance
            ),
            freeze=Freeze(subscribers, subscribers),
            enrol_authenticator=EnrolAuthenticator(
                subscribers, self.store.authenticators, self.sim, AuthenticatorApp(), SEALER, chance
            ),
            read_audit=ReadAudit(self.store.log),
            audit_desk=self.sealed_log.desk(self.store, desk.clock),
            policy_desk=self.policies.do,
            policy_drafts=StoredPolicyDrafts(self.store.frame),
            view_now=ViewNow(self.counts, self.store.log, desk.clock),
            work_cases=WorkCases(self.cases, self.cases, self.cases, keep_bans, chance),
            keep_bans=keep_bans,
            list_people=desk.listing,
            invite_person=desk.inviting,
            change_person=desk.changing,
            management=self.management,
            transfers=self.transfers.desk,
            chance=chance,
            clock=desk.clock,
            sealer=SEALER,
            home_tenant=BANK.id,
        )

    # --- people -----------------------------------------------------------------------------------

    def browser(self, host: str = "localhost", scheme: str = "http") -> Browser:
        """A browser that nobody has signed in with."""
        return Browser(self, host, scheme)

    def signed_in(self, *roles: Role, name: str = "anna") -> Browser:
        """A browser with somebody signed in, who came by an invitation."""
        self.desk.arrive(name, *roles)
        browser = self.browser()
        answer = browser.sign_in(name)
        assert answer.status_code == 303, answer.text
        self.store.advance(30)
        return browser

    def limit(self, name: str, *tenants: str) -> None:
        """Let a person act for some tenants only."""
        found = self.desk.people.get(name)
        assert found is not None
        self.desk.changing.rights(name, "cli:root", found.person.roles, frozenset(tenants))

    # --- subscribers ------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The store's time in Unix seconds."""
        return self.store.now_ms // 1000

    def put(self, subscriber: Subscriber, number: Msisdn = NUMBER, tenant: str = BANK.id) -> None:
        """Write a record as another process would."""
        stored = self.store.subscribers.get(tenant, number).stored
        assert self.store.subscribers.swap(tenant, number, stored, subscriber, ())

    def known(self) -> Subscriber:
        """A subscriber whose reference is one SIM, trusted for thirty days."""
        reference = learnt(sealed(OLD_SIM), self.now - 30 * DAY, Grade.FIRST_SEEN)
        return replace(NEW_SUBSCRIBER, reference=reference, messaged=True)

    def suspected(self) -> Subscriber:
        """A subscriber whose SIM was seen to change a minute ago."""
        seen = self.now - 60
        return replace(self.known(), candidate=Candidate(sealed(NEW_SIM).newest(), seen, seen))

    def path(self, rest: str = "", number: Msisdn = NUMBER, tenant: str = BANK.id) -> str:
        """The address of a subscriber's page, or of one below it."""
        return f"/console/subscribers/{self.handles.of(tenant, number)}{rest}"


class Browser:
    """Keeps cookies, and sends forms with the token of the page that was opened last."""

    def __init__(self, rig: ConsoleRig, host: str, scheme: str) -> None:
        self.rig, self.base = rig, f"{scheme}://{host}"
        self.client = rig.app.test_client()
        self.token = ""

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        answer = self.client.get(path, base_url=self.base, headers=_headers(headers))
        self._keep(answer)
        return answer

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> TestResponse:
        """Send a form as the browser would that has the page open."""
        data = {"csrf": self.token, **(form or {})}
        sent = {"Sec-Fetch-Site": "same-origin", **_headers(headers)}
        answer = self.client.post(path, data=data, base_url=self.base, headers=sent)
        self._keep(answer)
        return answer

    def follow(self, answer: TestResponse) -> TestResponse:
        """Go where a redirect leads."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["Location"])

    def sign_in(self, name: str, password: Secret = PASSWORD, onward: str = "/console/") -> TestResponse:
        """Open the form and fill it in, with the code that the person's app shows."""
        self.get("/console/sign-in")
        form = {
            "name": name,
            "password": password.reveal(),
            "code": self.rig.desk.code(name).reveal(),
            "next": onward,
        }
        answer = self.post("/console/sign-in", form)
        if answer.status_code == 303:
            self.get("/console/")
        return answer

    def cookie(self, name: str) -> str:
        """The value of a cookie, empty where there is none."""
        found = self.client.get_cookie(name, domain=urlsplit(self.base).hostname or "")
        return "" if found is None else found.value

    def _keep(self, answer: TestResponse) -> None:
        found = _CSRF.search(answer.text) if answer.mimetype == "text/html" else None
        if found is not None:
            self.token = found[1]


def _headers(named: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in named.items()}


def shown(answer: TestResponse) -> str:
    """What a page says to people, on one line."""
    return " ".join(html.unescape(_TAGS.sub(" ", answer.text)).split())
