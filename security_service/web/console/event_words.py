"""Events as sentences: every kind has words, a group and a tone; tokens of facts are put in words too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from security_service.domain.audit import EventKind
from security_service.domain.operation import DEFAULT_PURPOSE, Operation
from security_service.web.console.notices import Tone
from security_service.web.console.timeline import Told
from security_service.web.console.words import Words

_SHORT_ID: Final = 10


class Group(StrEnum):
    """What an event is about; the filter of a time line."""

    SIM = "sim"
    DECISIONS = "decisions"
    CODES = "codes"
    MESSAGES = "messages"
    PEOPLE = "people"
    LIMITS = "limits"
    SERVICE = "service"


_IN_GROUPS: Final[Mapping[Group, str]] = {
    Group.SIM: (
        "reference_learnt candidate_seen record_refreshed late_change look_finished reverified "
        "reverify_conflict reverify_expired sim_added case_opened imsi_banned imsi_unbanned"
    ),
    Group.DECISIONS: "gate_decided incident",
    Group.CODES: (
        "code_exists code_superseded code_killed code_checked check_finalised authenticator_offered "
        "authenticator_confirmed authenticator_removed"
    ),
    Group.PEOPLE: (
        "reverify_asked mode_set subscriber_unlocked subscriber_frozen case_assigned case_noted case_closed "
        "proposed proposal_approved proposal_rejected proposal_carried_out subscriber_imported "
        "subscribers_imported bulk_reverify "
        "subscribers_exported audit_exported evidence_made person_saved person_removed signed_in "
        "sign_in_refused signed_out policy_published policy_shadowed policy_replayed trust_set trust_eased "
        "tenant_saved key_issued key_revoked account_saved account_removed "
        "client_saved client_removed"
    ),
    Group.LIMITS: ("subscriber_locked lifetime_warning subscriber_disabled limit_reached limit_counted"),
    Group.SERVICE: (
        "trust_learnt trust_demoted imsi_asked reply_received reply_handed_on reply_not_handed_on "
        "account_refused gateway_away gateway_back store_initialised "
        "store_rebuilt events_pruned"
    ),
}
_BY_KIND: Final = {kind: group for group, kinds in _IN_GROUPS.items() for kind in kinds.split()}

_TONES: Final[Mapping[Tone, str]] = {
    Tone.BAD: (
        "candidate_seen late_change reverify_conflict code_killed subscriber_disabled subscriber_frozen "
        "incident imsi_banned message_refused send_refused"
    ),
    Tone.WARN: (
        "case_opened reverify_expired subscriber_locked lifetime_warning limit_reached limit_counted "
        "lease_lost send_unknown notice_failed notice_unknown fallback_failed fallback_unknown "
        "fallback_refused "
        "message_failed message_unknown message_expired sign_in_refused trust_demoted gateway_away "
        "key_revoked events_pruned message_held account_refused"
    ),
    Tone.GOOD: (
        "reverified sim_added reference_learnt subscriber_unlocked authenticator_confirmed "
        "proposal_carried_out gateway_back imsi_unbanned"
    ),
}
_BY_TONE: Final = {kind: tone for tone, kinds in _TONES.items() for kind in kinds.split()}
_VERDICT_TONES: Final = {"send": Tone.GOOD, "step_up": Tone.WARN, "hold": Tone.WARN, "deny": Tone.BAD}
_ANSWER_TONES: Final = {"accepted": Tone.GOOD, "matched": Tone.GOOD, "locked": Tone.BAD}

# Facts that are tokens: which family of words each is read in.
_TOKENS: Final[Mapping[str, str]] = {
    "verdict": "verdict",
    "policy_verdict": "verdict",
    "mode": "mode",
    "mode_before": "mode",
    "grade": "grade",
    "window": "window",
    "no_data": "sim",
    "answer": "sim",
    "change": "sim_change",
    "result": "check_result",
    "state": "state",
    "traffic": "traffic",
    "word": "trust",
    "what": "incident",
    "outcome": "case_outcome",
    "deed": "deed_name",
    "refusal": "reason",
    "method": "method",
}
_DETAILS: Final = (
    "sim_answer", "rule", "policy", "policy_verdict", "purpose", "amount", "operator", "country", "roaming",
    "tried", "window", "code_id", "guesses_left", "failures", "candidate", "imsi_passed_in", "expected",
    "source", "approved_by",
)  # fmt: skip


def group_of(kind: EventKind) -> Group:
    """Give the group of a kind; what carries a message is what stands in no other."""
    return _BY_KIND.get(kind.value, Group.MESSAGES)


def kinds_of(group: Group) -> frozenset[EventKind]:
    """Give the kinds of a group."""
    return frozenset(kind for kind in EventKind if group_of(kind) is group)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a source: its name, the answer in words, how long it took."""

    source: str
    answer: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a time line; `at` and the moments among `details` are Unix seconds.

    `reason` is what a person gave as theirs. `details` are words of labels with values as text.
    """

    at: float
    kind: EventKind
    group: Group
    tone: Tone
    sentence: str
    actor: str
    reason: str
    details: Sequence[tuple[str, str]]
    asked: Sequence[Asked]


@dataclass(frozen=True, slots=True)
class Decided:
    """The newest decision in short: `at` in Unix seconds, what the network answered, and what was asked."""

    at: float
    tone: Tone
    text: str
    answer: str
    asked: Sequence[Asked]


class _Facts(dict[str, str]):
    """Facts for a sentence; one that an event does not have is a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def line_of(told: Told, words: Words) -> Line:
    """Put an event in words. Its texts are escaped where they are shown."""
    facts = told.facts
    actor = _text(facts.get("actor"))
    values = {name: _value(name, value, words) for name, value in facts.items()}
    # A reason beside an actor is a person's own words; elsewhere it is a token.
    reason = _text(facts.get("reason")) if actor else ""
    values["reason"] = reason or words.token("reason", _text(facts.get("reason")))
    values |= _sim_values(facts.get("sim"), words)
    values |= {"amount": _amount(facts), "tried": _tried(facts.get("tried")), **_left_out(told)}
    return Line(
        told.at,
        told.kind,
        group_of(told.kind),
        _tone(told),
        words.sentence(f"event.{told.kind}", _Facts(values)),
        actor,
        reason,
        [(words(f"fact.{name}"), values[name]) for name in _DETAILS if values.get(name)],
        [_asked(one, words) for one in facts.get("lookups", ()) if isinstance(one, Mapping)],
    )


