"""Files that people send along: fetched from hosts that may be trusted, and read as text."""

import asyncio
import tempfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import aiohttp

from bot.activities import FILE_DOWNLOAD
from bot.connector import LOOPBACK
from bot.errors import AttachmentRefused
from bot.turn import Attachment, Incoming
from tuning.documents.extraction import Extractor

MAX_BYTES = 20 * 1024 * 1024
TIMEOUT_S = 30.0
OK = 200
HOSTS = (".sharepoint.com", ".sharepoint.us", ".svc.ms")
"""Where Teams keeps files that are sent in chats; endings of host names."""


class Attachments:
    """Reads what was attached to a message."""

    def __init__(
        self, session: aiohttp.ClientSession, *, is_loopback_allowed: bool, hosts: Collection[str] = HOSTS
    ) -> None:
        self._session = session
        self._is_loopback_allowed = is_loopback_allowed
        self._hosts = tuple(hosts)

    async def text(self, incoming: Incoming) -> str:
        """Return the message's text with the text of its files below it; raises a sentence for a file it can't read."""
        files = [await self._read(attachment) for attachment in incoming.attachments if attachment.url]
        parts = [incoming.text, *files]
        return "\n\n".join(part for part in parts if part)

    async def _read(self, attachment: Attachment) -> str:
        name = PurePosixPath(attachment.name or "file").name
        if not self._trusts(attachment):
            msg = f"I can't fetch '{name}' from where it is. Attach it from your device or OneDrive, or paste its text."
            raise AttachmentRefused(msg)
        with tempfile.TemporaryDirectory(prefix="attune-") as folder:
            path = Path(folder) / name
            await self._download(attachment.url, path, name)
            return await asyncio.to_thread(_extract, path)

    def _trusts(self, attachment: Attachment) -> bool:
        parts = urlsplit(attachment.url)
        host = parts.hostname or ""
        if self._is_loopback_allowed and host in LOOPBACK:
            return True
        # Only these links carry their own permission; the bot's token is never sent along.
        return attachment.media_type == FILE_DOWNLOAD and parts.scheme == "https" and host.endswith(self._hosts)

    async def _download(self, url: str, path: Path, name: str) -> None:
        size = 0
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as response:
                if response.status != OK:  # a redirect too: its body is not the file
                    raise AttachmentRefused(_not_fetched(name))
                with path.open("wb") as file:
                    async for piece in response.content.iter_chunked(64 * 1024):
                        size += len(piece)
                        if size > MAX_BYTES:
                            msg = f"'{name}' is larger than {MAX_BYTES // 2**20} MB. Send a part of it."
                            raise AttachmentRefused(msg)
                        file.write(piece)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AttachmentRefused(_not_fetched(name)) from error


def _not_fetched(name: str) -> str:
    return f"I could not fetch '{name}'. Send it again, or paste its text."


def _extract(path: Path) -> str:
    with Extractor() as extractor:
        return extractor.extract(path)
