"""Keeps what each event leaves behind, in the transaction that appends it; reading is `state_reader`'s."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from security_service.archive.archived_event import ArchivedEvent
from security_service.archive.state_tables import GUESS_STATES, MANAGEMENT_STATES, RECORD_STATES
from security_service.domain.audit import EventKind
from security_service.domain.guess_state import after_event
from security_service.domain.kept_states import ManagedKind, key_value
from security_service.domain.policy_rows import version_field, version_row
from security_service.domain.policy_versions import PolicyVersion

INSTALLATION: Final = "installation"
"""The kind of the one row that tells the installation and its count of buckets."""

_READ_AT_ONCE: Final = 400
_LONGEST_ID: Final = 255
_LONGEST_NAME: Final = 64

_Subscriber = tuple[str, str]
_Managed = tuple[str, str]


def forget_lost(connection: Connection, events: Sequence[ArchivedEvent]) -> None:
    """Forget what an earlier store held, where a person began anew with an empty one.

    A store that is initialised begins every shard at 1, one that begins anew behind what is archived.
    """
    anew = [event for event in events if event.kind == EventKind.STORE_INITIALISED and event.seq > 1]
    for event in anew:
        for table in (RECORD_STATES, GUESS_STATES):
            connection.execute(delete(table).where(table.c.shard == event.shard))
    if anew:
        # what is managed lies in a shard of its own, of which newer events may be here already
        before = min(event.at_ms for event in anew)
        connection.execute(delete(MANAGEMENT_STATES).where(MANAGEMENT_STATES.c.at_ms < before))


def keep_records(connection: Connection, events: Sequence[ArchivedEvent]) -> None:
    """Keep the newest record of every subscriber that the events tell of."""
    newest: dict[_Subscriber, dict[str, object]] = {}
    for event in events:
        record = event.read["facts"].get("record")
        if isinstance(record, str) and _is_of_a_subscriber(event):
            newest[event.tenant, event.number] = {**_place(event), "record": record}
    _upsert(connection, RECORD_STATES, newest.values())


def keep_guesses(connection: Connection, events: Sequence[ArchivedEvent]) -> None:
    """Keep what the events of guesses and locks add up to."""
    telling = [
        event for event in events if _is_of_a_subscriber(event) and after_event({}, event.read) is not None
    ]
    states = _guesses(connection, {(event.tenant, event.number) for event in telling})
    held = set(states)
    places: dict[_Subscriber, dict[str, object]] = {}
    for event in telling:
        whom = event.tenant, event.number
        states[whom] = after_event(states.get(whom, {}), event.read) or {}
        places[whom] = _place(event)
    rows = [
        {**place, "state": json.dumps(states[whom], sort_keys=True)}
        for whom, place in places.items()
        if states[whom]
    ]
    gone = [whom for whom in places if whom in held and not states[whom]]
    _upsert(connection, GUESS_STATES, rows)
    if gone:
        connection.execute(
            delete(GUESS_STATES).where(
                GUESS_STATES.c.tenant == bindparam("whose"), GUESS_STATES.c.number == bindparam("which")
            ),
            [{"whose": tenant, "which": number} for tenant, number in gone],
        )


def keep_managed(connection: Connection, events: Sequence[ArchivedEvent]) -> None:
    """Keep tenants, keys, policies, bans, words of trust and the installation."""
    newest: dict[_Managed, tuple[str | None, int]] = {}
    for event in events:
        told = _MANAGED.get(event.kind)
        for kind, name, document in () if told is None else told(event.read):
            if len(name) <= _LONGEST_ID:
                newest[kind, name] = (document, event.at_ms)
    rows = [
        {"kind": kind, "id": name, "document": document, "at_ms": at_ms}
        for (kind, name), (document, at_ms) in newest.items()
        if document is not None
    ]
    _upsert(connection, MANAGEMENT_STATES, rows)
    gone = [{"whose": kind, "which": name} for (kind, name), state in newest.items() if state[0] is None]
    if gone:
        of_kind = MANAGEMENT_STATES.c.kind == bindparam("whose")
        connection.execute(
            delete(MANAGEMENT_STATES).where(of_kind, MANAGEMENT_STATES.c.id == bindparam("which")), gone
        )


def _is_of_a_subscriber(event: ArchivedEvent) -> bool:
    return bool(event.number) and max(len(event.tenant), len(event.number)) <= _LONGEST_NAME


def _place(event: ArchivedEvent) -> dict[str, object]:
    return {
        "tenant": event.tenant,
        "number": event.number,
        "shard": event.shard,
        "seq": event.seq,
        "at_ms": event.at_ms,
    }


def _guesses(connection: Connection, whom: set[_Subscriber]) -> dict[_Subscriber, dict[str, str]]:
    """Read states tenant by tenant, so that each is found by its key and not by a scan."""
    table = GUESS_STATES.c
    found: dict[_Subscriber, dict[str, str]] = {}
    for tenant in {tenant for tenant, _ in whom}:
        numbers = sorted(number for of, number in whom if of == tenant)
        for start in range(0, len(numbers), _READ_AT_ONCE):
            some = numbers[start : start + _READ_AT_ONCE]
            rows = connection.execute(
                select(table.number, table.state).where(table.tenant == tenant, table.number.in_(some))
            )
            found.update({(tenant, row.number): json.loads(row.state) for row in rows})
    return found


def _upsert(connection: Connection, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows, each in the place of the one with its key."""
    given = list(rows)
    if not given:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    values = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), given)


