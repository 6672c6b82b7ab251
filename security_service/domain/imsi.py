"""Reference IMSIs and how a fresh answer compares with them; leaves verdicts to the gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from hashlib import md5, sha1, sha256
from typing import Final, assert_never

from security_service.domain.lookup import (
    Liveness,
    LookupAnswer,
    NoData,
    Reachable,
    SimNotSeen,
    SimSeen,
    SwapDated,
)
from security_service.domain.secret import Imsi, KeyRing

IMSI_DIGITS: Final = "imsi"
"""The representation of an IMSI that was given as digits."""

_HASH: Final = re.compile(r"[A-Za-z0-9+/=_.:-]+")
_MOST_RETIRED: Final = 8


class ImsiForm(StrEnum):
    """How a tenant writes `IMSICode`: digits, or a hex digest of the digits."""

    DIGITS = "digits"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"


class Grade(IntEnum):
    """How much stands behind a member of a reference; the number is what is stored."""

    FIRST_SEEN = 1
    DATED = 2
    CONFIRMED = 3

    @property
    def word(self) -> str:
        """The name in API, audit and policy documents."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class ImsiMember:
    """An IMSI as it is stored: (key version, representation, HMAC), MCC-MNC beside it in the clear."""

    key_version: int
    representation: str
    digest: bytes = field(repr=False)
    mcc_mnc: str = field(default="", compare=False)

    def token(self) -> str:
        """The form that stands in the audit log: key version, representation and hex digest."""
        return f"{self.key_version}:{self.representation}:{self.digest.hex()}"


@dataclass(frozen=True, slots=True)
class SealedImsi:
    """One fresh IMSI under every key version at hand, and in each form that must be compared."""

    members: tuple[ImsiMember, ...]

    def newest(self) -> ImsiMember:
        """The member that is stored: the source's own representation under the newest key."""
        return self.members[0]

    def under(self, other: ImsiMember) -> ImsiMember | None:
        """The member of this IMSI that may be compared with `other`, None where there is none."""
        for member in self.members:
            if (member.key_version, member.representation) == (other.key_version, other.representation):
                return member
        return None

    def equals(self, other: ImsiMember) -> bool:
        """True where `other` may be compared with this IMSI and is the same one."""
        member = self.under(other)
        return member is not None and member.digest == other.digest

    def rewritten(self, other: ImsiMember) -> ImsiMember:
        """Give an equal member under the newest key; an operator known before is not forgotten."""
        newest = next(member for member in self.members if member.representation == other.representation)
        return newest if newest.mcc_mnc else replace(newest, mcc_mnc=other.mcc_mnc)


@dataclass(frozen=True, slots=True)
class ReferenceMember:
    """A trusted IMSI. Times are Unix seconds; `age_waived` says that a person vouched for a new SIM."""

    imsi: ImsiMember
    first_seen: int
    last_seen: int
    grade: Grade
    age_waived: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """The IMSIs trusted for a subscriber, and those that were and must not come back unasked."""

    members: tuple[ReferenceMember, ...] = ()
    retired: tuple[ImsiMember, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.members)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The last IMSI seen that is not in the reference; times are Unix seconds."""

    imsi: ImsiMember
    first_seen: int
    last_seen: int


class SimState(StrEnum):
    """What the SIM answer adds up to (design, section 1)."""

    NOT_ASKED = "not_asked"
    FIRST_SEEN = "first_seen"
    SAME = "same"
    CHANGED = "changed"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class SimAnswer:
    """The SIM answer that the gate decides on.

    `imsi` is there for first_seen, same and changed; `matched` for same. `mcc_mnc`, `country`
    and `roaming` are the source's, where it told them. The last swap lies between `swapped_from`
    and `swapped_at` (Unix seconds); the later one decides, so that a vague date never makes a SIM
    look older than it may be. A `learning` source may not say `changed`; `eased` says that a lead
    lets a changed SIM of this operator step up (design, section 3, mass-change guard). `banned` says
    that the tenant banned this IMSI after a fraud.
    """

    state: SimState
    no_data: NoData | None = None
    source: str = ""
    detail: str = ""
    imsi: SealedImsi | None = None
    matched: ReferenceMember | None = None
    mcc_mnc: str = ""
    country: str = ""
    roaming: bool | None = None
    swapped_at: int | None = None
    swapped_from: int | None = None
    learning: bool = False
    eased: bool = False
    banned: bool = False

    def token(self) -> str:
        """`same`, `changed`, … or `no_data:absent`; the word of policies, audit and metrics."""
        return f"no_data:{self.no_data.value}" if self.no_data else self.state.value


NOT_ASKED: Final = SimAnswer(SimState.NOT_ASKED)


def no_data(kind: NoData, *, source: str = "", detail: str = "", mcc_mnc: str = "") -> SimAnswer:
    """Give a SIM answer that says why there is no usable IMSI."""
    return SimAnswer(SimState.NO_DATA, kind, source=source, detail=detail, mcc_mnc=mcc_mnc)


def is_whole_imsi(text: str) -> bool:
    """Tell an IMSI (ITU-T E.212: 14 or 15 digits here) from masked, truncated and sentinel values.

    A country code of a geographic region begins with 2 to 7; 901 is that of networks without a
    country, which travel SIMs use. A subscriber part of one repeated digit names nobody.
    """
    return (
        text.isascii()
        and text.isdigit()
        and len(text) in {14, 15}
        and (text[0] in "234567" or text.startswith("901"))
        and len(set(text[6:])) > 1
    )


def _is_whole_hash(text: str) -> bool:
    """Tell a source's own hash from masked and sentinel values; hex, Base64 and plain tokens pass."""
    return len(text) >= 16 and bool(_HASH.fullmatch(text)) and len(set(text)) > 2


