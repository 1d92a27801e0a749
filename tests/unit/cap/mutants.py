"""Small damage to messages, chosen by a seed: to the tree for the schema, and rule by rule for the prose."""

from __future__ import annotations

import copy
import random

from lxml import etree

# Texts that sit on the edge of what a type of the schema takes.
EDGES = (
    "", " ", "x", "Met", " Met ", "met", "Actual", "Likely", "Very Likely", "None", "AllClear", "en", "en_US", "zh-Hans-CN",
    "toolonglanguage-x", " en ", "2024-02-29T00:00:00+08:00", "2023-02-29T00:00:00+08:00", "2024-01-01T24:00:00+00:00",
    "2024-01-01T24:00:01+00:00", "2024-01-01T23:59:60+00:00", "2024-01-01T00:00:00+14:00", "2024-01-01T00:00:00+14:01",
    "2024-01-01T00:00:00-14:00", "2024-01-01T00:00:00+05:60", "2024-01-01T00:00:00,08:00", "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00.5+08:00", "2024-01-01T00:00+08:00", "2024-01-01 00:00:00+08:00", "2024-01-01T00:00:00",
    " 2024-01-01T00:00:00+08:00 ", "0001-01-01T00:00:00+08:00", "2024-13-01T00:00:00+08:00",
    "2024-01-01T00:00:00-00:00", "２０２４-01-01T00:00:00+08:00", "1", "-1", "+1", " 7 ", "1.5", ".5", "5.", "1e5", "1 2",
    "0x1",
    "http://a.example/x", "http://[::1]/", "http://a b/", "relative/path?x#y", "//host/x", "http://a.example:8o/", "%zz",
    "a%20b", "http://a.example/%", "http://a/#b#c", "mailto:x@y", "http://a/[x]", "1:2", ":x", "http://a/{x}", "路径/x",
)  # fmt: skip


def damaged(root: etree._Element, chance: random.Random) -> etree._Element:
    """A copy of a message with one to three changes to its tree."""
    tree = copy.deepcopy(root)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        elements = [one for one in tree.iter(etree.Element) if "xmldsig" not in one.tag]
        chance.choice(CHANGES)(tree, chance.choice(elements), chance)
    return tree


def _drop(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    if one is not tree:
        one.getparent().remove(one)


def _double(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    if one is not tree:
        one.addnext(copy.deepcopy(one))


def _move(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    if one is not tree:
        parent = one.getparent()
        parent.remove(one)
        parent.insert(chance.randrange(len(parent) + 1), one)


def _rename(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    names = (
        "alert",
        "info",
        "area",
        "value",
        "valueName",
        "code",
        "note",
        "event",
        "geocode",
        "polygon",
        "stranger",
        "sent",
    )
    space = chance.choice(
        ("urn:oasis:names:tc:emergency:cap:1.2",) * 4 + ("urn:else", "http://www.w3.org/2000/09/xmldsig#")
    )
    if one is not tree:
        one.tag = f"{{{space}}}{chance.choice(names)}"


def _retext(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    leaves = [leaf for leaf in tree.iter(etree.Element) if not len(leaf)]
    chance.choice(leaves if chance.random() < 0.9 else [one]).text = chance.choice(EDGES)


def _attribute(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    one.set(chance.choice(("id", "lang", "{http://www.w3.org/XML/1998/namespace}lang")), "x")


def _child(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    etree.SubElement(one, chance.choice(("{urn:oasis:names:tc:emergency:cap:1.2}note", "{urn:else}x", "plain",
                                         "{http://www.w3.org/2000/09/xmldsig#}Object")))  # fmt: skip


def _stray(tree: etree._Element, one: etree._Element, chance: random.Random) -> None:
    one.tail = chance.choice(("stray", "\n", "\u00a0"))


CHANGES = (_drop, _double, _move, _rename, _retext, _retext, _retext, _attribute, _child, _stray)
