"""Currencies by their codes in ISO 4217, and by what people write instead."""

from typing import Final

_OF_TODAY: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
    BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR
    KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS
    UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_FORMER: Final = """
    ATS BEF BYR CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LVL MTL NLG PTE ROL RUR SIT SKK SLL
    TRL VEF ZWL
"""
CODES: Final = frozenset(f"{_OF_TODAY} {_FORMER}".split())
"""Codes of currencies of today, and of those that old data may have."""

SIGNS: Final = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "￥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "₫": "VND",
    "฿": "THB",
    "₱": "PHP",
    "₦": "NGN",
    "₸": "KZT",
    "R$": "BRL",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "HK$": "HKD",
    "MX$": "MXN",
    "NT$": "TWD",
    "NZ$": "NZD",
    "S$": "SGD",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "Fr": "CHF",
    "SFr": "CHF",
    "Rs": "INR",
}
"""The currency that a sign means where nothing else is said."""

_DOLLARS: Final = """
    ARS AUD BBD BMD BND BSD BZD CAD CLP COP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD
    TTD TWD USD UYU XCD
"""
SHARED: Final = {
    "$": frozenset(_DOLLARS.split()),
    "£": frozenset({"EGP", "FKP", "GBP", "GIP", "LBP", "SHP", "SSP", "SYP"}),
    "¥": frozenset({"CNY", "JPY"}),
    "￥": frozenset({"CNY", "JPY"}),
    "kr": frozenset({"DKK", "ISK", "NOK", "SEK"}),
    "Kr": frozenset({"DKK", "ISK", "NOK", "SEK"}),
    "Rs": frozenset({"INR", "LKR", "MUR", "NPR", "PKR", "SCR"}),
}
"""Signs of several currencies: which one is meant, the mapping says."""


def currency_of(unit: str, known: str | None) -> str | None:
    """The code of a currency, as it stands beside an amount; None where it is none.

    Args:
        unit: A code in any case, or a sign.
        known: The currency of amounts that come without one, which tells whose dollar is meant.
    """
    sign = unit.rstrip(".")
    if known is not None and known in SHARED.get(sign, ()):
        return known
    return sign.upper() if sign.upper() in CODES else SIGNS.get(sign)
