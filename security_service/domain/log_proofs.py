"""Proofs in a file: that one event is in the log, that a log only grew; leaves keys to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from security_service.domain.audit import Json, canonical
from security_service.domain.log_check import moment
from security_service.domain.log_file import Leaf, read_event
from security_service.domain.log_head import (
    CheckSignature,
    SignedHead,
    Unreadable,
    bytes_of,
    count_of,
    exactly,
    hashes_of,
    signed_head_of,
    text_of,
)
from security_service.domain.log_verdict import (
    Fault,
    FaultCode,
    FaultFound,
    Place,
    Proved,
    demand_signature,
    head_facts,
)
from security_service.domain.merkle import HASH_BYTES, leaf_hash, verify_consistency, verify_inclusion

INCLUSION: Final = "inclusion"
CONSISTENCY: Final = "consistency"
VERSION: Final = 1

_INCLUSION: Final = frozenset({"etalon", "event", "hash", "head", "leaf", "proof", "v"})
_CONSISTENCY: Final = frozenset({"etalon", "from", "log", "proof", "to", "v"})


def inclusion_document(leaf: Leaf, proof: Sequence[bytes], signed: SignedHead) -> dict[str, Json]:
    """Give the proof that a leaf is in the log under a head; an event that was pruned is null."""
    return {
        "etalon": INCLUSION,
        "event": None if leaf.text is None else leaf.text.decode("utf-8"),
        "hash": leaf.digest.hex(),
        "head": signed.members(),
        "leaf": leaf.number,
        "proof": [one.hex() for one in proof],
        "v": VERSION,
    }


def consistency_document(log: str, old_size: int, new_size: int, proof: Sequence[bytes]) -> dict[str, Json]:
    """Give the proof that the log of `new_size` leaves begins with that of `old_size`."""
    return {
        "etalon": CONSISTENCY,
        "from": old_size,
        "log": log,
        "proof": [one.hex() for one in proof],
        "to": new_size,
        "v": VERSION,
    }


def verify_inclusion_file(
    read: object, check: CheckSignature, heads: Iterable[SignedHead] = ()
) -> Proved | Fault:
    """Verify an inclusion proof; a published head of the same size must have the same root."""
    try:
        return _inclusion(formed(read, INCLUSION, _INCLUSION), check, heads)
    except Unreadable as error:
        return Fault(FaultCode.UNREADABLE, f"the proof cannot be read: {error}")
    except FaultFound as found:
        return found.fault


def _inclusion(members: Mapping[str, object], check: CheckSignature, heads: Iterable[SignedHead]) -> Proved:
    number, digest = count_of(members["leaf"]), bytes_of(members["hash"], HASH_BYTES)
    signed = signed_head_of(members["head"])
    demand_signature(signed.check(check), "the head of the proof", signed.key_id)
    place, told = Place(number), f"leaf {number}"
    if members["event"] is not None:
        text = encoded(text_of(members["event"]))
        event = read_event(text)
        place = Place(number, text_of(event["shard"]), count_of(event["seq"]))
        told = f"event {place.seq} of shard {place.shard}, leaf {number},"
        if leaf_hash(text) != digest:
            raise FaultFound(FaultCode.CHANGED, f"{told} was changed: its text is not what was hashed", place)
    if not verify_inclusion(number, signed.head.size, digest, hashes_of(members["proof"]), signed.head.root):
        sentence = f"{told} is not in the log under this head: the proof is that of something else"
        raise FaultFound(FaultCode.NOT_INCLUDED, sentence, place)
    notes = agreeing(heads, signed, check)
    sentence = f"{told} is in log {signed.head.log} under its head of {moment(signed.head.at_ms)}"
    facts = {**head_facts(signed), "kind": INCLUSION, "leaf": number}
    return Proved((sentence,), notes, facts)


def verify_growth(old: SignedHead, new: SignedHead, read: object, check: CheckSignature) -> Proved | Fault:
    """Verify that the log of the newer head begins with that of the older one."""
    try:
        for name, signed in (("older", old), ("newer", new)):
            demand_signature(signed.check(check), f"the {name} head", signed.key_id)
        return _growth(old, new, formed(read, CONSISTENCY, _CONSISTENCY))
    except Unreadable as error:
        return Fault(FaultCode.UNREADABLE, f"the proof cannot be read: {error}")
    except FaultFound as found:
        return found.fault


def _growth(old: SignedHead, new: SignedHead, members: Mapping[str, object]) -> Proved:
    before, after = old.head, new.head
    if before.log != after.log or text_of(members["log"]) != after.log:
        raise FaultFound(FaultCode.OTHER_LOG, "the heads and the proof are not of one log")
    if before.size > after.size:
        sentence = (
            f"the newer head has {after.size} events, the older one {before.size}: the log was cut back"
        )
        raise FaultFound(FaultCode.CUT_OFF, sentence, Place(after.size))
    sizes = count_of(members["from"]), count_of(members["to"])
    if sizes != (before.size, after.size):
        sentence = f"the proof is about {sizes[0]} and {sizes[1]} events, not about those of the heads"
        raise FaultFound(FaultCode.NOT_CONSISTENT, sentence)
    proof = hashes_of(members["proof"])
    if not verify_consistency(before.size, before.root, after.size, after.root, proof):
        sentence = f"the log of {after.size} events does not begin with the {before.size} of the older head"
        raise FaultFound(FaultCode.NOT_CONSISTENT, f"{sentence}: its past was changed", Place(0))
    sentence = (
        f"log {after.log} grew from {before.size} to {after.size} events, and nothing before was changed"
    )
    return Proved((sentence,), (), {**head_facts(new), "from": before.size, "kind": CONSISTENCY})


def formed(read: object, form: str, names: frozenset[str]) -> Mapping[str, object]:
    """Demand an object of a form and version that this program knows; raises Unreadable."""
    members = exactly(read, names, f"of the form {form}")
    if members["etalon"] != form or members["v"] != VERSION:
        raise Unreadable(f"not of the form {form} in a version that this program knows")
    return members


def agreeing(heads: Iterable[SignedHead], signed: SignedHead, check: CheckSignature) -> tuple[str, ...]:
    """Hold a head against published ones of its size; gives notes. Raises FaultFound where one differs."""
    head, given, agree = signed.head, 0, 0
    for other in heads:
        given += 1
        if other.head.size != head.size:
            continue
        demand_signature(other.check(check), f"the published head of size {head.size}", other.key_id)
        if (other.head.log, other.head.root) != (head.log, head.root):
            sentence = f"the head of size {head.size} is not the one that was published: the log was forked"
            raise FaultFound(FaultCode.TWO_ROOTS, sentence)
        agree += 1
    return () if agree or not given else (f"no published head of size {head.size} was given to compare",)


def encoded(text: str) -> bytes:
    """Give a text's UTF-8; raises Unreadable for half a character, which no event holds."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Unreadable("a text with half a character") from None


def canonical_bytes(value: Json) -> bytes:
    """Give the bytes of a value's canonical text; raises Unreadable for what no event holds."""
    try:
        return encoded(canonical(value))
    except (ValueError, RecursionError):
        raise Unreadable("numbers or nesting that no event holds") from None
