"""A socket that listens before anything is started, so that a port that is taken is told at once."""

import errno
import socket

from medner_assets.errors import MednerError


def listening(host: str, port: int, command: str) -> socket.socket:
    """Return a socket that listens; raise MednerError where it cannot. command: as typed, for advice."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise MednerError(f"--host {host}: {error.strerror}") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise MednerError(
                f"port {port} of {host} is in use: end the program that listens there, or take another: "
                f"{command} --port {port + 1 if port < 65535 else port - 1}"
            ) from None
        raise MednerError(f"cannot listen at {host}, port {port}: {error.strerror}") from None
    return listener


def url_of(host: str, listener: socket.socket) -> str:
    """Return where people find what listens at `host`."""
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
