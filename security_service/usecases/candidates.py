"""How a person names an IMSI without ever seeing one: by fingerprint or token of its digest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from security_service.domain.imsi import ImsiMember
from security_service.domain.secret import DIGEST_BYTES
from security_service.domain.subscriber import Subscriber

_FINGERPRINT_DIGITS: Final = 8
_TOKEN: Final = re.compile(
    r"(?P<version>[1-9][0-9]{0,2}):(?P<representation>[^:]{1,32}):(?P<hex>[0-9a-f]{8,32})"
)


@dataclass(frozen=True, slots=True)
class UnknownCandidate:
    """The name is neither a fingerprint of an IMSI known for this subscriber nor a whole token."""


def fingerprint(member: ImsiMember) -> str:
    """Give the short name of a member: key version, representation, 8 hex digits of its digest."""
    return f"{member.key_version}:{member.representation}:{member.digest.hex()[:_FINGERPRINT_DIGITS]}"


def named_candidate(subscriber: Subscriber, name: str) -> ImsiMember | UnknownCandidate | None:
    """Give the IMSI that an answer must equal; without a name the record's candidate, None without one.

    A name of fewer than all digits must be that of an IMSI known for the subscriber.
    """
    if not name:
        return None if subscriber.candidate is None else subscriber.candidate.imsi
    match = _TOKEN.fullmatch(name)
    if match is None:
        return UnknownCandidate()
    version, representation, digits = int(match["version"]), match["representation"], match["hex"]
    for member in _known(subscriber):
        is_comparable = (member.key_version, member.representation) == (version, representation)
        if is_comparable and member.digest.hex().startswith(digits):
            return member
    if len(digits) != DIGEST_BYTES * 2 or version > 255:
        return UnknownCandidate()
    return ImsiMember(version, representation, bytes.fromhex(digits))


def _known(subscriber: Subscriber) -> list[ImsiMember]:
    candidate = [] if subscriber.candidate is None else [subscriber.candidate.imsi]
    reference = subscriber.reference
    return [*candidate, *(member.imsi for member in reference.members), *reference.retired]
