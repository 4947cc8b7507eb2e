"""Files that people send along: fetched from hosts that may be trusted, and read as text."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath

import aiohttp

from bot.activities import FILE_DOWNLOAD
from bot.errors import AttachmentRefused
from bot.files import HOSTS, is_trusted
from bot.given import ReadFile
from bot.turn import Attachment, Incoming
from tuning.documents.extraction import Extractor
from tuning.languages import say
from tuning.sources.formats import MEDIA_TYPES, objection, suffix

MAX_BYTES = 20 * 1024 * 1024
TIMEOUT_S = 30.0
OK = 200


class Attachments:
    """Fetches what was attached to a message."""

    def __init__(
        self, session: aiohttp.ClientSession, *, is_loopback_allowed: bool, hosts: Collection[str] = HOSTS
    ) -> None:
        self._session = session
        self._is_loopback_allowed = is_loopback_allowed
        self._hosts = tuple(hosts)

    async def read(self, incoming: Incoming) -> list[ReadFile]:
        """Return the message's files; raises a sentence for one that can't be read, with what can."""
        return [await self._read(attachment) for attachment in incoming.attachments if attachment.url]

    async def fetch(self, incoming: Incoming) -> dict[str, bytes]:
        """Return the message's files by name, unread; raises as `read` does for one that can't be fetched or used."""
        files = {}
        for attachment in incoming.attachments:
            if attachment.url:
                async with self._fetched(attachment) as (name, path):
                    files[name] = path.read_bytes()
        return files

    async def _read(self, attachment: Attachment) -> ReadFile:
        async with self._fetched(attachment) as (name, path):
            text = await asyncio.to_thread(_extract, path)
            return ReadFile(name=name, text=text.strip(), word=path.read_bytes() if suffix(name) == ".docx" else b"")

    @asynccontextmanager
    async def _fetched(self, attachment: Attachment) -> AsyncIterator[tuple[str, Path]]:
        """Give an attachment's name and where it lies while it is in use."""
        is_pasted = attachment.media_type.startswith("image/")
        name = PurePosixPath(attachment.name or ("picture.png" if is_pasted else "file")).name
        if problem := objection(name, size=1):
            known = "" if ".docx," in problem else say(" I can read {types}.", types=", ".join(sorted(MEDIA_TYPES)))
            refused = say("I can't use '{name}'.", name=name)
            raise AttachmentRefused(f"{refused} {problem}{known}")
        if not self._trusts(attachment):
            msg = say(
                "I can't fetch '{name}' from where it is. Attach it from your device or OneDrive, or paste its text.",
                name=name,
            )
            raise AttachmentRefused(msg)
        with tempfile.TemporaryDirectory(prefix="attune-") as folder:
            path = Path(folder) / f"file{suffix(name)}"  # a name may be longer than a disk allows
            await self._download(attachment.url, path, name)
            yield name, path

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
                            msg = say(
                                "'{name}' is larger than {size} MB. Send a part of it.",
                                name=name,
                                size=MAX_BYTES // 2**20,
                            )
                            raise AttachmentRefused(msg)
                        file.write(piece)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AttachmentRefused(_not_fetched(name)) from error


def _not_fetched(name: str) -> str:
    return say("I could not fetch '{name}'. Send it again, or paste its text.", name=name)


def _extract(path: Path) -> str:
    with Extractor() as extractor:
        return extractor.extract(path)
