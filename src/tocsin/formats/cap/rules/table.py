"""The numbered rules that a message can be checked for: R1 to R76 of the standard and its readers, P1 to P16 of good practice.

The numbers are those of the project's checklist of warning rules; a number that is not here is a promise of the code that
carries messages, not a property of one message (docs/cap.md says of each where it is kept).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """``says`` the rule itself in a sentence, ``remedy`` what to do about a message that breaks it."""

    number: str
    grade: Literal["error", "warning"]
    says: str
    remedy: str


def _rules(*rows: tuple[str, Literal["E", "W"], str, str]) -> dict[str, Rule]:
    return {
        number: Rule(number, "error" if grade == "E" else "warning", says, remedy)
        for number, grade, says, remedy in rows
    }


RULES = _rules(
    ("R1", "E", "Well-formed XML with the elements of CAP 1.2 in their order and nothing else.",
     "put the elements in the order of the CAP 1.2 schema and leave out what it does not know"),
    ("R2", "E", "Written as UTF-8 with an XML declaration.", "write UTF-8 and say so in the first line"),
    ("R3", "E", "No document type, no entity of its own, at most 8 MB, at most 32 levels deep.",
     "send plain XML without a DOCTYPE"),
    ("R4", "E", "identifier and sender are there, not empty, without space, comma, < and &.",
     "give an identifier and a sender of letters, digits and .:@_-/"),
    ("R5", "E", "Times are YYYY-MM-DDThh:mm:ss with a numeric offset: no Z, no fraction.",
     "write times as 2025-07-20T14:35:00+08:00"),
    ("R6", "W", "UTC is written -00:00.", "write -00:00"),
    ("R7", "E", "A time exists: no offset beyond 14:00, no 31 February, no second 60.", "give a time that exists"),
    ("R8", "E", "status is Actual, Exercise, System, Test or Draft.", "use one of them"),
    ("R9", "E", "msgType is Alert, Update, Cancel, Ack or Error.", "use one of them"),
    ("R10", "E", "scope is Public, Restricted or Private.", "use one of them"),
    ("R11", "E", "restriction stands with the scope Restricted, and only then.",
     "say the restriction of a Restricted message; leave it out of any other"),
    ("R12", "E", "addresses stand with the scope Private.", "name the addressees of a Private message"),
    ("R13", "W", "An Exercise says in note which exercise, an Error why.", "say it in note"),
    ("R15", "E", "references are sender,identifier,sent, separated by white space, no part empty.",
     "cite each message as sender,identifier,sent as they stand in it"),
    ("R16", "E", "Update, Cancel, Ack and Error cite the message they are about.", "add references"),
    ("R17", "E", "A message cites neither itself nor a later one.", "cite an earlier message"),
    ("R18", "W", "incidents are names separated by white space, one with spaces in quotes.", "quote names with spaces"),
    ("R19", "W", "An Alert or Update has an info.", "say in an info what threatens"),
    ("R20", "E", "Each info has a category, an event, and urgency, severity and certainty from their lists.",
     "give all five, spelt as the standard spells them"),
    ("R21", "W", "The certainty Very Likely of CAP 1.0 is Likely today.", "write Likely"),
    ("R22", "E", "responseType is from its list.", "use a responseType of CAP 1.2"),
    ("R23", "E", "language is a code of RFC 3066 or BCP 47.", "write a code such as zh-CN or en-US"),
    ("R24", "E", "Infos in several languages agree in category, levels, times, codes and areas; infos in one language do "
     "not contradict each other.", "give every language the same category, levels, times, codes and areas"),
    ("R25", "W", "Texts under two languages differ.", "translate the text, or leave the second info out"),
    ("R26", "E", "eventCode, parameter and geocode have one valueName and then one value.",
     "write one valueName, then one value"),
    ("R27", "W", "expires is there; where it is not, each reader decides for itself when the message is over.",
     "say when it expires"),
    ("R28", "E", "expires is after sent, effective and onset.", "let it expire later, or correct the other times"),
    ("R30", "W", "web is an absolute address; a headline has at most 160 characters.",
     "give the whole address; shorten the headline"),
    ("R31", "W", "Texts hold no HTML, no control and no direction-override characters.", "write plain text"),
    ("R32", "E", "A resource has a description and a MIME type.", "give resourceDesc and a type such as image/png"),
    ("R33", "E", "size is the whole number of bytes of the content.", "give the true size in bytes"),
    ("R34", "E", "uri is absolute, or relative with the content in derefUri.",
     "give the whole address, or the content in derefUri"),
    ("R35", "E", "derefUri is base64 of content that is what mimeType says.", "encode the content in base64"),
    ("R36", "W", "digest is the SHA-1 of the content in hex.", "give the SHA-1 of the content in hex"),
    ("R37", "E", "uri leads to a public server over http or https.", "give an address that the public can reach"),
    ("R38", "E", "areaDesc is there and not empty.", "name the area in words"),
    ("R39", "E", "A polygon has at least four points lat,lon, the last equal to the first.",
     "give at least four points, latitude first, and close the ring"),
    ("R40", "E", "Latitudes lie within 90, longitudes within 180 degrees, and in that order.",
     "write latitude,longitude in degrees of WGS 84"),
    ("R41", "W", "A polygon does not cross itself, has an area, and repeats no point.",
     "draw the outline once round, without crossing"),
    ("R42", "W", "A polygon does not span the antimeridian.", "split it at 180 degrees"),
    ("R43", "E", "A circle is lat,lon radius with a radius in km that is not negative.",
     "write it as lat,lon radius in kilometres"),
    ("R44", "W", "An info says where: one without area is not about everywhere.", "add an area"),
    ("R45", "W", "geocodes come with an equal polygon or circle.", "add the polygon of the coded area"),
    ("R46", "E", "ceiling stands only with altitude and is not below it.", "give both heights in feet, the lower first"),
    ("R47", "W", "Points are lat,lon without spaces inside, one space between.", "write 39.9,116.4 39.9,116.5"),
    ("R49", "W", "Holes written as a national code are outside of the standard: most readers warn inside them.",
     "subtract the holes from the area, or draw polygons without holes"),
    ("R51", "W", "A cited message was sent at the time that is cited, by a sender who may be spoken for.",
     "cite sender, identifier and sent as they stand in the message"),
    ("R53", "E", "The same sender, identifier and sent mean the same bytes.", "ask the sender which message holds"),
    ("R54", "W", "The same content is not sent again under a new identifier without citing the first.",
     "cite the first message, or ask the sender"),
    ("R60", "E", "A signature is enveloped in alert, after the infos, and signs the whole document.",
     "sign the whole message with an enveloped signature"),
    ("R67", "W", "One signature is enough; each further one is judged by itself.", "sign once"),
    ("R69", "E", "A feed and each entry have id, title and updated; each entry links to a message.",
     "give every entry an id, a title, an updated and a link of type application/cap+xml"),
    ("R76", "W", "CAP 1.0 and 1.1 are old.", "send CAP 1.2"),
    ("P1", "W", "identifier begins with the OID of the authority.", "write urn:oid: and the authority's OID before it"),
    ("P2", "W", "Each info has language, senderName, headline, description, instruction, web, contact, effective, onset, "
     "expires and responseType.", "fill it in"),
    ("P3", "W", "Every language of the jurisdiction has its info.", "add an info in that language"),
    ("P4", "W", "Each area has both a polygon of at most 100 points and a geocode.",
     "give both from one area; simplify outwards"),
    ("P5", "W", "event has at most 35 characters and comes with an eventCode OET:v1.2.",
     "use a term of the OASIS event list with its code"),
    ("P6", "W", "No level is Unknown; nobody publishes Ack or Error.", "decide on a level"),
    ("P7", "W", "onset to expires is at most 24 hours, for short-lived hazards 6, never over 31 days.",
     "let it expire sooner and update it"),
    ("P8", "E", "At publication no time lies before sent, and nothing has expired.", "set the times anew"),
    ("P9", "W", "The text is in the language that the info claims.", "correct the language or the text"),
    ("P10", "W", "Colour and grade are parameters that agree with the severity.", "add a parameter for the colour"),
    ("P11", "W", "A Cancel says why in an info; AllClear is said only when the danger is over.",
     "add an info with the reason; say AllClear only with urgency Past"),
    ("P12", "W", "senderName is an office, never a person.", "name the office"),
    ("P15", "W", "Short texts have at most 90 and 360 characters.", "shorten them"),
)  # fmt: skip
