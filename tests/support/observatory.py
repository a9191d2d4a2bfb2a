"""Headers, graded as Mozilla's HTTP Observatory does; HTTPS is for the proxy in front.

https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring
"""

from collections.abc import Mapping

PERFECT = 100
# Referrers and framing, scripts and styles that a policy allows: 100 and more is an A+.
_SAFE_REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


def grade(headers: Mapping[str, str], cookies: list[str]) -> tuple[int, list[str]]:
    """The score of an answer of 100, and what took from it or added to it.

    Args:
        headers: Of the answer, whatever their case.
        cookies: Its headers `Set-Cookie`.
    """
    policy = _directives(headers.get("content-security-policy", ""))
    changes = [
        *_of_policy(policy),
        *_of_cookies(cookies),
        (
            "any origin may read it",
            -50 if headers.get("access-control-allow-origin") == "*" else 0,
        ),
        ("no nosniff", 0 if headers.get("x-content-type-options") == "nosniff" else -5),
        ("framing", 5 if policy.get("frame-ancestors") == ["'none'"] else -20),
        ("referrer", 5 if headers.get("referrer-policy") in _SAFE_REFERRERS else -5),
        (
            "resource policy",
            10 if headers.get("cross-origin-resource-policy") == "same-origin" else 0,
        ),
    ]
    lost = [why for why, change in changes if change < 0]
    score = PERFECT + sum(change for _, change in changes if change < 0)
    # Extra credit counts from 90 on.
    return score + (sum(change for _, change in changes if change > 0) if score >= 90 else 0), lost


def _directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split(";") if part.strip()]
    return {name: sources for name, *sources in parts}


def _of_policy(policy: dict[str, list[str]]) -> list[tuple[str, int]]:
    default = policy.get("default-src")
    scripts, styles = (policy.get(name, default) for name in ("script-src", "style-src"))
    if scripts is None or styles is None:
        return [("no policy", -25)]
    if any("'unsafe-inline'" in one or "data:" in one for one in (scripts,)):
        return [("unsafe scripts", -20)]
    if "'unsafe-eval'" in scripts:
        return [("eval", -10)]
    if any("http:" in source or source == "*" for source in (*scripts, *styles)):
        return [("scripts from anywhere", -20)]
    unsafe_styles = "'unsafe-inline'" in styles
    return [("policy", 0 if unsafe_styles else 10 if default == ["'none'"] else 5)]


def _of_cookies(cookies: list[str]) -> list[tuple[str, int]]:
    found = []
    for cookie in cookies:
        flags = {part.strip().split("=")[0].lower() for part in cookie.split(";")[1:]}
        found.append(("cookie for scripts", 0 if "httponly" in flags else -30))
        found.append(("cookie of other sites", 0 if "samesite" in flags else -20))
    return found
