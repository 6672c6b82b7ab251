"""A whole store over one embedded server, its clock moved by hand; what is right is for the tests to say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

import redis

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Admission,
    AdmitRequest,
    Admitted,
    Caller,
    CheckOutcome,
    CheckRequest,
    KeyedDigest,
    NewCode,
    Opened,
    Opening,
    OpenRequest,
    Settlement,
    SettleRequest,
    Subject,
    code_digest,
    operation_digests,
)
from security_service.domain.fallback import Fallback
from security_service.domain.imsi import ImsiMember
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import Limits
from security_service.domain.operation import Operation
from security_service.domain.secret import Code, KeyRing, Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant
from security_service.links.operating_system import SystemChance
from security_service.store.audit_log import StoredTail
from security_service.store.authenticators import StoredAuthenticators
from security_service.store.checks import StoredChecks
from security_service.store.codes import StoredCodes
from security_service.store.connection import Argument, Reply, Scripts, ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.installation import initialise
from security_service.store.jobs import StoredJobs, StoredSlots
from security_service.store.keys import Layout, NumberKeys
from security_service.store.scripts import Script
from security_service.store.sealed_texts import StoredSealedTexts
from security_service.store.subscribers import StoredSubscribers
from security_service.store.wide_limits import StoredWideLimits
from security_service.usecases.whole_log import WholeLog
from tests.fakes.archive import EmptyArchive

START_MS: Final = 1_800_000_000_000
DAY_MS: Final = 86_400_000
NUMBER: Final = Msisdn("79031234567")
OTHER: Final = Msisdn("79160000001")
RING: Final = KeyRing({1: b"1" * 32})
UNLIMITED: Final = Limits(requests=(), checks=(), sends=())
FREE: Final = Tenant(id="demo", limits=UNLIMITED)
PAYMENT: Final = Operation("default", 150_000, "RUB", "OOO Romashka")
DECIDED: Final = Event(EventKind.GATE_DECIDED, {"verdict": "send"})
ENDS_OF_SENDING: Final = {
    Settlement.ACCEPTED: EventKind.CODE_SENT,
    Settlement.NOT_SENT: EventKind.SEND_REFUSED,
    Settlement.UNKNOWN: EventKind.SEND_UNKNOWN,
}

# Moves what expires by itself along with the hand-moved clock. A key keeps a margin, since real
# time passes too: what is decided by a compared time must not hang on its key being swept early.
_AGE = """
for _, key in ipairs(redis.call('KEYS', ARGV[2])) do
  local left = redis.call('PTTL', key)
  if left > 0 and left <= tonumber(ARGV[1]) - 20000 then
    redis.call('DEL', key)
  elseif left > 0 then
    redis.call('PEXPIRE', key, math.max(left - tonumber(ARGV[1]), 20000))
  end
