"""Where the bot may connect to at all: names of the internet must not lead into the private network."""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver


class PublicResolver(AbstractResolver):
    """Looks names up, and refuses those that lead to private, loopback or link-local addresses.

    The lists of allowed hosts end in whole domains, and whoever has a name in one of these can have it lead anywhere.
    """

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        """Take what looks names up; by default the system."""
        self._inner = inner or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raise `OSError` if one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if inside := [one["host"] for one in found if not is_public(one["host"])]:
            raise OSError(f"'{host}' leads to {inside[0]}, which is no address of the internet.")
        return found

    async def close(self) -> None:
        """Give the resolver back."""
        await self._inner.close()


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the internet's; one of IPv4 in IPv6 counts as what it stands for."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global and not found.is_multicast
