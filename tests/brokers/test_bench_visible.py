"""The bench part `visible`, shortened: it sells at the rate asked for and measures against a bare message."""

import pytest

from simulators.bench import visible


@pytest.mark.slow
def test_visibility_is_measured_at_the_rate_asked_for_against_a_bare_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visible, "SECONDS_BY_RATE", {10: 3})
    monkeypatch.setattr(visible, "BARE_SECONDS_BY_RATE", {10: 1})
    found = visible.measure()
    assert found.keys() == {"p50_ms_at_10", "p99_ms_at_10", "followed_at_10", "sold_per_s_at_10"}
    assert found["p99_ms_at_10"].value >= found["p50_ms_at_10"].value > 0
    assert found["p50_ms_at_10"].baseline_name == "a bare message"
    assert found["followed_at_10"].baseline == 30
    assert found["followed_at_10"].value > 0
