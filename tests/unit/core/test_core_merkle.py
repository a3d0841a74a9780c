"""The tree of RFC 6962 against the known answers of Certificate Transparency's own tests, and proofs of being in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records.leaves import Leaf, pack, read, unpack
from bot.records.merkle import EMPTY, Tree, path, root_from

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_the_known_roots() -> None:
    tree = Tree()
    assert tree.root() == EMPTY
    for data, root in zip(LEAVES, ROOTS, strict=True):
        tree.add(bytes.fromhex(data))
        assert tree.root().hex() == root


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70, unique=True), st.data())
def test_a_proof_leads_to_the_root_and_no_other_does(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Tree()
    for one in leaves:
        tree.add(one)
    at = data.draw(st.integers(0, len(leaves) - 1))
    proof, count = path(leaves, at), len(leaves)
    assert root_from(leaves[at], at, count, proof) == tree.root()
    assert root_from(leaves[at] + b"x", at, count, proof) != tree.root()
    assert root_from(leaves[at], at, count, [*proof, EMPTY]) != tree.root()
    other = data.draw(st.integers(0, count - 1))
    if other != at:
        assert root_from(leaves[at], other, count, proof) != tree.root()


def test_a_list_is_packed_in_parts_and_a_damaged_part_says_so() -> None:
    leaves = [Leaf("messages", f"{n:024x}", "c", n, "00" * 32) for n in range(1, 23_001)]
    parts = list(pack(leaves))
    assert len(parts) == 3
    assert list(unpack(parts)) == leaves
    assert list(pack([])) == []
    with pytest.raises(ValueError, match="cannot be read"):
        list(unpack([parts[0][:-5]]))
    for wrong in ("", "a\tb", "messages\tc\tx\tid\thash"):
        with pytest.raises(ValueError, match=r"unpack|invalid literal"):
            read(wrong)


def test_no_two_lists_look_alike_whatever_stands_in_a_damaged_record() -> None:
    odd = Leaf("messages", "id\tmore", "chain\nnext", 1, "no hash")
    assert read(odd.line()) == Leaf("messages", "id more", "chain next", 1, "no hash")
    assert len(odd.data) == 32
