"""Jobs as the text that the queue holds; leaves queueing to the scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from security_service.domain.jobs import MESSAGE_KINDS, Job, JobKind
from security_service.domain.secret import Msisdn
from security_service.store.connection import Argument

_WRITE: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def job_body(job: Job) -> str:
    """Give the text of a job: `j` or, for a message that no worker has begun, `m`; then JSON."""
    mark = "m" if job.kind.value in MESSAGE_KINDS and not job.started else "j"
    if job.started:
        mark = "s"
    return mark + _WRITE([job.kind.value, job.tenant, job.number.digits, list(job.data), job.attempt])


def read_job(job_id: str, body: str) -> Job | None:
    """Read what `job_body` gave and the queue may have marked as started.

    None for a body that this version cannot read.
    """
    try:
        kind, tenant, number, data, attempt = json.loads(body[1:])
        known = JobKind(kind)
    except ValueError:
        return None
    pairs = tuple((name, value) for name, value in data)
    return Job(job_id, known, tenant, Msisdn(number), pairs, attempt=attempt, started=body[0] == "s")


def job_arguments(jobs: Sequence[Job]) -> list[Argument]:
    """Give jobs as the scripts take them: id, body, due in milliseconds of each in turn."""
    arguments: list[Argument] = []
    for job in jobs:
        arguments += [job.id, job_body(job), int(job.due_in_s * 1000)]
    return arguments
