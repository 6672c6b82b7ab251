"""The readable summary of an evidence pack, told from its events in Russian and English; signs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.audit import Json
from security_service.domain.log_check import moment
from security_service.domain.operation import Operation

SUMMARY_VERSION: Final = 1
"""Goes up with every change of a word below: packs of another version are not told anew when verified."""

_UNKNOWN: Final = "—"


@dataclass(frozen=True, slots=True)
class _Sentence:
    """How one kind of event is told; `{name}` stands for a value of `_values`."""

    en: str
    ru: str


_SENTENCES: Final[Mapping[str, _Sentence]] = {
    "gate_decided": _Sentence(
        "Asked: purpose {purpose}, amount {amount}. Verdict {verdict}, reason {reason}, rule {rule} of "
        "policy {policy}. Mode {mode} ({mode_actor}). SIM: {sim_answer} from {sim_source}, operator "
        "{sim_operator}; sources asked: {lookups}. Reference: {reference}.",
        "Запрос: назначение {purpose}, сумма {amount}. Решение {verdict}, причина {reason}, правило {rule} "
        "политики {policy}. Режим {mode} ({mode_actor}). SIM: {sim_answer} от {sim_source}, оператор "
        "{sim_operator}; опрошены: {lookups}. Эталон: {reference}.",
    ),
    "code_sent": _Sentence(
        "The message was taken by gateway {gateway} (ids: {message_ids}); digest of its text {text}.",
        "Сообщение принято шлюзом {gateway} (номера: {message_ids}); дайджест текста {text}.",
    ),
    "send_refused": _Sentence(
        "No gateway took the message: {reason} (tried: {tried}); digest of its text {text}.",
        "Ни один шлюз не принял сообщение: {reason} (испробованы: {tried}); дайджест текста {text}.",
    ),
    "send_unknown": _Sentence(
        "Whether the message left is unknown: {reason} (tried: {tried}); digest of its text {text}.",
        "Ушло ли сообщение, неизвестно: {reason} (испробованы: {tried}); дайджест текста {text}.",
    ),
    "fallback_sent": _Sentence(
        "The same code was sent by another channel through {gateway} (ids: {message_ids}).",
        "Тот же код отправлен другим каналом через {gateway} (номера: {message_ids}).",
    ),
    "code_checked": _Sentence(
        "Attempt to enter the code: {result}, reason {reason}, state {state}, guesses left {guesses_left}.",
        "Попытка ввода кода: {result}, причина {reason}, состояние {state}, осталось попыток {guesses_left}.",
    ),
    "check_finalised": _Sentence(
        "Look at the SIM after the code was entered: accepted {accepted}, reason {reason}, SIM {sim}.",
        "Проверка SIM после ввода кода: принят {accepted}, причина {reason}, SIM {sim}.",
    ),
    "receipt": _Sentence(
        "Receipt of gateway {gateway}: {state}, provider's code {provider_code}.",
        "Отчёт шлюза {gateway}: {state}, код провайдера {provider_code}.",
    ),
    "mode_set": _Sentence(
        "{actor} set the mode {mode} (before: {mode_before}), reason: {reason}.",
        "{actor} установил режим {mode} (был: {mode_before}), основание: {reason}.",
    ),
    "sim_added": _Sentence(
        "{actor} added a SIM of operator {mcc_mnc} seen by {source}, reason: {reason}.",
        "{actor} добавил SIM оператора {mcc_mnc} по данным {source}, основание: {reason}.",
    ),
    "reverified": _Sentence(
        "{actor} re-verified the number by {source}, operator {mcc_mnc}, reason: {reason}.",
        "{actor} перепроверил номер по данным {source}, оператор {mcc_mnc}, основание: {reason}.",
    ),
    "reference_learnt": _Sentence(
        "A reference was learnt from {source}, grade {grade}, reason {reason}.",
        "Эталон получен от {source}, степень {grade}, причина {reason}.",
    ),
    "subscriber_unlocked": _Sentence(
        "{actor} unlocked the number, reason: {reason}.",
        "{actor} снял блокировку номера, основание: {reason}.",
    ),
    "trust_set": _Sentence(
        "{actor} set the trust in {subject_source} on operator {subject_operator} to {word}, "
        "reason: {reason}.",
        "{actor} установил доверие к {subject_source} по оператору {subject_operator}: {word}, основание: "
        "{reason}.",
    ),
    "trust_eased": _Sentence(
        "{actor} eased {subject_source} on operator {subject_operator}, reason: {reason}.",
        "{actor} смягчил оценку {subject_source} по оператору {subject_operator}, основание: {reason}.",
    ),
}
_OTHERS: Final = _Sentence("Event {kind}, reason {reason}.", "Событие {kind}, причина {reason}.")


def summary(events: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Tell events in order, a sentence each under the time of its event in UTC."""
    return {
        "en": [_told(event, lambda words: words.en) for event in events],
        "ru": [_told(event, lambda words: words.ru) for event in events],
        "v": SUMMARY_VERSION,
    }


def _told(event: Mapping[str, Json], language: Callable[[_Sentence], str]) -> str:
    words = _SENTENCES.get(str(event["kind"]), _OTHERS)
    at = event["at"]
    when = moment(at) if isinstance(at, int) else _UNKNOWN
    return f"{when} {language(words).format_map(_values(event))}"


class _Values(dict[str, str]):
    """Values by name; what an event does not tell is a dash."""

    def __missing__(self, name: str) -> str:
        return _UNKNOWN


def _values(event: Mapping[str, Json]) -> _Values:
    facts, outcome, subject = (_members(event[name]) for name in ("facts", "outcome", "subject"))
    sim = _members(facts.get("sim"))
    values = _Values({name: _text(value) for name, value in (*facts.items(), *outcome.items())})
    values["kind"] = _text(event["kind"])
    values["amount"] = _amount(facts)
    values["lookups"] = _joined(facts.get("lookups"), "source", "outcome")
    values["tried"] = _joined(facts.get("tried"), "gateway", "outcome")
    values["reference"] = _reference(facts.get("reference"))
    for name, key in (("sim_answer", "answer"), ("sim_source", "source"), ("sim_operator", "mcc_mnc")):
        values[name] = _text(sim.get(key))
    for name, key in (("subject_source", "source"), ("subject_operator", "mcc_mnc")):
        values[name] = _text(subject.get(key))
    return values


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value or _UNKNOWN
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value) or _UNKNOWN
    return _UNKNOWN


def _amount(facts: Mapping[str, Json]) -> str:
    minor, currency = facts.get("amount"), facts.get("currency")
    if not isinstance(minor, int) or isinstance(minor, bool) or not isinstance(currency, str):
        return _UNKNOWN
    return f"{Operation(minor=minor, currency=currency).amount_text()} {currency}"


def _joined(value: Json, who: str, what: str) -> str:
    """Who was asked or tried, and what came of it; a source with how long it took, in milliseconds."""
    if not isinstance(value, list):
        return _UNKNOWN
    told = []
    for one in map(_members, value):
        took = f" {_text(one['milliseconds'])} ms" if "milliseconds" in one else ""
        told.append(f"{_text(one.get(who))} {_text(one.get(what))}{took}")
    return "; ".join(told) or _UNKNOWN


def _reference(value: Json) -> str:
    """Members of the reference: grade, operator, age in seconds."""
    if not isinstance(value, list):
        return _UNKNOWN
    told = [
        f"{_text(one.get('grade'))} {_text(one.get('mcc_mnc'))} {_text(one.get('age_s'))} s"
        for one in map(_members, value)
    ]
    return "; ".join(told) or _UNKNOWN
