"""Backends that ask for codes and check them without a pause, and write down all they were answered."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.e2e.callers import Backend, Operator, new_number, wrong


@dataclass(slots=True)
class Story:
    """What one number met: answers to GenerateCode, and to the checks of each code that arrived."""

    number: str
    generated: list[int] = field(default_factory=list)
    checked: dict[str, list[int]] = field(default_factory=dict)

    def accepted(self) -> int:
        """How many checks were answered with success."""
        return sum(answers.count(0) for answers in self.checked.values())

    def undecided(self) -> int:
        """How many checks were answered with 4, which promises nothing."""
        return sum(answers.count(4) for answers in self.checked.values())


class Load:
    """Threads that live through one number after the other until they are told to stop.

    A broken connection or an answer other than HTTP 200 ends a thread, and `stop` tells of it.
    """

    def __init__(self, bank: Backend, operator: Operator, threads: int = 6) -> None:
        self._bank, self._operator = bank, operator
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._broken: list[BaseException] = []
        self.stories: list[Story] = []
        self.answers: Counter[tuple[str, int]] = Counter()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def count(self, operation: str, code: int) -> int:
        """How often an operation has answered a code."""
        with self._lock:
            return self.answers[operation, code]

    def stop(self) -> None:
        """Let all threads end, and raise what broke one of them."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        if self._broken:
            raise self._broken[0]

    def __enter__(self) -> Self:
        """Start the threads."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                story = Story(new_number())
                with self._lock:
                    self.stories.append(story)
                self._live(story)
        except BaseException as error:  # noqa: BLE001 - a thread's fault is raised where it is joined
            self._broken.append(error)

    def _live(self, story: Story) -> None:
        """Two codes, each checked wrong once and right twice, whatever its sending was answered with."""
        for _ in range(2):
            story.generated.append(self._generate(story.number))
            if not self._operator.texts(story.number):
                return
            code = self._operator.code(story.number)
            answers = story.checked.setdefault(code, [])
            answers += [self._check(story.number, digits) for digits in (wrong(code), code, code)]

    def _generate(self, number: str) -> int:
        reply = self._bank.generate(number)
        return self._noted("GenerateCode", reply.status, reply.code)

    def _check(self, number: str, code: str) -> int:
        reply = self._bank.check(number, code)
        return self._noted("CheckCode", reply.status, reply.code)

    def _noted(self, operation: str, status: int, code: int) -> int:
        assert status == 200, status
        with self._lock:
            self.answers[operation, code] += 1
        return code
