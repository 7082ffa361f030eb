"""Whether an address is of this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def host_of(address: str) -> str:
    """Give the host of `scheme://host:port` or `host:port`; empty where there is none."""
    try:
        return urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether only processes of this machine reach the host; names other than `localhost` are not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
