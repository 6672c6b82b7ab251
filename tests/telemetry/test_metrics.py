from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from security_service.config.sources import child_environment
from security_service.telemetry.metrics import PrometheusMeter

_ROOT = Path(__file__).parents[2]
_COUNT_ONE = """
import sys
from pathlib import Path
from security_service.telemetry.metrics import PrometheusMeter
meter = PrometheusMeter(Path(sys.argv[1]))
meter.operation("CheckCode", 0, "valid", 0.004)
if len(sys.argv) > 2:
    print(meter.render().decode())
"""


def test_each_kind_of_count_stands_in_the_text() -> None:
    meter = PrometheusMeter()
    meter.operation("GenerateCode", 6, "sim_changed", 0.02)
    meter.lookup("imsi", "seen", 0.01)
    meter.gateway("sms", "accepted", 0.03)
    meter.event("limit", "sends_minute")
    meter.event("fail_open", "absent")
    meter.event("job", "look")
    text = meter.render().decode()
    for line in (
        'etalon_operations_total{answer="6",operation="GenerateCode",reason="sim_changed"} 1.0',
        'etalon_operation_seconds_bucket{le="0.025",operation="GenerateCode"} 1.0',
        'etalon_lookups_total{outcome="seen",source="imsi"} 1.0',
        'etalon_messages_total{gateway="sms",outcome="accepted"} 1.0',
        'etalon_limits_reached_total{limit="sends_minute"} 1.0',
        'etalon_fail_open_total{reason="absent"} 1.0',
        'etalon_events_total{event="job",label="look"} 1.0',
    ):
        assert line in text


def test_processes_that_share_a_directory_are_shown_as_one(tmp_path: Path) -> None:
    environment = child_environment({"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(_ROOT)})
    command = [sys.executable, "-c", _COUNT_ONE, str(tmp_path)]
    subprocess.run(command, env=environment, check=True, timeout=60)
    shown = subprocess.run(
        [*command, "show"], env=environment, check=True, timeout=60, capture_output=True, text=True
    ).stdout
    assert 'etalon_operations_total{answer="0",operation="CheckCode",reason="valid"} 2.0' in shown
    assert 'etalon_operation_seconds_count{operation="CheckCode"} 2.0' in shown
