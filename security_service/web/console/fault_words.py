"""Faults of a tenant's document in the visit's language; the sentences themselves are the document's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from security_service.web.console.words import Words

_PATTERNS: Final[Sequence[tuple[re.Pattern[str], str]]] = tuple(
    (re.compile(pattern), f"fault.{word}")
    for pattern, word in (
        (r"must be from (?P<least>\S+) to (?P<most>\S+), not (?P<value>.+)", "range"),
        (r"must be from (?P<least>\S+) to (?P<most>\S+)", "between"),
        (r"must be at least (?P<least>\S+), not (?P<value>.+)", "least"),
        (r"must be at most (?P<most>\S+), not (?P<value>.+)", "most"),
        (r"must be one of (?P<words>.+)", "one_of"),
        (r"must be a whole number, not .+", "whole"),
        (r"must be a number, not .+", "number"),
        (r"must be (a text|a list|a table|true or false), not .+", "kind"),
        (r"must be given.*", "given"),
        (r"there is no such setting.*", "no_setting"),
        (r"there is no (?P<name>\S+) \(there are: (?P<known>.+)\)", "unknown"),
        (r"no gateway carries (?P<channel>\S+)", "no_channel"),
        (r"takes up to (?P<most>\d+) characters that can be seen", "visible"),
        (r"must be an ISO 3166 region.*", "region"),
        (r"must be like ru or ru-RU", "locale"),
        (r".* is not a locale like ru or ru-RU", "locale"),
        (r"a locale is like .*", "locale"),
        (r"takes? up to 11 Latin characters or 15 digits.*", "sender"),
        (r"take 3 to 15 digits each", "reply_numbers"),
        (r"must be an https address, .*", "handler"),
        (r"take 1 to 20 characters each", "refusal"),
        (r"must be a URI of up to 256 characters", "uri"),
        (r"names take 1 to 64 of .*", "name"),
        (r"names of windows take .*", "window_name"),
        (r"takes 1 to 32 of a-z 0-9 -", "id"),
        (r"cannot be changed", "fixed"),
        (r"a (name|channel|deed) stands twice", "twice"),
        (r"two windows have one name", "windows_twice"),
        (r"window .*: limit and seconds must be positive and sane", "window"),
        (r"must be under deadline_s, .*", "deadline"),
        (r"must be under code_life_s less (?P<seconds>\d+): .*", "fallback"),
        (r"must be growing seconds from 1 to 31 days", "locks"),
        (r"guesses, lifetime_warning and lifetime_cap must grow in this order", "budget"),
        (r"known_for must be under forgotten_after.*", "known_for"),
        (r"takes a text of up to (?P<most>\d+) characters without braces", "notice"),
        (r"a route needs a gateway", "no_leg"),
        (r"weight must not be negative", "weight"),
        (r"take up to 15 digits each", "prefixes"),
        (r"are ISO 3166 countries.*", "countries"),
        (r"are MCC-MNCs.*", "operators"),
        (r"\{(?P<name>\w+)\} is missing", "missing"),
        (r"\{(?P<name>.*)\} is not one of (?P<known>.+)", "placeholder"),
        (r"\{(?P<name>\w+)\} stands only in texts of payments.*", "payment_only"),
        (r"a brace stands outside a placeholder", "brace"),
        (r"characters that cannot be seen: (?P<listed>.+)", "unseen"),
        (r"longer than (?P<most>\d+) characters", "long"),
        (r"a purpose takes 1 to 32 of .*", "purpose"),
        (r"the domain must be like .*", "domain"),
        (r"the app hash must be 11 characters of Base64", "app_hash"),
        (r"a text ends with web_otp or with app_hash, not with both", "both_endings"),
        (r"a code of (?P<digits>\d+) digits is weak; .*", "weak"),
        (r"observe sends every message, .*", "observe"),
    )
)


def fault_in_words(fault: str, words: Words) -> str:
    """Give a fault with its setting's key kept and its sentence in words; as it is where there are none."""
    key, colon, sentence = fault.partition(": ")
    if not colon:
        return _sentence(fault, words)
    return f"{key}: {_sentence(sentence, words)}"


def _sentence(sentence: str, words: Words) -> str:
    for pattern, word in _PATTERNS:
        found = pattern.fullmatch(sentence)
        if found is not None:
            return words.sentence(word, found.groupdict())
    return sentence
