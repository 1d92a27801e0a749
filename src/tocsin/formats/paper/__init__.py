"""Papers that leave the house: reports, orders, letters, as .docx and PDF: a `Paper` in, the same bytes out each time."""

from tocsin.formats.paper.docx import as_docx
from tocsin.formats.paper.paper import Heading, Items, Paper, Part, Signature, Signers, Table, Text
from tocsin.formats.paper.pdf import as_pdf

__all__ = ["Heading", "Items", "Paper", "Part", "Signature", "Signers", "Table", "Text", "as_docx", "as_pdf"]
