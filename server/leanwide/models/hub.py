"""Files on the Hugging Face hub: metadata and bytes. The only importer of huggingface_hub.

The library's own download starts from scratch when it is interrupted, which is not good enough for
19 GB. So the bytes are streamed here, from where the last attempt ended, through the library's
client, which takes care of the address (``HF_ENDPOINT``), the token and the proxy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import huggingface_hub as library
from attrs import frozen
from huggingface_hub import constants, errors, utils

from leanwide import __version__
from leanwide.models.registry import HubFile

_HTTPError: Final[type[Exception]] = errors.HTTPError  # type: ignore[attr-defined]  # httpx's
_TIMEOUT_S: Final = 20.0
"""Seconds without a byte after which a connection counts as broken."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")

# Else the library asks the hub which variables AI agents set, and reports the one that it finds.
constants.HF_HUB_DISABLE_TELEMETRY = True


class HubError(Exception):
    """The hub refuses the file; the message is one sentence for the user."""


class CutError(Exception):
    """The connection broke, and resuming may work; the message is the cause."""


@frozen(kw_only=True)
class RemoteFile:
    """A file as the hub describes it."""

    source: HubFile
    url: str
    """Contains the commit, so that the bytes never change."""
    size_bytes: int
    sha256: str


def look_up(source: HubFile) -> RemoteFile:
    """Return the size and the hash of a file on the hub.

    Raises:
        HubError: There is no such file, it is not public, or the hub cannot be reached.
    """
    try:
        url = library.hf_hub_url(source.repo, source.file)
        found = library.get_hf_file_metadata(url, timeout=_TIMEOUT_S, headers=_common_headers())
    except errors.HFValidationError as error:
        raise HubError(f"{source.repo} is not a valid repository name: check it") from error
    except (OSError, _HTTPError) as error:
        raise HubError(_explain(error, source)) from error
    if found.size is None or not _SHA256.fullmatch(found.etag or ""):
        raise HubError(f"the hub reports no size and SHA-256 for {source}: it cannot be verified")
    return RemoteFile(
        source=source,
        url=library.hf_hub_url(source.repo, source.file, revision=found.commit_hash),
        size_bytes=found.size,
        sha256=str(found.etag),
    )


def stream(remote: RemoteFile, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes from ``start`` on, each chunk with its offset in the file.

    The first offset is 0 where the server cannot resume.

    Raises:
        CutError: The connection broke, or the server has a temporary error.
        HubError: The hub refuses.
    """
    headers = {**utils.build_hf_headers(), **_common_headers()}  # type: ignore[attr-defined]
    if start:
        headers["Range"] = f"bytes={start}-"
    client = library.get_session()
    try:
        with client.stream("GET", remote.url, headers=headers, timeout=_TIMEOUT_S) as response:
            library.hf_raise_for_status(response)
            at = start if response.status_code == 206 else 0
            for chunk in response.iter_bytes():  # of any size: a broken connection loses nothing
                yield at, chunk
                at += len(chunk)
    except errors.HfHubHTTPError as error:
        if error.response.status_code >= 500:
            raise CutError(f"status {error.response.status_code}") from error
        raise HubError(_explain(error, remote.source)) from error
    except (errors.OfflineModeIsEnabled, _HTTPError, ConnectionError, TimeoutError) as error:
        raise CutError(str(error) or type(error).__name__) from error


def _common_headers() -> dict[str, str]:
    """Return the headers of every request: no compression, and our user agent."""
    return {"Accept-Encoding": "identity", "User-Agent": f"leanwide/{__version__}"}


def _explain(error: Exception, source: HubFile) -> str:
    """Return one sentence on what is wrong and what to do."""
    match error:
        case errors.OfflineModeIsEnabled():
            return "HF_HUB_OFFLINE is set: unset it to pull models"
        case errors.GatedRepoError():
            return (
                f"{source.repo} requires that you accept its terms: do so on its page, "
                "then log in with `hf auth login`"
            )
        case errors.RepositoryNotFoundError():
            return (
                f"the hub shows no repository {source.repo}: check the name, "
                "or log in with `hf auth login` if it is private"
            )
        case errors.EntryNotFoundError():
            return f"{source.repo} has no file {source.file}: check the name on its page"
        case errors.HfHubHTTPError():
            return _explain_status(error, source)
    cause = str(error).splitlines()[0] if str(error) else type(error).__name__
    return (
        f"{urlsplit(constants.ENDPOINT).netloc} cannot be reached ({cause}): "
        "are you online? Pulled models work without it"
    )


def _explain_status(error: errors.HfHubHTTPError, source: HubFile) -> str:
    status = error.response.status_code
    match status:
        case 401 | 403:
            return (
                f"the hub refuses access to {source.repo} ({status}): "
                "log in again with `hf auth login`, or unset HF_TOKEN"
            )
        case 404:
            return f"the hub has no {source} (404): check the name on its page"
        case 429:
            wait = error.response.headers.get("Retry-After", "")
            when = f"in {wait} seconds" if wait.isdigit() else "in a few minutes"
            return f"the hub had too many requests from here (429): try again {when}"
        case _:
            return f"the hub has an error (status {status}): try again later"
