"""The evidence pack of one code: its events under one signed head; leaves finding them to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from security_service.domain.audit import EventKind, Json, canonical
from security_service.domain.evidence_words import SUMMARY_VERSION, summary
from security_service.domain.log_check import moment
from security_service.domain.log_file import read_event
from security_service.domain.log_head import (
    CheckSignature,
    SignatureCheck,
    SignedHead,
    Unreadable,
    bytes_of,
    count_of,
    exactly,
    hashes_of,
    read_json,
    signed_head_of,
    text_of,
)
from security_service.domain.log_proofs import VERSION, agreeing, canonical_bytes, formed
from security_service.domain.log_verdict import (
    Fault,
    FaultCode,
    FaultFound,
    Place,
    Proved,
    demand_signature,
    head_facts,
)
from security_service.domain.merkle import leaf_hash, verify_inclusion

FORM: Final = "evidence"
_PACK: Final = frozenset({"body", "etalon", "key", "signature", "v"})
_BODY: Final = frozenset({"at", "by", "code_id", "events", "head", "number", "summary", "tenant"})
_EVENT: Final = frozenset({"event", "leaf", "proof"})
_OF_A_SOURCE: Final = frozenset(
    kind.value
    for kind in (
        EventKind.TRUST_SET,
        EventKind.TRUST_EASED,
        EventKind.TRUST_LEARNT,
        EventKind.TRUST_DEMOTED,
        EventKind.POLICY_PUBLISHED,
    )
)


@dataclass(frozen=True, slots=True)
class ProvedEvent:
    """An event's canonical text, its leaf, and the proof that it is in the log under the pack's head."""

    leaf: int
    text: str
    proof: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class PackSubject:
    """Which code a pack is about, who asked for it, and when (Unix milliseconds)."""

    tenant: str
    number: str
    code_id: str
    by: str
    at_ms: int


def pack_body(subject: PackSubject, events: Sequence[ProvedEvent], signed: SignedHead) -> dict[str, Json]:
    """Give what of a pack is signed: the events in the order of their leaves, and what they say in words."""
    read = [cast("dict[str, Json]", read_json(event.text)) for event in events]
    return {
        "at": subject.at_ms,
        "by": subject.by,
        "code_id": subject.code_id,
        "events": [
            {"event": said, "leaf": event.leaf, "proof": [one.hex() for one in event.proof]}
            for event, said in zip(events, read, strict=True)
        ],
        "head": signed.members(),
        "number": subject.number,
        "summary": summary(read),
        "tenant": subject.tenant,
    }


def body_bytes(body: Mapping[str, Json]) -> bytes:
    """Give the bytes that a pack's signature is made over."""
    return canonical(body).encode("utf-8")


def pack_document(body: Mapping[str, Json], key_id: str, signature: bytes) -> dict[str, Json]:
    """Give the whole pack."""
    return {"body": body, "etalon": FORM, "key": key_id, "signature": signature.hex(), "v": VERSION}


def verify_pack(read: object, check: CheckSignature, heads: Iterable[SignedHead] = ()) -> Proved | Fault:
    """Verify a pack: its signature, its head, every event under it, and that the summary says what they say.

    That no event of the code was left out is what the signature vouches for; the log itself shows it.
    """
    try:
        pack = formed(read, FORM, _PACK)
        body = exactly(pack["body"], _BODY, "the body of an evidence pack")
        key_id, signature = text_of(pack["key"]), bytes_of(pack["signature"])
        signed_bytes = canonical_bytes(cast("dict[str, Json]", body))
        state = check(key_id, signed_bytes, signature) if signature else SignatureCheck.UNSIGNED
        demand_signature(state, "the evidence pack", key_id)
        signed = signed_head_of(body["head"])
        demand_signature(signed.check(check), "the head in the pack", signed.key_id)
        events = _events(body, signed)
        notes = [*agreeing(heads, signed, check), *_summary_notes(body, events)]
        return _proved(body, signed, events, notes)
    except Unreadable as error:
        return Fault(FaultCode.UNREADABLE, f"the evidence pack cannot be read: {error}")
    except FaultFound as found:
        return found.fault


def _events(body: Mapping[str, object], signed: SignedHead) -> list[Mapping[str, object]]:
    given = body["events"]
    if not isinstance(given, list) or not given:
        raise Unreadable("it holds no events")
    events: list[Mapping[str, object]] = []
    last = -1
    for one in given:
        members = exactly(one, _EVENT, "an event of a pack")
        leaf, text = count_of(members["leaf"]), canonical_bytes(cast("Json", members["event"]))
        event = read_event(text)
        place = Place(leaf, text_of(event["shard"]), count_of(event["seq"]))
        told = f"event {place.seq} of shard {place.shard}, leaf {leaf},"
        if leaf <= last:
            raise FaultFound(FaultCode.REPETITION, f"{told} stands twice or out of order in the pack", place)
        last, head = leaf, signed.head
        proof = hashes_of(members["proof"])
        if not verify_inclusion(leaf, head.size, leaf_hash(text), proof, head.root):
            sentence = (
                f"{told} is not in the log under the pack's head: changed, or proved by another's proof"
            )
            raise FaultFound(FaultCode.NOT_INCLUDED, sentence, place)
        if not _belongs(event, body):
            raise FaultFound(FaultCode.NOT_INCLUDED, f"{told} is about something else than this code", place)
        events.append(event)
    if not any(event["kind"] == EventKind.GATE_DECIDED and _is_of_code(event, body) for event in events):
        raise FaultFound(FaultCode.NOT_INCLUDED, "the pack holds no decision about the code that it names")
    return events


def _belongs(event: Mapping[str, object], body: Mapping[str, object]) -> bool:
    """An event of the code, of its number, or of the sources and policies that were asked."""
    subject = event["subject"]
    if not isinstance(subject, dict):
        return False
    if subject.get("number") == body["number"] and subject.get("tenant") == body["tenant"]:
        return True
    return event["kind"] in _OF_A_SOURCE and "number" not in subject


def _is_of_code(event: Mapping[str, object], body: Mapping[str, object]) -> bool:
    facts = event["facts"]
    return isinstance(facts, dict) and facts.get("code_id") == body["code_id"]


def _summary_notes(body: Mapping[str, object], events: Sequence[Mapping[str, object]]) -> Sequence[str]:
    told = body["summary"]
    if not isinstance(told, dict) or told.get("v") != SUMMARY_VERSION:
        return ("its summary is in words of another version and was not compared with the events",)
    if told != summary(cast("Sequence[Mapping[str, Json]]", events)):
        raise FaultFound(FaultCode.SUMMARY_DIFFERS, "the summary does not say what the events say")
    return ()


def _proved(
    body: Mapping[str, object],
    signed: SignedHead,
    events: Sequence[Mapping[str, object]],
    notes: Sequence[str],
) -> Proved:
    code_id, made = text_of(body["code_id"]), moment(count_of(body["at"]))
    tenant, by = text_of(body["tenant"]), text_of(body["by"])
    head_at = moment(signed.head.at_ms)
    sentences = (
        f"evidence of code {code_id} of tenant {tenant}, made by {by} at {made}, is as it was signed",
        f"its {len(events)} events are in log {signed.head.log} under its head of {head_at}",
    )
    facts: dict[str, Json] = {**head_facts(signed), "code_id": code_id, "events": len(events), "kind": FORM}
    return Proved(sentences, tuple(notes), facts)
