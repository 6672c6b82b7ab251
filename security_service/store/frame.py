"""What every call to the scripts carries, and values in the form that scripts take; calls nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.audit import Event, EventKind, canonical
from security_service.domain.codes import Caller, KeyedDigest, Subject
from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job, JobKind
from security_service.domain.secret import Msisdn
from security_service.store.connection import Argument, Reply, Scripts
from security_service.store.job_bodies import job_body
from security_service.store.keys import MANAGEMENT, Layout, NumberKeys, shard_key
from security_service.store.scripts import Script

MANAGED: Final = shard_key(MANAGEMENT, "installation")
"""The marker of the management shard: whose installation the store is, and its count of buckets."""


@dataclass(frozen=True, slots=True)
class StoreFrame:
    """Client, layout, installation, and the time where a test tells it.

    `placed` gives the layout, which is known once the store is initialised. `now` gives Unix
    milliseconds as text, or '' for the store's own time. `epoch` names the master that codes are
    bound to, '' where the store is not replicated.
    """

    scripts: Scripts
    placed: Callable[[], Layout]
    installation: str
    epoch: Callable[[], str] = lambda: ""
    now: Callable[[], str] = lambda: ""

    def run_ours(
        self, script: Script, keys: Sequence[str], marker: str, arguments: Sequence[Argument]
    ) -> list[Reply]:
        """Run a script that refuses a store that was emptied or is another installation's.

        `marker` is the installation's key; it goes last, as the id does among the arguments.
        Raises StoreUnavailable where the script refuses, and then nothing was written.
        """
        reply = self.scripts.run(script, [*keys, marker], [*arguments, self.installation])
        if reply[0] == b"other_store":
            raise StoreUnavailable("other_store")
        return reply

    @property
    def layout(self) -> Layout:
        """The layout in force."""
        return self.placed()


def journal(keys: NumberKeys) -> list[str]:
    """The keys of events and jobs, in the order in which the scripts take them."""
    return [keys.of_shard(what) for what in ("events", "seq", "queue", "bodies")]


def subject_text(tenant: str, number: Msisdn) -> str:
    """The subject of an event, as canonical JSON."""
    return canonical({"number": number.digits, "tenant": tenant})


def subject_of(subject: Subject) -> str:
    """The subject of a call's events, as canonical JSON."""
    return subject_text(subject.tenant.id, subject.number)


def digests_text(digests: Sequence[KeyedDigest]) -> str:
    """Digests as scripts take them: `version:hex;…`, newest first."""
    return "".join(f"{one.version}:{one.digest.hex()};" for one in digests)


def event_arguments(events: Sequence[Event]) -> list[Argument]:
    """Events as scripts take them: kind and facts of each in turn."""
    arguments: list[Argument] = []
    for event in events:
        arguments += [event.kind.value, canonical(event.facts)]
    return arguments


def with_record(events: Sequence[Event], record: bytes) -> list[Event]:
    """Events of a batch that leaves `record` behind: the last one carries it, so that it can be rebuilt.

    What is packed holds no clear IMSI and no secret: IMSIs are HMACs there (see `records`).
    """
    if not events:
        events = [Event(EventKind.RECORD_REFRESHED, {})]
    last = events[-1]
    facts = {**last.facts, "record": b64encode(record).decode("ascii")}
    return [*events[:-1], Event(last.kind, facts)]


def refusal_arguments(operation: str, subject: Subject, caller: Caller) -> list[Argument]:
    """Facts of a refusal, and the job that counts the rest of them at the window's end."""
    facts = canonical(
        {
            "operation": operation,
            "purpose": subject.operation.purpose,
            "request_id": caller.request_id,
            "source": caller.source,
        }
    )
    job_id = f"q{caller.request_id}."
    job = Job(job_id, JobKind.REFUSALS, subject.tenant.id, subject.number, (("window", "@window@"),))
    return [facts, job_id, job_body(job)]


def whole(value: Reply) -> int:
    """A number of a reply."""
    if isinstance(value, int):
        return value
    if isinstance(value, bytes):
        return int(value)
    raise TypeError(f"a number was expected of the script, not {type(value).__name__}")


def raw(value: Reply) -> bytes:
    """A text of a reply as bytes."""
    if isinstance(value, bytes):
        return value
    raise TypeError(f"a text was expected of the script, not {type(value).__name__}")


def words(value: Reply) -> str:
    """A text of a reply."""
    return raw(value).decode("utf-8")


def seconds_up(milliseconds: Reply) -> int:
    """Milliseconds of a reply as whole seconds, rounded up."""
    return -(-whole(milliseconds) // 1000)
