"""Damage for files that tests made: bytes, zip archives of arrays, JSON. All of it follows from one random generator."""

import copy
import io
import json
import random
import struct
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1)
TEXTS = (
    "", " ", "a" * 5000, "../../outside/evil", "/etc/passwd", "C:\\Windows\\win.ini", "..\\..\\evil", "a\0b", "CON", "nul.npz",
    ".", "..", "\ud800", "\u202e\u2066abc", "a\u0301" * 40, "%s%n{0}", "<script>alert(1)</script>", "\r\nSet-Cookie: a=b", "-rf",
    "~root", "1e400",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -0.0, 0.5, 1e308, float("nan"), float("inf"), float("-inf"), [], {}, [[]],
    [None], {"": None},
)  # fmt: skip
NAMES = ("../evil.npy", "/tmp/evil.npy", "a\\..\\b.npy", "x.npy/", "." * 200 + ".npy", "ab.npy", "con.npy", "\u202ey.npy", "x")


def damaged(data: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes of the bytes, more often near the beginning and the end, where heads and indices are."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not out:
            break
        place = _place(len(out), rng)
        length = min(len(out) - place, rng.choice((1, 2, 4, 8, 16, 64, 512, 4096)))
        match rng.choice(
            ("flip", "flip", "byte", "number", "number", "cut", "double", "insert", "zero", "truncate", "splice", "move")
        ):
            case "flip":
                for _ in range(rng.choice((1, 1, 2, 8, 40))):
                    out[_place(len(out), rng)] ^= 1 << rng.randrange(8)
            case "byte":
                out[place] = rng.randrange(256)
            case "number":
                size = rng.choice((1, 2, 4, 4, 8))
                number = (rng.choice(NUMBERS) + rng.choice((0, 0, 0, 1, -1))) % (1 << 8 * size)
                aligned = place // size * size if rng.random() < 0.7 else place
                out[aligned : aligned + size] = number.to_bytes(size, rng.choice(("little", "big")))
            case "cut":
                del out[place : place + length]
            case "double":
                out[place:place] = out[place : place + length] * rng.choice((1, 1, 2, 30))
            case "insert":
                out[place:place] = rng.randbytes(length)
            case "zero":
                out[place : place + length] = bytes(length)
            case "truncate":
                del out[place:]
            case "splice" if others:
                other = rng.choice(others)
                out = out[:place] + other[rng.randrange(len(other) + 1) :]
            case _:
                part, target = out[place : place + length], _place(len(out), rng)
                out[target : target + len(part)] = part
    return bytes(out)


def _place(length: int, rng: random.Random) -> int:
    near = min(length, rng.choice((64, 512, 4096)))
    return rng.choice((rng.randrange(near), length - 1 - rng.randrange(near), rng.randrange(length)))


def damaged_text(data: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """The same for text made of lines and cells: whole lines and cells change too."""
    if rng.random() < 0.4:
        return damaged(data, rng, others)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(rng.choice((1, 1, 2, 4))):
        row = rng.randrange(len(lines))
        cells = lines[row].split(",")
        column = rng.randrange(len(cells))
        match rng.choice(("cell", "cell", "cell", "drop", "double", "column", "swap", "quote")):
            case "cell":
                told = rng.choice((*TEXTS, *map(str, VALUES)))
                cells[column] = told
            case "drop":
                del cells[column]
            case "double":
                lines.insert(row, lines[row])
            case "column":
                cells.insert(column, cells[column])
            case "swap":
                other = rng.randrange(len(lines))
                lines[row], lines[other] = lines[other], lines[row]
                continue
            case _:
                cells[column] = '"' + cells[column]
        lines[row] = ",".join(cells)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def changed_json(value: Any, rng: random.Random) -> Any:
    """JSON with one to three of its values replaced, removed, doubled or renamed."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_places(value))
        if not places:
            return copy.deepcopy(rng.choice(VALUES))
        holder, key = rng.choice(places)
        match rng.choice(("replace", "replace", "replace", "remove", "rename", "double", "deep", "text")):
            case "replace":
                holder[key] = copy.deepcopy(rng.choice(VALUES))
            case "text":
                holder[key] = rng.choice(TEXTS)
            case "remove":
                del holder[key]
            case "deep":
                holder[key] = [[[[[[holder[key]]]]]]]
            case _ if isinstance(holder, list):
                holder.insert(key, holder[key])
            case _:
                holder[rng.choice(TEXTS)] = holder[key]
    return value


def _places(value: Any) -> Any:
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


def json_text(value: Any, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Such JSON as a file: changed as a value, as bytes, or nested far too deeply."""
    plain = json.dumps(value, ensure_ascii=False).encode()
    if rng.random() < 0.03:
        return b"[" * 200_000 if rng.random() < 0.5 else plain[:-1] + b',"x":' + b'{"a":' * 100_000
    if rng.random() < 0.3:
        return damaged(plain, rng, others)
    return json.dumps(changed_json(value, rng), ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass")


def damaged_archive(data: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """An ``.npz`` damaged as bytes, in what its directory says, or in an array whose checksum is right again."""
    if rng.random() < 0.25:
        return damaged(data, rng, others)
    members = _members(data)
    name = rng.choice(sorted(members))
    names, options = {key: key for key in members}, {}
    match rng.choice(("bytes", "head", "array", "array", "drop", "rename", "double", "claim", "method", "swap")):
        case "bytes":
            members[name] = damaged(members[name], rng, list(members.values()))
        case "head":
            members[name] = _head(members[name], rng)
        case "array":
            members[name] = _array(members[name], rng)
        case "drop":
            del members[name]
        case "rename":
            names[name] = rng.choice(NAMES)
        case "swap":
            members[name] = members[rng.choice(sorted(members))]
        case "double":
            options["double"] = name
        case "claim":
            options["claim"] = rng.choice(NUMBERS) % 2**32
        case _:
            options["method"] = rng.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", options.get("method", zipfile.ZIP_DEFLATED)) as archive:
        for key, content in members.items():
            archive.writestr(zipfile.ZipInfo(names[key]), content, archive.compression)
        if "double" in options:
            archive.writestr(zipfile.ZipInfo(name), b"not the same")
    written = bytearray(out.getvalue())
    if "claim" in options:  # the size that the directory says
        start = written.find(b"PK\x01\x02")
        written[start + 24 : start + 28] = struct.pack("<I", options["claim"])
    if rng.random() < 0.05:
        start = written.find(b"PK\x01\x02")
        written[start + 8] |= 1  # encrypted
    return bytes(written)


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _head(member: bytes, rng: random.Random) -> bytes:
    """An .npy whose head says something else."""
    length = struct.unpack_from("<H", member, 8)[0]
    head, rest = member[10 : 10 + length].decode("latin-1").strip(), member[10 + length :]
    shape = head[head.index("(") : head.index(")") + 1]
    told = (
        "(0,)",
        "()",
        "(1099511627776,)",
        "(-1,)",
        "(-1, -1)",
        "(1,)*9",
        "(3, 1662)",
        "(99999999999999999999,)",
        "(True,)",
        "(1.5,)",
    )
    dtypes = (
        "|O",
        "<f8",
        "<f4",
        ">f4",
        "<i8",
        "<U0",
        "|V0",
        "<U99999999",
        "<M8[s]",
        "<c16",
        "|b1",
        "x",
        "|S1",
        "<f2",
        "[('a','<f4')]",
    )
    match rng.choice(("shape", "shape", "dtype", "dtype", "order", "text", "deep")):
        case "shape":
            head = head.replace(shape, rng.choice(told))
        case "dtype":
            begin = head.index(":") + 2
            head = head[:begin] + repr(rng.choice(dtypes)) + head[head.index(",", begin) :]
        case "order":
            head = head.replace("False", rng.choice(("True", "None", "0", "'a'")))
        case "text":
            head = damaged(head.encode(), rng).decode("latin-1")
        case _:
            head = rng.choice(
                ("(" * 3000, "[" * 9000, "-" * 9000 + "1", "{" * 500, "__import__('os').system('id')", "'''", "1\n 2\n\t3")
            )
    raw = head.encode("latin-1")[:60_000] + b"\n"
    return member[:8] + struct.pack("<H", len(raw)) + raw + rest


def _array(member: bytes, rng: random.Random) -> bytes:
    """Another array in its place: another shape, kind, or strange values."""
    array = np.load(io.BytesIO(member), allow_pickle=False)
    match rng.choice(("values", "values", "kind", "shape", "short", "empty", "turn", "order")):
        case "values" if array.dtype.kind in "fiu" and array.size:
            array, strange = array.copy().reshape(-1), (np.nan, np.inf, -np.inf, 3e38, -1e30, 0.0, 1e-40, -1.0, 2**40)
            for _ in range(rng.choice((1, 3, 50))):
                place, number = rng.randrange(array.size), rng.choice(strange)
                with np.errstate(all="ignore"):
                    array[place] = (
                        number if array.dtype.kind == "f" else int(np.nan_to_num(number, posinf=2**31 - 1, neginf=-5)) % 2**31
                    )
            array = array.reshape(np.load(io.BytesIO(member)).shape)
        case "kind" if array.dtype.kind in "fiub":
            with np.errstate(all="ignore"):
                array = array.astype(rng.choice(("f8", "f2", "i8", "u1", "c8", "?", "U4", "S3", "i4")))
        case "short":
            array = (
                array.reshape(-1)[: rng.randrange(max(1, array.size))]
                if rng.random() < 0.5
                else array[..., :-1]
                if array.ndim
                else array
            )
        case "empty":
            array = np.zeros(
                rng.choice(((0,), (0, 1662), (1, 0), (0, 0, 0), ())), array.dtype if array.dtype.kind in "fiu" else "f4"
            )
        case "turn":
            array = array.T
        case "order" if array.ndim:
            array = array[::-1]
        case _:
            array = array.reshape(rng.choice(((-1,), (1, -1), (-1, 1), (1, 1, -1))))
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()
