"""``leanwide serve --http``: an endpoint for clients that speak HTTP.

Imported when it is asked for: the HTTP library is an extra.
"""

from __future__ import annotations

import socket
from contextlib import AbstractAsyncContextManager
from functools import cache

from leanwide.access_token import AccessToken
from leanwide.cli.compose import launch, user_layers, user_texts
from leanwide.cli.listening import PortListener, ServerPort, serve_port
from leanwide.cli.terminal import complain
from leanwide.http.endpoint import endpoint
from leanwide.http.service import HttpService
from leanwide.options import parse


def serve_http(port: ServerPort, *, allow_remote: bool) -> int:
    """Serve HTTP to the clients with the token, until a signal ends the program.

    Returns:
        The exit code of the process.

    Raises:
        UsageError: The token's file is not usable, or the address is not available.
    """
    layers, problems = user_layers()
    texts, text_problems = user_texts()
    options, found = parse(*layers)
    for problem in (*problems, *text_problems, *found):
        complain(problem)
    names = {port.place.name} | ({socket.gethostname()} if allow_remote else set())

    def serving(token: AccessToken) -> AbstractAsyncContextManager[PortListener]:
        service = HttpService(launch(options), options, texts, cache(complain))
        return endpoint(service, token, names)

    return serve_port(port, serving)
