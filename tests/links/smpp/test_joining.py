"""Parts of long texts: whatever order they come in they are joined once, and none is lost in silence."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.segments import GSM7_BASIC, GSM7_EXTENSION
from security_service.links.smpp.bodies import Address, MessageBody
from security_service.links.smpp.joining import Joining
from security_service.links.smpp.submitted import Marking, PartMark, Submitted, read_submitted, text_of
from security_service.links.smpp.text import Alphabet, Part, Segmentation, parts_of
from tests.links.smpp.hand_time import HandTime

NOW = 1_700_000_000


class Desk:
    """An owner of parts."""

    def __init__(self) -> None:
        self.time = HandTime()
        self.given_up: list[str] = []
        self.joining: Joining[str] = Joining(self.time, self._give_up)

    def put(self, part: str, place: int, *, total: int = 3, source: str = "a", reference: int = 1) -> str:
        mark = PartMark(Marking.SAR, reference, total, place)
        return "".join(self.joining.put(source, mark, part))

    def _give_up(self, parts: Sequence[str]) -> None:
        self.given_up += parts


def test_parts_are_joined_in_their_order_when_the_last_one_is_there() -> None:
    desk = Desk()
    assert (desk.put("c", 3), desk.put("a", 1)) == ("", "")
    assert desk.joining.held == 2
    assert desk.put("b", 2) == "abc"
    assert (desk.joining.held, desk.time.pending) == (0, [])


def test_parts_of_other_texts_are_kept_apart() -> None:
    desk = Desk()
    assert desk.put("a", 1) == ""
    assert desk.put("x", 2, source="b") == ""
    assert desk.put("y", 2, reference=2) == ""
    assert desk.put("z", 2, total=2) == ""
    assert desk.joining.held == 4


def test_parts_whose_others_do_not_come_are_given_up_in_time() -> None:
    desk = Desk()
    desk.put("a", 1)
    desk.time.move(29)
    desk.put("b", 2)
    assert desk.given_up == []
    desk.time.move(1)
    assert desk.given_up == ["a", "b"]
    assert desk.put("c", 3) == ""


def test_a_part_that_comes_again_takes_the_place_of_the_first() -> None:
    desk = Desk()
    desk.put("a", 1)
    desk.put("A", 1)
    assert desk.given_up == ["a"]
    desk.put("b", 2)
    assert desk.put("c", 3) == "Abc"


def test_parts_that_nobody_waits_for_are_forgotten_without_a_word() -> None:
    desk = Desk()
    desk.put("a", 1)
    desk.put("b", 2)
    desk.joining.forget(lambda part: part == "a")
    assert (desk.joining.held, desk.given_up) == (1, [])
    desk.joining.forget(lambda part: part == "b")
    assert desk.time.pending == []


def test_at_the_end_all_parts_are_given_up() -> None:
    desk = Desk()
    desk.put("a", 1)
    desk.put("b", 1, source="b")
    desk.joining.end()
    assert sorted(desk.given_up) == ["a", "b"]
    assert desk.time.pending == []


def wide(part: Part) -> Part:
    """The same part with a reference of two bytes in its header."""
    reference, total, place = part.text[3:6]
    return Part(
        bytes((6, 8, 4, 1, reference, total, place)) + part.text[6:], part.data_coding, part.esm_class
    )


TEXTS = st.text(st.sampled_from(GSM7_BASIC + GSM7_EXTENSION), min_size=161, max_size=900) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=161, max_size=600
)
HOW = st.sampled_from([(Segmentation.SAR, False), (Segmentation.UDH, False), (Segmentation.UDH, True)])


@given(TEXTS, HOW, st.sampled_from(Alphabet), st.data())
def test_a_text_that_was_parted_is_the_same_when_its_parts_come_in_any_order(
    text: str, how: tuple[Segmentation, bool], alphabet: Alphabet, data: st.DataObject
) -> None:
    parts = parts_of(text, alphabet, how[0], 258)
    bodies = [
        MessageBody(
            Address(5, 0, "B"),
            Address(1, 1, "79"),
            part.text,
            part.data_coding,
            part.esm_class,
            tlvs=part.tlvs,
        )
        for part in (map(wide, parts) if how[1] else parts)
    ]
    joining: Joining[Submitted] = Joining(HandTime(), lambda _: None)
    joined: tuple[Submitted, ...] = ()
    for body in data.draw(st.permutations(bodies)):
        assert joined == ()
        read = read_submitted(body, NOW)
        assert isinstance(read, Submitted)
        assert read.part is not None
        joined = joining.put("source", read.part, read)
    assert text_of(b"".join(one.octets for one in joined), joined[0].data_coding) == text
