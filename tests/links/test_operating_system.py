from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from security_service.links.operating_system import SystemChance

FORK = """
import os
from security_service.links.operating_system import SystemChance
chance = SystemChance()
chance.token()
child = os.fork()
if child:
    os.waitpid(child, 0)
print("child" if child == 0 else "parent", *(chance.token() for _ in range(300)))
"""


def test_a_token_is_128_bits_in_hex() -> None:
    chance = SystemChance()
    assert all(re.fullmatch(r"[0-9a-f]{32}", chance.token()) for _ in range(1000))


def test_no_two_tokens_are_alike_however_many_threads_draw_them() -> None:
    chance = SystemChance()
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: chance.token(), range(5000)))
    assert len(set(tokens)) == 5000


def test_a_process_that_forks_off_draws_tokens_of_its_own() -> None:
    # In a process of its own: this one has threads, which a fork does not take along.
    finished = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    child, parent = (line.split() for line in sorted(finished.stdout.splitlines()))
    assert (len(parent), len(child)) == (301, 301)
    assert set(parent).isdisjoint(child)


def test_a_code_has_its_length_and_only_digits() -> None:
    chance = SystemChance()
    assert all(re.fullmatch(r"\d{6}", chance.code(6).reveal()) for _ in range(1000))
