"""What a proposed deed would do, as keys of words with facts; leaves the words to the dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from security_service.domain.proposals import (
    AddSecondSim,
    ChangeMode,
    Deed,
    PublishDocument,
    ReverifyReference,
    RollBackTo,
    UnlockNumber,
)
from security_service.domain.secret import Msisdn


@dataclass(frozen=True, slots=True)
class ToldDeed:
    """A deed for a page. `word` is the key of its name; with `.will` behind it, of what it would do.

    `number` is whom it is about, None for policies; `sim` the token of the SIM that was judged, '' for none.
    `until` is Unix seconds. `policy`, `version` and `expected` name what would be in force and what is.
    """

    word: str
    number: Msisdn | None = None
    sim: str = ""
    until: int | None = None
    bound: bool = False
    waives_age: bool = False
    policy: str = ""
    version: str = ""
    expected: str = ""
    text: str = ""
    acknowledged: bool = False


def told_deed(deed: Deed) -> ToldDeed:
    """Give what a page tells of a deed."""
    match deed:
        case ChangeMode():
            return ToldDeed(f"deed.{deed.mode}", deed.number, deed.evidence, deed.until, deed.bound)
        case ReverifyReference():
            return ToldDeed("deed.reverify", deed.number, deed.candidate, waives_age=deed.waive_age)
        case AddSecondSim():
            return ToldDeed("deed.add_sim", deed.number, deed.candidate)
        case UnlockNumber():
            return ToldDeed("deed.unlock", deed.number)
        case PublishDocument():
            return ToldDeed(
                "proposals.publish_policy",
                policy=deed.name,
                expected=deed.expected,
                text=deed.text,
                acknowledged=deed.acknowledged,
            )
        case RollBackTo():
            return ToldDeed(
                "proposals.roll_back_policy", policy=deed.name, version=deed.version, expected=deed.expected
            )
        case _:
            assert_never(deed)