def decided_of(told: Told, words: Words) -> Decided:
    """Put a decision in a few words."""
    facts, line = told.facts, line_of(told, words)
    verdict, reason = _text(facts.get("verdict")), _text(facts.get("reason"))
    text = words(
        "subscriber.decided",
        verdict=words.token("verdict", verdict),
        reason=words.token("reason", reason),
    )
    answer = _sim_values(facts.get("sim"), words).get("sim_answer", "")
    return Decided(told.at, line.tone, text, answer, line.asked)


def _tone(told: Told) -> Tone:
    if told.kind is EventKind.GATE_DECIDED:
        return _VERDICT_TONES.get(_text(told.facts.get("verdict")), Tone.INFO)
    if told.kind is EventKind.CODE_CHECKED:
        return _ANSWER_TONES.get(_text(told.facts.get("result")), Tone.WARN)
    return _BY_TONE.get(told.kind.value, Tone.INFO)


def _value(name: str, value: object, words: Words) -> str:
    text = _text(value)
    if name in _TOKENS and text:
        return words.token(_TOKENS[name], text)
    if name == "code_id":
        return text[:_SHORT_ID]
    if name == "expected":
        return _fingerprint(text)
    return text


def _left_out(told: Told) -> dict[str, str]:
    """What an event has and no line needs: what goes without saying, and digests of who called."""
    facts = told.facts
    is_call = told.kind in {EventKind.GATE_DECIDED, EventKind.CODE_CHECKED, EventKind.CODE_EXISTS}
    silent = {
        "imsi_passed_in": facts.get("imsi_passed_in") == "no",
        "policy_verdict": facts.get("policy_verdict") == facts.get("verdict"),
        "purpose": facts.get("purpose") == DEFAULT_PURPOSE,
        "source": is_call,
    }
    return {name: "" for name, is_silent in silent.items() if is_silent}


def _tried(tried: object) -> str:
    """Give gateways with what came of each, where more than one was tried."""
    told = [one for one in tried if isinstance(one, Mapping)] if isinstance(tried, list) else []
    pairs = [f"{_text(one.get('gateway'))}: {_text(one.get('outcome'))}" for one in told]
    return "; ".join(pairs) if len(pairs) > 1 else ""


def _amount(facts: Mapping[str, Any]) -> str:
    """Give an amount of the minor unit as people write it, empty where nothing is at stake."""
    minor, currency = facts.get("amount"), _text(facts.get("currency"))
    if not isinstance(minor, int):
        return ""
    return f"{Operation(minor=minor, currency=currency).amount_text()} {currency}"


def _sim_values(sim: object, words: Words) -> dict[str, str]:
    """What the gate saw of the SIM, as facts of its own."""
    if not isinstance(sim, Mapping):
        return {}
    return {
        "sim_answer": words.token("sim", _text(sim.get("answer"))),
        "operator": _text(sim.get("mcc_mnc")),
        "roaming": words("fact.yes") if sim.get("roaming") is True else "",
        "candidate": _fingerprint(_text(sim.get("imsi"))) if sim.get("answer") == "changed" else "",
    }


def _asked(lookup: Mapping[str, Any], words: Words) -> Asked:
    token = _text(lookup.get("outcome"))
    milliseconds = lookup.get("milliseconds", 0)
    return Asked(
        _text(lookup.get("source")),
        words.token("lookup", token),
        milliseconds if isinstance(milliseconds, int) else 0,
    )


def _fingerprint(token: str) -> str:
    """Shorten `version:representation:digest` to what people compare by."""
    head, _, digest = token.rpartition(":")
    return f"{head}:{digest[:8]}" if head else token[:8]


def _text(value: object) -> str:
    """Write a fact of any JSON type for people."""
    match value:
        case None:
            return ""
        case bool():
            return "✓" if value else ""
        case str() | int():
            return str(value)
        case Mapping():
            return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
        case Sequence():
            return "; ".join(_text(one) for one in value)
        case _:
            return str(value)