def seal(imsi: Imsi, representation: str, mcc_mnc: str, keys: KeyRing, form: ImsiForm) -> SealedImsi:
    """Turn a fresh IMSI into keyed digests under every key version at hand, newest first.

    Where the tenant writes `IMSICode` as a hex digest, the digits are sealed in that form too.
    """
    value = imsi.reveal()
    members = [
        ImsiMember(version, representation, keys.digest(version, representation, value), mcc_mnc)
        for version in keys.versions()
    ]
    if form is not ImsiForm.DIGITS and representation == IMSI_DIGITS:
        hashed = hex_digest(value, form)
        members += [
            ImsiMember(version, form.value, keys.digest(version, form.value, hashed), mcc_mnc)
            for version in keys.versions()
        ]
    return SealedImsi(tuple(members))


def seal_passed_in(imsi_code: str, keys: KeyRing, form: ImsiForm) -> SealedImsi | None:
    """Seal the `IMSICode` of a request in the tenant's form; None where it is not of that form."""
    text = imsi_code.strip()
    if form is ImsiForm.DIGITS:
        if not is_whole_imsi(text):
            return None
        representation, value = IMSI_DIGITS, text
    else:
        value, representation = text.lower(), form.value
        length = {ImsiForm.MD5: 32, ImsiForm.SHA1: 40, ImsiForm.SHA256: 64}[form]
        if len(value) != length or any(character not in "0123456789abcdef" for character in value):
            return None
    return SealedImsi(
        tuple(
            ImsiMember(version, representation, keys.digest(version, representation, value))
            for version in keys.versions()
        )
    )


def hex_digest(digits: str, form: ImsiForm) -> str:
    """Give the digest of an IMSI's digits in a tenant's form, in lower-case hex."""
    raw = digits.encode("ascii")
    if form is ImsiForm.MD5:
        return md5(raw, usedforsecurity=False).hexdigest()
    if form is ImsiForm.SHA1:
        return sha1(raw, usedforsecurity=False).hexdigest()
    return sha256(raw).hexdigest()


def equal_imsi(fresh: SealedImsi, known: SealedImsi) -> bool | None:
    """Compare two sealed IMSIs in a representation both have; None where there is none."""
    for member in known.members:
        comparable = fresh.under(member)
        if comparable is not None:
            return comparable.digest == member.digest
    return None


def usable(answer: LookupAnswer, *, trusted: bool) -> SimSeen | SimAnswer:
    """Give the IMSI that an answer brings, or the SIM answer that says why it brings none.

    `trusted` is what people decided of this source for this operator. Cached, masked,
    truncated and sentinel values are `untrusted` (design, section 3).
    """
    match answer:
        case SimNotSeen():
            return no_data(answer.no_data, source=answer.source, detail=answer.detail, mcc_mnc=answer.mcc_mnc)
        case Reachable():
            return no_data(
                NoData.NOT_SUPPORTED, source=answer.source, detail="no_imsi_here", mcc_mnc=answer.operator
            )
        case SwapDated():
            detail = _fault_of(answer, trusted=trusted)
            if detail:
                return no_data(NoData.UNTRUSTED, source=answer.source, detail=detail, mcc_mnc=answer.mcc_mnc)
            alone = no_data(
                NoData.NOT_SUPPORTED, source=answer.source, detail="date_only", mcc_mnc=answer.mcc_mnc
            )
            return dated(alone, [answer])
        case SimSeen():
            detail = _fault_of(answer, trusted=trusted)
            if detail:
                return no_data(NoData.UNTRUSTED, source=answer.source, detail=detail, mcc_mnc=answer.mcc_mnc)
            return answer
        case _:
            assert_never(answer)


