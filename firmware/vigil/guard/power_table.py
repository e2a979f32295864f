"""Where the box's power comes from, judged from one look at the UPS and what was thought before."""

from __future__ import annotations

from vigil.config.model_ups import Ups as Settings
from vigil.events import Ups
from vigil.guard.facts import PowerState
from vigil.guard.probes.power import Alarm

CHARGE_SLACK_PCT = 5
RUNTIME_SLACK = 1.25
"""What was low or critical stays so until it is better by this much: figures of a battery tremble."""

ALARMS: dict[str, Alarm] = {"RB": "worn", "OVER": "overloaded", "BYPASS": "bypassed", "OFF": "bypassed"}
"""NUT's words for what the owner must see to, whatever the power does (NUT, docs/new-drivers.txt, *Status data*)."""


def judged(look: Ups, before: PowerState, settings: Settings) -> PowerState:
    """
    Return the state that follows from a look that succeeded. The first row that fits counts.

    FSD  a primary elsewhere shuts everything down      critical
    OB   while the UPS calibrates its battery           battery
    OB   and LB: the UPS itself says the end is near    critical
    OB   runtime at or below the threshold              critical
    OB   no runtime known, charge at half the threshold critical
    OB   charge at or below the threshold               low
    OB   runtime at or below twice the threshold        low
    OB                                                  battery
    OL                                                  mains
    anything else                                       unknown
    """
    flags = set(look.status)
    if "FSD" in flags:
        return "critical"
    if "OB" in flags:
        return "battery" if "CAL" in flags else _on_battery(look, before, settings)
    return "mains" if "OL" in flags else "unknown"


def _on_battery(look: Ups, before: PowerState, settings: Settings) -> PowerState:
    least_s: float = settings.critical_runtime_threshold_s
    low_pct: float = settings.low_battery_threshold_pct
    was_critical, was_low = before == "critical", before in ("critical", "low")
    if "LB" in look.status or _under(look.runtime_s, least_s * (RUNTIME_SLACK if was_critical else 1)):
        return "critical"
    if look.runtime_s < 0 and _under(look.charge_pct, low_pct / 2 + CHARGE_SLACK_PCT * was_critical):
        return "critical"
    if _under(look.charge_pct, low_pct + CHARGE_SLACK_PCT * was_low):
        return "low"
    return "low" if _under(look.runtime_s, 2 * least_s * (RUNTIME_SLACK if was_low else 1)) else "battery"


def _under(value: float, limit: float) -> bool:
    """Whether a figure is known, and no more than the limit."""
    return 0 <= value <= limit


def alarms(look: Ups) -> tuple[Alarm, ...]:
    """Return what the owner must see to, each once."""
    return tuple(dict.fromkeys(alarm for flag, alarm in ALARMS.items() if flag in look.status))
