from __future__ import annotations

import pytest

from security_service.links.letters import Letter, is_address, is_line, letter


@pytest.mark.parametrize("address", ["ivan@client.example", "a.b+c@x-y.example.ru", "_@a.ru", "a@b.xn--p1ai"])
def test_plain_addresses_are_addresses(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ivan",
        "ivan@",
        "@client.example",
        "ivan@localhost",
        "ivan@client.example\r\nBcc: all@client.example",
        "ivan@client.example, petr@client.example",
        "Ivan <ivan@client.example>",
        "ivan..i@client.example",
        "иван@client.example",
        "ivan@клиент.example",
        "ivan@-a.example",
        f"{'a' * 250}@b.ru",
    ],
)
def test_what_could_be_more_or_less_than_one_address_is_none(address: str) -> None:
    assert not is_address(address)


def test_a_header_is_one_printable_line() -> None:
    assert [is_line(text) for text in ("Уведомление", "", "a\r\nBcc: b", "a\x00")] == [
        True,
        False,
        False,
        False,
    ]


def test_html_says_the_same_as_the_text_and_nothing_in_it_is_markup() -> None:
    assert letter("Вход <b>&\nв банк", links=False) == Letter(
        "Вход <b>&\nв банк", "<p>Вход &lt;b&gt;&amp;<br>\nв банк</p>"
    )


def test_the_links_that_the_provider_demands_stand_in_both_forms() -> None:
    both = letter("Вход", links=True)
    assert both.plain == "Вход\n\nВеб-версия: [WebVersion]\nОтписаться: [Unsubscribe]\n"
    assert both.html == (
        '<p>Вход</p>\n<p><a href="[WebVersion]">Веб-версия</a> · <a href="[Unsubscribe]">Отписаться</a></p>'
    )


def test_a_letter_is_not_printed() -> None:
    assert repr(letter("481516", links=True)) == "Letter()"
