"""
How long a thief needs who took the card: a cautious estimate of a password's strength.

A sealed identity (age's scrypt at 2^16: 64 MiB and about 0.2 s a guess) can be
attacked as long as somebody likes, so a password is measured in the years that
takes, and one that takes less than `LEAST_YEARS` is refused. No estimate knows
every pattern that people think of: the safe way is a few words drawn by lot.
"""

from __future__ import annotations

import re

from vigil.errors import ConfigError

GUESSES_A_S = 20_000
"""Ten of the fastest graphics cards: each takes about 7,000 scrypt guesses a second at 2^14, so 1,800 at 2^16."""

LEAST_YEARS = 10
LONGEST = 1024

_YEAR_S = 365.25 * 86_400
_COMMON = re.compile(
    r"passwor[dt]|passwd|kennwort|qwert[yz]?|asdf\w*|[yz]xcv\w*|1q2w3e\w*|letmein|welcome|willkommen|admin|login|secret"
    r"|geheim|master|dragon|monkey|football|iloveyou|sunshine|princess|baseball|shadow|hallo|hello|camera|kamera|vigil"
    r"|recorder|raspberry"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_PLAIN = str.maketrans("4@301$57", "aaeoisst")
"""Signs that stand in for letters: no cracker overlooks them."""


def guesses_log2(password: str) -> float:
    """
    Return the binary logarithm of the guesses after which a good cracker has tried passwords like this.

    Three letters and more in a row count as words do: 2 bits a letter (a word
    drawn from 7,776 has 12.9 bits and six or seven letters). Other letters
    count 4.7, digits 3.3, signs 5, what stands between words 1. Words that
    everybody uses and years count 6 each; what repeats or counts on counts 1.
    """
    password, words = _without(_COMMON, password, password.lower().translate(_PLAIN))
    password, more = _without(_COMMON, password, password.lower())
    password, years = _without(_YEAR, password, password)
    bits = 6.0 * (words + more + years)
    before = ""
    for part in re.findall(r"[^\W\d_]+|\d+|[^\w]|_", password):
        for sign in part:
            bits += 1 if before and abs(ord(sign) - ord(before)) <= 1 else _sign_bits(sign, part)
            before = sign
    return bits


def check_password(password: str) -> str:
    """Return what breaking this password costs a thief, in words. Raises `ConfigError` where that is too little."""
    if len(password) > LONGEST or not password.isprintable():
        raise ConfigError([f"a password has at most {LONGEST} characters, on one line"])
    bits = guesses_log2(password)
    repeated = re.fullmatch(r"(.+?)\1+", password)
    if repeated:
        bits = guesses_log2(repeated[1]) + 1
    years = 2 ** min(bits - 1, 200) / GUESSES_A_S / _YEAR_S
    cost = f"{_span(years)} for a thief with ten fast graphics cards ({GUESSES_A_S:,} guesses a second)"
    if years < LEAST_YEARS:
        raise ConfigError(
            [f"this password is too weak: {cost}; at least {LEAST_YEARS} years are asked, as four unrelated words give"]
        )
    return cost


def _without(pattern: re.Pattern[str], password: str, plain: str) -> tuple[str, int]:
    """Cut out of `password` what `pattern` finds in `plain`, the same text spelt plainly; say how often."""
    found = list(pattern.finditer(plain))
    for match in reversed(found):
        password = password[: match.start()] + password[match.end() :]
    return password, len(found)


def _sign_bits(sign: str, part: str) -> float:
    if sign.isdigit():
        return 3.3
    if not sign.isalpha():
        return 1 if sign in " -_.," else 5
    return 2 if len(part) >= 3 and (part.islower() or part.istitle() or part.isupper()) else 4.7


def _span(years: float) -> str:
    if years >= 1e6:
        return "more than a million years"
    for unit, in_a_year in [("years", 1.0), ("days", 365.25), ("hours", 8766.0), ("minutes", 525_960.0)]:
        if years * in_a_year >= 2:
            return f"about {round(years * in_a_year):,} {unit}"
    return "a minute or two"
