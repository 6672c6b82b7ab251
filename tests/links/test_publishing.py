"""Heads reach a file and a URL once each, whole, in order, through crashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from security_service.domain.log_head import read_signed_head
from security_service.domain.log_ports import NotPublished, Published, PublishedDiffers
from security_service.links.http_link import HttpLink
from security_service.links.publishing import HeadsFile, HeadsUrl
from tests.domain.log_attack import signed, texts
from tests.fakes.sealing import HeldLog, event_text
from tests.links.peer import Answer, Peer, Reply, Reset

LOG = HeldLog(texts(300))


def test_heads_are_appended_and_the_file_remembers_the_last(tmp_path: Path) -> None:
    file = HeadsFile(tmp_path / "deep" / "heads.jsonl")
    assert file.since(300) == 0
    heads = [signed(LOG, size) for size in (10, 20, 300)]
    assert [file.publish(one) for one in heads] == [Published()] * 3
    assert file.since(300) == 300
    lines = (tmp_path / "deep" / "heads.jsonl").read_text().splitlines()
    assert [read_signed_head(line) for line in lines] == heads


def test_a_head_that_another_process_published_first_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    first, second = signed(LOG, 10), signed(LOG, 20)
    HeadsFile(path).publish(first)
    HeadsFile(path).publish(second)
    assert HeadsFile(path).publish(first) == Published()
    assert len(path.read_text().splitlines()) == 2


def test_another_head_of_a_size_or_before_the_last_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    file = HeadsFile(path)
    file.publish(signed(LOG, 20))
    fork = HeldLog([event_text(1, kind="sim_added"), *texts(299)])
    assert file.publish(signed(fork, 20)) == PublishedDiffers(20)
    assert file.publish(signed(LOG, 10)) == PublishedDiffers(20)
    assert len(path.read_text().splitlines()) == 1


def test_a_line_that_a_crash_cut_short_is_left_behind_and_written_again_whole(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    file = HeadsFile(path)
    file.publish(signed(LOG, 10))
    with path.open("a") as torn:
        torn.write(signed(LOG, 20).line()[:50])
    assert file.since(300) == 10
    assert file.publish(signed(LOG, 20)) == Published()
    assert file.since(300) == 20
    assert read_signed_head(path.read_text().splitlines()[-1]) == signed(LOG, 20)


def test_a_file_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = HeadsFile(tmp_path / "file" / "heads.jsonl").publish(signed(LOG, 10))
    assert isinstance(outcome, NotPublished)


def url(peer: Peer, tmp_path: Path) -> HeadsUrl:
    return HeadsUrl(HttpLink(f"{peer.url}/heads"), tmp_path / "posted")


def test_a_head_is_posted_as_its_line_and_remembered(tmp_path: Path) -> None:
    with Peer(lambda request: Answer(status=204)) as peer:
        place = url(peer, tmp_path)
        assert place.since(300) == 299
        assert place.publish(signed(LOG, 10)) == Published()
        assert url(peer, tmp_path).since(300) == 10
    (request,) = peer.requests
    assert (request.method, request.path) == ("POST", "/heads")
    assert read_signed_head(request.body) == signed(LOG, 10)


def test_a_url_that_is_away_or_refuses_is_tried_again_later(tmp_path: Path) -> None:
    answers: Iterator[Reply] = iter([Answer(status=503), Answer(status=302), Reset()])
    with Peer(lambda request: next(answers)) as peer:
        outcomes = [url(peer, tmp_path).publish(signed(LOG, 10)) for _ in range(3)]
    assert outcomes[0] == NotPublished("http_503")
    assert all(isinstance(outcome, NotPublished) for outcome in outcomes)
    assert url(peer, tmp_path).since(300) == 299


def test_a_url_that_holds_another_head_of_that_size_is_an_alarm(tmp_path: Path) -> None:
    with Peer(lambda request: Answer(status=409)) as peer:
        assert url(peer, tmp_path).publish(signed(LOG, 10)) == PublishedDiffers(10)
