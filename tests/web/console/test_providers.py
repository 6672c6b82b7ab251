"""The page of gateways and lookups: everybody looks, a lead of all banks decides whose word counts."""

from __future__ import annotations

import pytest

from security_service.domain.access import Role
from security_service.domain.trust import TrustCause, TrustEntry, TrustWord
from tests.web.console.rig import Browser, ConsoleRig, shown

PAGE = "/console/providers"
FORM = {"source": "hlr", "operator": "25001", "word": "learn", "reason": "гонят SMS домой"}


@pytest.fixture
def lead(rig: ConsoleRig) -> Browser:
    browser = rig.signed_in(Role.LEAD)
    browser.get(PAGE)
    return browser


def test_what_is_configured_and_who_is_believed_is_seen(rig: ConsoleRig) -> None:
    rig.trust.entries["smsc", "25002"] = TrustEntry(TrustWord.STABLE, TrustCause.PERSON, "olga", rig.now - 60)
    rig.trust.entries["hlr", "25002"] = TrustEntry(TrustWord.NEVER, TrustCause.DEMOTED, "", rig.now - 60)
    page = rig.signed_in(Role.ANALYST).get(PAGE)
    said = shown(page)
    assert "call smsc voice" in said or "call smsc" in said
    assert "hlr 25002 не верить верить источник потерял доверие" in said
    assert "hlr 25020 не верить не верить" in said
    assert "smsc 25002 верить учиться человек, olga" in said
    assert "Решить о слове" not in said


def test_a_lead_sets_a_word_and_eases_an_operator(rig: ConsoleRig, lead: Browser) -> None:
    assert "Решено" in shown(lead.follow(lead.post(f"{PAGE}/word", FORM)))
    entry = rig.trust.entries["hlr", "25001"]
    assert (entry.word, entry.by) == (TrustWord.LEARN, "anna")
    ease = {**FORM, "hours": "24"}
    assert "Послабление действует" in shown(lead.follow(lead.post(f"{PAGE}/ease", ease)))
    assert rig.trust.entries["hlr", "25001"].eased_until == rig.now + 86_400
    lead.post(f"{PAGE}/ease", {**ease, "hours": "0"})
    assert rig.trust.entries["hlr", "25001"].eased_until == 0
    assert [event.facts["reason"] for event in rig.trust.events] == ["гонят SMS домой"] * 3


@pytest.mark.parametrize(
    ("path", "form", "word"),
    [
        ("word", {"operator": "2500x"}, "пяти или шести цифр"),
        ("word", {"word": "always"}, "Такого слова нет"),
        ("word", {"reason": "  "}, "Нужна причина"),
        ("word", {"source": "hrl"}, "Такого источника нет"),
        ("word", {"operator": "25020", "word": "stable"}, "только там"),
        ("ease", {"hours": "9999"}, "Такого срока нет"),
        ("ease", {"hours": "-1"}, "Такого срока нет"),
    ],
)
def test_what_cannot_be_decided_says_why(
    rig: ConsoleRig, lead: Browser, path: str, form: dict[str, str], word: str
) -> None:
    answer = lead.post(f"{PAGE}/{path}", {**FORM, **form})
    assert answer.status_code == 422
    assert word in shown(answer)
    assert rig.trust.entries == {}


def test_who_is_no_lead_of_all_banks_decides_nothing(rig: ConsoleRig, lead: Browser) -> None:
    rig.limit("anna", "odd")
    rig.store.advance(30)
    lead.sign_in("anna")
    assert lead.post(f"{PAGE}/word", FORM).status_code == 403
    assert rig.signed_in(Role.ANALYST, name="vera").post(f"{PAGE}/word", FORM).status_code == 403
    assert rig.trust.entries == {}