def dated(answer: SimAnswer, dates: Sequence[SwapDated]) -> SimAnswer:
    """Put the swap dates in hand beside a SIM answer; where they differ, the latest swap counts."""
    latest = max(dates, key=lambda date: date.latest, default=None)
    if latest is None or (answer.swapped_at is not None and answer.swapped_at >= latest.latest):
        return answer
    return replace(answer, swapped_at=latest.latest, swapped_from=latest.earliest)


def _fault_of(seen: SimSeen | SwapDated, *, trusted: bool) -> str:
    if seen.liveness is not Liveness.LIVE:
        return f"liveness_{seen.liveness.value}"
    if isinstance(seen, SwapDated):
        return "" if trusted else "operator_not_trusted"
    if seen.representation == IMSI_DIGITS and not is_whole_imsi(seen.imsi.reveal()):
        return "not_a_whole_imsi"
    if seen.representation != IMSI_DIGITS and not _is_whole_hash(seen.imsi.reveal()):
        return "not_a_whole_hash"
    return "" if trusted else "operator_not_trusted"


def compare(
    reference: Reference, seen: SimSeen, sealed: SealedImsi, *, learning: bool = False, eased: bool = False
) -> SimAnswer:
    """Hold a fresh, usable IMSI against the reference (design, section 3).

    A member under a key or in a representation that is not at hand makes the answer
    `incomparable`, never `first_seen`; a return to a retired member is `changed`; what would be
    `changed` by a source that is still `learning` is `untrusted`.
    """
    fresh = SimAnswer(
        SimState.FIRST_SEEN,
        source=seen.source,
        imsi=sealed,
        mcc_mnc=seen.mcc_mnc,
        country=seen.country,
        roaming=seen.roaming,
        swapped_at=seen.swapped_at,
        swapped_from=seen.swapped_at,
        learning=learning,
        eased=eased,
    )
    return rejudged(fresh, reference)


def rejudged(answer: SimAnswer, reference: Reference) -> SimAnswer:
    """Hold an answer in hand against a reference that has changed since it was judged."""
    if answer.imsi is None:
        return answer
    state, matched = _state(reference, answer.imsi)
    if state is SimState.NO_DATA:
        return replace(
            answer, state=state, matched=None, no_data=NoData.INCOMPARABLE, detail="no_member_comparable"
        )
    if state is SimState.CHANGED and answer.learning:
        # Without the IMSI: what may not be held against the subscriber leaves no candidate either.
        return replace(
            answer,
            state=SimState.NO_DATA,
            matched=None,
            no_data=NoData.UNTRUSTED,
            detail="operator_still_learning",
            imsi=None,
        )
    return replace(answer, state=state, matched=matched, no_data=None, detail="")


def _state(reference: Reference, sealed: SealedImsi) -> tuple[SimState, ReferenceMember | None]:
    if not reference:
        return SimState.FIRST_SEEN, None
    all_comparable = True
    for member in reference.members:
        comparable = sealed.under(member.imsi)
        if comparable is None:
            all_comparable = False
        elif comparable.digest == member.imsi.digest:
            return SimState.SAME, member
    return (SimState.CHANGED if all_comparable else SimState.NO_DATA), None


def refreshed(reference: Reference, matched: ReferenceMember, sealed: SealedImsi, now: int) -> Reference:
    """Give the reference after `same`: last seen moved, the member rewritten under the newest key."""
    renewed = replace(matched, imsi=sealed.rewritten(matched.imsi), last_seen=max(matched.last_seen, now))
    return replace(
        reference,
        members=tuple(renewed if member.imsi == matched.imsi else member for member in reference.members),
    )


def replaced(reference: Reference, sealed: SealedImsi, now: int, *, age_waived: bool) -> Reference:
    """Give the reference after a re-verify: one confirmed member, the old ones retired.

    A member that the fresh IMSI equals stays with its first sight; others become `retired`.
    """
    newest = sealed.newest()
    kept_since = now
    retired = [member for member in reference.retired if not sealed.equals(member)]
    for member in reference.members:
        if sealed.equals(member.imsi):
            kept_since = member.first_seen
        else:
            retired.append(member.imsi)
    confirmed = ReferenceMember(newest, kept_since, now, Grade.CONFIRMED, age_waived)
    return Reference((confirmed,), tuple(retired[-_MOST_RETIRED:]))


def learnt(sealed: SealedImsi, now: int, grade: Grade) -> Reference:
    """Give the first reference of a subscriber."""
    return Reference((ReferenceMember(sealed.newest(), now, now, grade),))


def added(reference: Reference, sealed: SealedImsi, now: int) -> Reference:
    """Give the reference with one more confirmed member (a twin or travel SIM)."""
    if any(sealed.equals(member.imsi) for member in reference.members):
        return reference
    retired = tuple(member for member in reference.retired if not sealed.equals(member))
    newcomer = ReferenceMember(sealed.newest(), now, now, Grade.CONFIRMED)
    return Reference((*reference.members, newcomer), retired)
