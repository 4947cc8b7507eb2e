"""Names of allowed hosts that lead into the private network are not followed there."""

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from bot.addresses import PublicResolver, is_public


class Names(AbstractResolver):
    def __init__(self, *addresses):
        self.addresses = addresses

    async def resolve(self, host, port=0, family=0):
        return [
            {"hostname": host, "host": one, "port": port, "family": 2, "proto": 0, "flags": 0} for one in self.addresses
        ]

    async def close(self):
        return None


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("52.112.0.1", True),
        ("2603:1030::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("172.16.0.9", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
async def test_only_addresses_of_the_internet_are_public(address, is_allowed):
    assert is_public(address) is is_allowed


async def test_a_name_that_leads_anywhere_private_is_not_connected_to():
    assert len(await PublicResolver(Names("52.112.0.1", "52.112.0.2")).resolve("a.sharepoint.com")) == 2
    connector = aiohttp.TCPConnector(resolver=PublicResolver(Names("52.112.0.1", "169.254.169.254")))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get("https://a.sharepoint.com/file")
    assert "no address of the internet" in str(refused.value.os_error)
