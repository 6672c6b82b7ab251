"""What one lookup leaves for those who waited for it, as text; leaves judging it to check_sim."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from security_service.domain.imsi import ImsiMember, SealedImsi, SimAnswer, no_data
from security_service.domain.lookup import Liveness, NoData, SimSeen, SwapDated
from security_service.domain.ports import LookupTrace
from security_service.domain.secret import Imsi


@dataclass(frozen=True, slots=True)
class FreshAnswers:
    """What the sources said, sealed, before it is held against a reference.

    `seen` pairs each usable answer (its IMSI taken out) with its seal; `missing` is there
    where no answer was usable; `dates` are those of sources that only date the last swap.
    """

    seen: tuple[tuple[SimSeen, SealedImsi], ...]
    missing: SimAnswer | None
    dates: tuple[SwapDated, ...]
    traces: tuple[LookupTrace, ...]


def landed_text(fresh: FreshAnswers) -> str:
    """Give the text that a second caller reads: digests only, never an IMSI."""
    missing = fresh.missing
    seen = [
        {
            "source": facts.source,
            "mcc_mnc": facts.mcc_mnc,
            "country": facts.country,
            "roaming": facts.roaming,
            "swapped_at": facts.swapped_at,
            "representation": facts.representation,
            "members": [
                (member.key_version, member.representation, member.digest.hex()) for member in sealed.members
            ],
        }
        for facts, sealed in fresh.seen
    ]
    dates = [
        [date.source, date.latest, date.earliest, date.monitored_days, date.mcc_mnc, date.country]
        for date in fresh.dates
    ]
    if missing is None:
        return json.dumps({"seen": seen, "dates": dates})
    kind = missing.no_data or NoData.UNAVAILABLE
    told = [kind.value, missing.source, missing.detail, missing.mcc_mnc]
    return json.dumps({"missing": told, "dates": dates})


def read_landed(text: str) -> FreshAnswers:
    """Read what `landed_text` gave."""
    landed = json.loads(text)
    dates = tuple(
        SwapDated(source, Liveness.LIVE, latest, earliest, monitored_days, mcc_mnc, country)
        for source, latest, earliest, monitored_days, mcc_mnc, country in landed.get("dates", [])
    )
    dated = [LookupTrace(date.source, "joined_dated", 0) for date in dates]
    if "missing" in landed:
        kind, source, detail, mcc_mnc = landed["missing"]
        missing = no_data(NoData(kind), source=source, detail=detail, mcc_mnc=mcc_mnc)
        return FreshAnswers((), missing, dates, (LookupTrace(source, f"joined_{kind}", 0), *dated))
    seen = [_read_seen(one) for one in landed["seen"]]
    traces = [LookupTrace(facts.source, "joined_seen", 0) for facts, _ in seen]
    return FreshAnswers(tuple(seen), None, dates, (*traces, *dated))


def _read_seen(one: dict[str, Any]) -> tuple[SimSeen, SealedImsi]:
    facts = SimSeen(
        one["source"],
        Imsi(""),
        Liveness.LIVE,
        one["representation"],
        one["mcc_mnc"],
        country=one["country"],
        roaming=one["roaming"],
        swapped_at=one["swapped_at"],
    )
    members = tuple(
        ImsiMember(version, representation, bytes.fromhex(digest), one["mcc_mnc"])
        for version, representation, digest in one["members"]
    )
    return facts, SealedImsi(members)
