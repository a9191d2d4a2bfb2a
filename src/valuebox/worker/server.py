"""The uvicorn server of this worker, which BentoML starts and hands to nobody."""

import signal

from uvicorn import Server


def running_server() -> Server | None:
    """The server, once it has installed its signal handlers; None outside of a worker."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if isinstance(server, Server) else None
