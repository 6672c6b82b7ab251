from __future__ import annotations

import threading
from pathlib import Path

import pytest

from security_service.sandbox.handsets import Handsets, HandsetState
from security_service.sandbox.state_file import Saver, StateFileError, read_state, write_state
from security_service.sandbox.submissions import Order, SmsState
from tests.sandbox.rig import NUMBER, START, Clock


def _lived_in() -> Handsets:
    handsets = Handsets("seed", Clock())
    handsets.swap(NUMBER)
    handsets.accept([Order(("1",), NUMBER, "привет", "BANK", START, START, START + 600)])
    handsets.switch("79160000002", HandsetState.OFF, roaming=True)
    handsets.accept([Order(("2", "3"), "79160000002", "later", "BANK", START, START, START + 600)])
    return handsets


def test_handsets_come_back_from_the_disk_as_they_were(data_file: Path) -> None:
    before = _lived_in().snapshot()
    write_state(data_file, before)
    assert read_state(data_file) == before


def test_a_message_that_waited_over_a_restart_still_arrives(data_file: Path) -> None:
    write_state(data_file, _lived_in().snapshot())
    handsets = Handsets("another seed", Clock(), read_state(data_file))
    assert [handsets.receipt("3").state for _ in range(2)] == [SmsState.SENT, SmsState.SENT]
    record = handsets.switch("79160000002", HandsetState.ON)
    assert [message.text for message in record.messages] == ["later"]
    assert handsets.receipt("3").state is SmsState.DELIVERED


def test_the_file_is_for_its_owner_alone_and_nothing_else_is_left(data_file: Path) -> None:
    write_state(data_file, ())
    write_state(data_file, _lived_in().snapshot())
    assert data_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data_file.parent.iterdir()] == [data_file.name]


def test_a_write_that_fails_leaves_the_old_state_and_no_debris(tmp_path: Path) -> None:
    taken = tmp_path / "state"
    (taken / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_state(taken, ())
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_no_file_is_no_handsets(data_file: Path) -> None:
    assert read_state(data_file) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"format": 2, "handsets": []}',
        b'{"format": 1}',
        b'{"format": 1, "handsets": [{"number": "7"}]}',
        b'{"format": 1, "handsets": [5]}',
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(StateFileError, match=r"other\.json"):
        read_state(path)


def test_many_changes_are_one_save_a_moment_later() -> None:
    saves: list[None] = []
    saved = threading.Event()

    def save() -> None:
        saves.append(None)
        saved.set()

    saver = Saver(save)
    for _ in range(100):
        saver.soon()
    assert saves == []
    assert saved.wait(10)
    assert len(saves) == 1


def test_a_save_that_cannot_wait_takes_the_pending_one_with_it() -> None:
    saves: list[None] = []
    saver = Saver(lambda: saves.append(None))
    saver.soon()
    saver.now()
    assert len(saves) == 1
    saver.soon()
    saver.now()
    assert len(saves) == 2
