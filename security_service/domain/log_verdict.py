"""What verifying can end in, as closed types; leaves finding out to its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from security_service.domain.audit import Json
from security_service.domain.log_head import LogHead, SignatureCheck, SignedHead


class FaultCode(StrEnum):
    """What is wrong with a log, a proof or a pack."""

    UNREADABLE = "unreadable"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown_key"
    WRONG_SIGNATURE = "wrong_signature"
    OTHER_LOG = "other_log"
    OUT_OF_ORDER = "out_of_order"
    CHANGED = "changed"
    GAP = "gap"
    REPETITION = "repetition"
    CUT_OFF = "cut_off"
    TOO_LONG = "too_long"
    ROOT_DIFFERS = "root_differs"
    TWO_ROOTS = "two_roots"
    NOT_CONSISTENT = "not_consistent"
    NOT_INCLUDED = "not_included"
    SUMMARY_DIFFERS = "summary_differs"
    NOT_WHOLE = "not_whole"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is: the leaf (from 0), and the event's shard and number in it where they are known."""

    leaf: int | None = None
    shard: str = ""
    seq: int | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong, in one sentence for a person."""

    code: FaultCode
    sentence: str
    place: Place = NOWHERE

    def document(self) -> dict[str, Json]:
        """Give the fault as members of a JSON object."""
        place = self.place
        where: dict[str, Json] = {"leaf": place.leaf, "seq": place.seq, "shard": place.shard or None}
        return {"fault": {"code": self.code.value, "sentence": self.sentence, **where}, "ok": False}


@dataclass(frozen=True, slots=True)
class Proved:
    """It is what it says. `sentences` say what was proved and what was not looked at."""

    sentences: tuple[str, ...]
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)

    def document(self) -> dict[str, Json]:
        """Give the result as members of a JSON object."""
        return {**self.facts, "notes": list(self.notes), "ok": True, "proved": list(self.sentences)}


class FaultFound(Exception):
    """Carries a fault out of a stream; never leaves the function that verifies."""

    def __init__(self, code: FaultCode, sentence: str, place: Place = NOWHERE) -> None:
        self.fault = Fault(code, sentence, place)
        super().__init__(sentence)


def demand_signature(state: SignatureCheck, what: str, key_id: str) -> None:
    """Raise FaultFound unless the signature is good."""
    if state is SignatureCheck.GOOD:
        return
    if state is SignatureCheck.UNSIGNED:
        raise FaultFound(FaultCode.UNSIGNED, f"{what} is not signed")
    if state is SignatureCheck.UNKNOWN_KEY:
        named = f"the key {key_id}" if key_id.isalnum() and len(key_id) <= 64 else "a key"
        sentence = f"{what} is signed with {named}, which is none of the keys given"
        raise FaultFound(FaultCode.UNKNOWN_KEY, sentence)
    raise FaultFound(FaultCode.WRONG_SIGNATURE, f"the signature of {what} is wrong")


def head_facts(signed: SignedHead) -> dict[str, Json]:
    """Give what a result tells of the head it rests on."""
    head: LogHead = signed.head
    return {
        "at": head.at_ms,
        "key": signed.key_id,
        "log": head.log,
        "root": head.root.hex(),
        "size": head.size,
    }
