"""Files that people send along: fetched from hosts that may be trusted, and read as text."""

import asyncio
import tempfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath

import aiohttp

from bot.activities import FILE_DOWNLOAD
from bot.errors import AttachmentRefused
from bot.files import HOSTS, is_trusted
from bot.turn import Attachment, Incoming
from tuning.documents.extraction import Extractor

MAX_BYTES = 20 * 1024 * 1024
TIMEOUT_S = 30.0
OK = 200


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
        # Only these links carry their own permission; the bot's token is never sent along.
        hosts = self._hosts if attachment.media_type == FILE_DOWNLOAD else ()
        return is_trusted(attachment.url, hosts=hosts, is_loopback_allowed=self._is_loopback_allowed)

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
