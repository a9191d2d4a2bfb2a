"""Bodies as they are sent, or after a bad day: values that are nearly right, and damaged bytes."""

import json

from hypothesis import strategies as st

_NUMBERS = """
0 1 2 -1 -0 0.0 -0.0 1.0 1e0 1E2 100e-2 0.1e1 00 01 +1 1. .5 1e 0x1 1_000 9007199254740993 inf
9223372036854775807 9223372036854775808 18446744073709551616 1e-400 1E400 -1e400 4.9e-324 NaN nan
1000000.0000000001 1000000.00000000001 0.30000000000000004 2.2250738585072011e-308 Infinity
1000000 1e6 -Infinity true false null "1" "" [] [1] {} {"a":1} [[[[1]]]]
"""
_LONG = ["1" * 400, "0." + "3" * 400, "1" * 20 + ".5", "0" * 30, "[" * 300 + "]" * 300]
NUMBERS = [*_NUMBERS.split(), *_LONG]
_MOMENTS = """
2019-08-01 2019-08-01T00:00:21 2019-08-01T00:00:21Z 2019-08-01T00:00:21+02:00 2019-08-01T00:00:21.5
2019-08-01T00:00:21,5 2019-08-01T00:00:21.123456 2019-08-01T00:00:21.1234567 2019-08-01T10:20
2019-08-01T00:00:21.999999999 2019-08-01t10:20:30z 2019-08-01_10:20:30 2019-08-01T24:00:00
2019-08-01T24:00 2019-06-30T23:59:60 2019-06-30T23:60:59 2019-06-30T25:00:00 0000-01-01 0001-01-01
1969-12-31T23:59:59 1970-01-01 2199-12-31T23:59:59 2200-01-01 9999-12-31 2019-02-29 2019-00-10
2019-13-01 2019-04-31 2019-W31-4 2019-W31-4T00:00:21 20190801 20190801T000021 2019-08-01T000021.5
2019-08-01T00:00+01 2019-8-1 1564617621 2019-08-01x10:20:30 2019-08-01T00:00:21-00:00 2019/08/01
2019-08-01T +2019-08-1 2020-02-29 2019-08-01T00:00:21+00:00 2019-08-01T00:00:21.5+00:00
2019-08-01T00:00:21.500+00:00 2019-08-01T00:00:21.500000+00:00 2019-08-01T00:00:21+00:01
"""
_WITH_BLANKS = [
    "", " 2019-08-01", "2019-08-01 ", "2019-08-01\n", "2019-08-01 24:00:00", "2019-08-01 00:00:21",
    "2019-08-01  0:00:21", "\uff12019-08-01", "2019-08-0१", "2019-08-01 00:00:21.000000",
]  # fmt: skip
MOMENTS = [*_MOMENTS.split(), *_WITH_BLANKS]
SPELLINGS = [
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%MZ", "%Y-%m-%d %H:%M:%S.001", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.999Z",
    "%Y-%m-%d %H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S-03:30",
    "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%d %H:%M:%S.%f+00:00", "%Y-%m-%dT%H:%M:%S.250+00:00",
]  # fmt: skip
GOOD_TEXTS = [
    "US",
    "",
    "a:b",
    ":",
    "{",
    "}",
    ",",
    "é",
    "\u2028",
    "💶",
    "\x7f",
    "x" * 100,
    "é" * 100,
]
TEXTS = [
    *GOOD_TEXTS, '":', '" :', "\\", '"', "\0", "\\u0000", "\x01", "x" * 101, "💶" * 100, "💶" * 101,
    "null", "1", "a :b", "\ud800", "\udc00\ud800", "\ufeff",
]  # fmt: skip
HOSTILE = [
    b" ", b"\t", b"\n", b"\r", b"\x0b", b"\x00", b"\xa0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"1",
    b"\xef\xbb\xbf", b'"', b"\\", b"\\u0000", b"\\u0061", b"\\x", b":", b",", b",,", b"{", b"}",
    b"{}", b"[", b"]", b"null", b"NaN", b"-", b"e1", b".0", b"+", b"//", b"/**/", b"'",
    b'"STV":1,', b'"STV" :1,', b',"STV":null', b',"stv":1', b'"user_id":1,', b'"x":{"y":1,"y":2},',
]  # fmt: skip


def one_in(times: int, draw: st.DrawFn) -> bool:
    return draw(st.sampled_from(range(times))) == times - 1


def text_of(draw: st.DrawFn, text: str) -> str:
    """A text as JSON, in one of its spellings."""
    match draw(st.sampled_from([0, 0, 0, 0, 0, 1, 2, 3])):
        case 0:
            return json.dumps(text)
        case 1:
            return json.dumps(text, ensure_ascii=False)
        case 2:
            return '"' + "".join(f"\\u{ord(one) & 0xFFFF:04X}" for one in text) + '"'
    return f'"{text}"'


def damaged(draw: st.DrawFn, content: str) -> bytes:
    """A body, which may have been cut, spliced or lengthened."""
    body = content.encode("utf-8", "surrogatepass")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        at = draw(st.integers(0, len(body)))
        until = at + draw(st.integers(0, 9))
        match draw(st.integers(0, 2)):
            case 0:
                body = body[:at] + draw(st.sampled_from(HOSTILE)) + body[at:]
            case 1:
                body = body[:at] + body[until:]
            case 2:
                body = body[:until] + body[at:]
    # What is long is searched in another way.
    return body + b" " * 20_000 if one_in(3, draw) else body
