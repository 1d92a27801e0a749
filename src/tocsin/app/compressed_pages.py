"""Pages go out compressed. Django's own middleware does it, on HTML alone: live streams must flow, assets are compressed once
beforehand, photographs cannot be.

Compression beside a secret lets who sees the length of many answers guess the secret letter by letter, where they can also put
words of their own into the page (BREACH, Gluck, Harris and Prado 2013). Here:

- the form's token is masked anew in every answer (Django), the ``once`` of a form is drawn anew, a first password is shown
  once: none of them stands in two answers;
- another site cannot have a browser ask for a page in somebody's name again and again: the session's cookie is ``Lax``, so it
  goes along with a visible change of the page only;
- every answer is longer by a random number of bytes up to 100 (Heal the Breach, Palacios, Fernandez-Gago and Onieva 2022).
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

__all__ = ["CompressedPages"]


class CompressedPages(GZipMiddleware):
    """Compresses what is HTML and stands whole; leaves everything else as it is."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, compressed where the browser takes that and it becomes smaller."""
        if not isinstance(response, HttpResponse) or not response.headers.get("Content-Type", "").startswith(
            "text/html"
        ):
            return response
        return super().process_response(request, response)
