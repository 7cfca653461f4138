from __future__ import annotations

from voicebot.gateway.rtp.quality_stats import quality_stats

COUNTS = {
    "packets_received": 980.0,
    "packets_lost": 20.0,
    "late": 0.0,
    "jitter_buffer_ms": 40.0,
}


def test_nothing_is_known_before_the_first_packet() -> None:
    assert quality_stats("PCMA", COUNTS | {"packets_received": 0.0, "packets_lost": 0.0}) == {}


def test_lost_and_late_packets_count_alike() -> None:
    lost = quality_stats("PCMA", COUNTS)
    assert lost["loss_percent"] == 2
    assert 4.0 < lost["mos"] < 4.3
    late = quality_stats(
        "PCMA", COUNTS | {"packets_lost": 0.0, "packets_received": 1000.0, "late": 20.0}
    )
    assert late == lost


def test_good_line_is_good_and_a_bad_one_bad() -> None:
    good = quality_stats("PCMA", COUNTS | {"packets_lost": 0.0})
    assert good["mos"] >= 4.3
    bad = quality_stats("PCMA", COUNTS | {"packets_lost": 200.0, "rtt_ms": 600.0})
    assert bad["mos"] < 2.6


def test_other_side_is_judged_by_its_reports() -> None:
    assert "remote_mos" not in quality_stats("PCMA", COUNTS)
    fine = COUNTS | {"remote_loss_percent": 0.0, "remote_jitter_ms": 1.0}
    poor = COUNTS | {"remote_loss_percent": 10.0, "remote_jitter_ms": 90.0}
    assert quality_stats("PCMA", fine)["remote_mos"] > 4.3
    assert quality_stats("PCMA", poor)["remote_mos"] < 3.5
    assert quality_stats("PCMA", fine)["mos"] == quality_stats("PCMA", poor)["mos"]


def test_more_late_packets_than_there_were_are_all() -> None:
    assert quality_stats("PCMA", COUNTS | {"late": 5000.0})["loss_percent"] == 100