end
return 0
"""


class OneShardScripts:
    """Passes calls on, keeps what they were, and fails one whose keys a cluster would spread."""

    def __init__(self, inner: Scripts) -> None:
        self.inner = inner
        self.calls: list[tuple[str, tuple[str, ...], tuple[Argument, ...]]] = []

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Reply]:
        tags = {key[key.index("{") + 1 : key.index("}")] for key in keys}
        assert len(tags) == 1, f"{script.name} has keys of {tags}"
        self.calls.append((script.name, tuple(keys), tuple(arguments)))
        return self.inner.run(script, keys, arguments)

    def command(self, *arguments: Argument) -> Reply:
        return self.inner.command(*arguments)

    def close(self) -> None:
        self.inner.close()


@dataclass(frozen=True, slots=True)
class Draft:
    """One GenerateCode call between its scripts: what it opened, and the digits that were sent."""

    subject: Subject
    caller: Caller
    code: NewCode
    digits: str


class StoreRig:
    """Ports over one store, and short ways to do the usual things."""

    def __init__(self, url: str, *, initialised: bool = True, scripts: Scripts | None = None) -> None:
        self.url = url
        self.thin = ThinScripts(parse_address(url), within_s=10.0)
        self.scripts = OneShardScripts(scripts or self.thin)
        # its types tell replies of every protocol at once; what is read here is bytes and numbers
        self.redis: Any = redis.Redis.from_url(url)
        self.now_ms = START_MS
        self.master = ""
        self.ring = RING
        self._tokens = count(1)
        buckets = initialise(self.scripts, "i1", 1000, str(START_MS)).buckets if initialised else 64
        self.layout = Layout(buckets)
        self.frame = StoreFrame(
            self.scripts, lambda: self.layout, "i1", lambda: self.master, lambda: str(self.now_ms)
        )
        self.codes, self.checks = StoredCodes(self.frame), StoredChecks(self.frame)
        self.subscribers = StoredSubscribers(self.frame)
        self.jobs, self.slots = StoredJobs(self.frame), StoredSlots(self.frame)
        self.waiting_texts = StoredSealedTexts(self.frame)
        self.authenticators = StoredAuthenticators(self.frame)
        self.wide = StoredWideLimits(self.frame, SystemChance())
        self.log = WholeLog(StoredTail(self.frame), EmptyArchive())

    def close(self) -> None:
        """Close the connections of this thread."""
        self.thin.close()
        self.redis.close()

    def advance(self, seconds: float = 0, *, ms: int = 0, match: str = "*") -> None:
        """Let time pass: the clock goes on, and what expires by itself comes that much nearer."""
        by = round(seconds * 1000) + ms
        self.now_ms += by
        self.redis.eval(_AGE, 0, by, match)

    def token(self) -> str:
        """32 hex digits that were not given before."""
        return f"{next(self._tokens):032x}"

    def caller(self, source: str = "", key: str = "", body: str = "") -> Caller:
        """A call of its own, with an idempotency key where one is given."""
        return Caller(self.token(), source, key, body or (f"body of {key}" if key else ""))

    def digits(self) -> str:
        """Six digits that no other code has."""
        return str(100_000 + next(self._tokens))

    # --- GenerateCode

    def admit(self, subject: Subject, caller: Caller) -> Admission:
        """The first script."""
        return self.codes.admit(
            AdmitRequest(subject, caller, operation_digests(self.ring, subject.operation))
        )

    def new_code(self, subject: Subject, digits: str, *, life_s: int = 300, lease_s: float = 15.0) -> NewCode:
        """A code to be stored, under the newest key."""
        newest = self.ring.newest
        digest = self.code_digests(subject, digits)[0]
        operations = operation_digests(self.ring, subject.operation)
        return NewCode(self.token(), KeyedDigest(newest, digest.digest), operations, life_s, lease_s)

    def request(
        self, subject: Subject, caller: Caller, code: NewCode | None, stored: bytes = b""
    ) -> OpenRequest:
        """What the second script is asked for, with one event and no change of the record."""
        return OpenRequest(subject, caller, stored, None, code, (DECIDED,))

    def open(self, subject: Subject, caller: Caller, code: NewCode | None, stored: bytes = b"") -> Opening:
        """The second script."""
        return self.codes.open(self.request(subject, caller, code, stored))

    def begin(
        self,
        subject: Subject,
        caller: Caller | None = None,
        pin: ImsiMember | None = None,
        *,
        life_s: int = 300,
        lease_s: float = 15.0,
    ) -> Draft:
        """The first two scripts of a call that must get that far: the code is `sending` then."""
        caller = caller or self.caller()
        digits = self.digits()
        admitted = self.admit(subject, caller)
        assert isinstance(admitted, Admitted), admitted
        code = replace(self.new_code(subject, digits, life_s=life_s, lease_s=lease_s), pin=pin)
        assert self.open(subject, caller, code, admitted.stored) == Opened()
        return Draft(subject, caller, code, digits)

    def settle(
        self,
        draft: Draft,
        settlement: Settlement = Settlement.ACCEPTED,
        *,
        keep: bool = True,
        answer: str = "0",
        jobs: Sequence[Job] = (),
        gateway: str = "",
        fallback: Fallback | None = None,
    ) -> Draft:
        """The third script."""
        event = Event(ENDS_OF_SENDING[settlement], {"code_id": draft.code.id})
        self.codes.settle(
            SettleRequest(
                draft.subject,
                draft.caller,
                draft.code.id,
                settlement,
                keep,
                event,
                answer,
                jobs,
                gateway,
                fallback,
            )
        )
        return draft

    def generate(
        self, subject: Subject, caller: Caller | None = None, pin: ImsiMember | None = None
    ) -> Draft:
        """A whole call that is sent."""
        return self.settle(self.begin(subject, caller, pin))

    # --- CheckCode

    def code_digests(self, subject: Subject, digits: str) -> tuple[KeyedDigest, ...]:
        """What a caller's digits are compared as: under the two newest keys."""
        tenant, purpose = subject.tenant.id, subject.operation.purpose
        return tuple(
            KeyedDigest(
                version,
                code_digest(self.ring, version, tenant, subject.number, purpose, Code(digits)),
            )
            for version in self.ring.versions()[:2]
        )

    def check(
        self, subject: Subject, digits: str, caller: Caller | None = None, *, pinned: bool = False
    ) -> CheckOutcome:
        """The one script."""
        return self.checks.check(
            CheckRequest(
                subject,
                caller or self.caller(),
                self.code_digests(subject, digits),
                operation_digests(self.ring, subject.operation),
                pinned,
            )
        )

    def guess(self, subject: Subject, times: int, source: str = "") -> list[CheckOutcome]:
        """Wrong digits, so many times."""
        return [self.check(subject, "000000", self.caller(source)) for _ in range(times)]

    # --- looking in

    def keys(self, subject: Subject) -> NumberKeys:
        """Names of the number's keys."""
        return self.layout.of(subject.tenant.id, subject.number)

    def keys_of(self, number: Msisdn) -> NumberKeys:
        """Names of the number's keys at the usual tenant."""
        return self.layout.of(FREE.id, number)

    def state(self, subject: Subject) -> str:
        """The state of the slot's newest code, empty where there was none."""
        found = self.redis.hget(self.keys(subject).slot(subject.operation.purpose), "st")
        return found.decode() if found else ""

    def sealed(self, subject: Subject) -> bytes | None:
        """What lies in the store for another channel: the name of the code and its sealed text."""
        found: bytes | None = self.redis.get(self.keys(subject).sealed(subject.operation.purpose))
        return found

    def places(self, subject: Subject, window: str) -> int:
        """How many calls a window of the number holds."""
        return int(self.redis.llen(self.keys(subject).of_number(window)))

    def events(self, subject: Subject) -> list[dict[str, Any]]:
        """The number's events, oldest first."""
        found = [json.loads(text) for text in self.texts(self.keys(subject).shard)]
        return [event for event in found if event["subject"].get("number") == subject.number.digits]

    def texts(self, shard: str) -> list[bytes]:
        """The texts of all events of a shard, oldest first."""
        return [fields[b"e"] for _, fields in self.redis.xrange(f"{{{shard}}}:events")]

    def kinds(self, subject: Subject) -> list[str]:
        """The kinds of the number's events, oldest first."""
        return [event["kind"] for event in self.events(subject)]

    def reasons(self, subject: Subject) -> list[str]:
        """The reasons that the audit tells of the number's checks, oldest first."""
        return [
            event["outcome"]["reason"] for event in self.events(subject) if event["kind"] == "code_checked"
        ]


def fallback(draft: Draft, sealed: bytes = b"sealed", due_in_s: float = 30.0) -> Fallback:
    """What waits for another channel, with the job that sends it."""
    whom, code_id = draft.subject, draft.code.id
    data = (("code", code_id), ("operator", "25001"), ("purpose", whom.operation.purpose))
    job = Job(f"f{code_id}", JobKind.FALLBACK, whom.tenant.id, whom.number, data, due_in_s)
    return Fallback(sealed, job)


def subject(number: Msisdn = NUMBER, operation: Operation | None = None, tenant: Tenant = FREE) -> Subject:
    """Whom a call is about; without windows where no tenant is given."""
    return Subject(tenant, number, operation or Operation())


def messaged() -> Subscriber:
    """A record that differs from an empty one."""
    return Subscriber(messaged=True)