# --- what is managed: (kind, id, document or None where it is gone) of each state that an event tells

_Told = Sequence[tuple[str, str, str | None]]


def _installation(event: Mapping[str, Any]) -> _Told:
    buckets, installation = event["facts"].get("buckets"), event["facts"].get("installation")
    if not isinstance(buckets, int) or not isinstance(installation, str):
        return ()
    return ((INSTALLATION, "", json.dumps({"buckets": buckets, "installation": installation})),)


def _tenant(event: Mapping[str, Any]) -> _Told:
    tenant, document = event["subject"].get("tenant"), event["facts"].get("document")
    if not isinstance(tenant, str) or not isinstance(document, str):
        return ()
    return ((ManagedKind.TENANT.value, tenant, document),)


def _key(event: Mapping[str, Any]) -> _Told:
    """A key that ends later is still one; a revoked one is gone, so that it never comes back."""
    facts, tenant = event["facts"], event["subject"].get("tenant")
    digest, name, until_ms = facts.get("digest"), facts.get("key"), facts.get("until_ms", 0)
    issued_ms = facts.get("issued_ms", 0)
    if not isinstance(digest, str) or not isinstance(name, str) or not isinstance(tenant, str):
        return ()
    is_gone = event["kind"] == EventKind.KEY_REVOKED and not until_ms
    value = None if is_gone else key_value(tenant, name, until_ms, issued_ms)
    return ((ManagedKind.KEY.value, digest, value),)


def _ban(event: Mapping[str, Any]) -> _Told:
    """A ban, or that it was lifted: in the form in which the store holds it (`ban_imsi.lua`)."""
    facts, tenant = event["facts"], event["subject"].get("tenant")
    imsi, case, rest = facts.get("imsi"), facts.get("case"), facts.get("entry")
    if not all(isinstance(one, str) for one in (tenant, imsi, case, rest)):
        return ()
    mark = "b" if event["kind"] == EventKind.IMSI_BANNED else "l"
    entry = f"{mark} {case} {event.get('at', 0)} {rest}"
    return ((ManagedKind.BAN.value, f"{tenant}:{imsi}", entry),)


def _trust(event: Mapping[str, Any]) -> _Told:
    subject, entry = event["subject"], event["facts"].get("entry")
    if not isinstance(entry, str):
        return ()
    return ((ManagedKind.TRUST.value, f"{subject.get('mcc_mnc', '')}:{subject.get('source', '')}", entry),)


def _policy(event: Mapping[str, Any]) -> _Told:
    """What holds for the name, and the text of each version: published, or of a file before the first."""
    facts = event["facts"]
    name, head = facts.get("name"), facts.get("head")
    version, text = facts.get("version"), facts.get("document")
    if not all(isinstance(one, str) for one in (name, head, version, text)):
        return ()
    kept = [] if facts.get("rolled_back") else [_version(event, version, text)]
    before, replaced = facts.get("before"), facts.get("before_document")
    if isinstance(before, str) and isinstance(replaced, str):
        kept.append(PolicyVersion(before, replaced))
    rows = [(ManagedKind.POLICY.value, version_field(name, one.version), version_row(one)) for one in kept]
    return ((ManagedKind.POLICY.value, name, head), *rows)


def _version(event: Mapping[str, Any], version: str, text: str) -> PolicyVersion:
    facts = event["facts"]
    return PolicyVersion(
        version, text, str(facts.get("actor", "")), str(facts.get("reason", "")), int(event.get("at", 0))
    )


_MANAGED: Final[Mapping[str, Callable[[Mapping[str, Any]], _Told]]] = {
    EventKind.STORE_INITIALISED: _installation,
    EventKind.STORE_REBUILT: _installation,
    EventKind.TENANT_SAVED: _tenant,
    EventKind.KEY_ISSUED: _key,
    EventKind.KEY_REVOKED: _key,
    EventKind.IMSI_BANNED: _ban,
    EventKind.IMSI_UNBANNED: _ban,
    EventKind.TRUST_SET: _trust,
    EventKind.TRUST_EASED: _trust,
    EventKind.TRUST_LEARNT: _trust,
    EventKind.TRUST_DEMOTED: _trust,
    EventKind.POLICY_PUBLISHED: _policy,
}
