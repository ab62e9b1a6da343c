"""Which torch is installed where. A server on this machine stands in for the CPU index."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch_build
from torch_build import CPU_INDEX, Machine, choose, first_gpu, what_lacks

PLAIN = Machine("Linux", "x86_64", "cp312", None)
PAGE = (
    b'<a href="/whl/cpu/torch-2.13.0%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl#sha256=0">torch</a>'
    b'<a href="/whl/cpu/torch-2.12.1%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl#sha256=0">torch</a>'
)


@contextmanager
def index(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/whl/cpu"
    finally:
        server.shutdown()
        server.server_close()


def page(handler: BaseHTTPRequestHandler, status: int = 200, body: bytes = PAGE) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_an_index_that_lists_the_wheel_serves_this_machine():
    with index(page) as url:
        assert what_lacks(url, "2.13.0", PLAIN) is None


@pytest.mark.parametrize(
    "machine",
    [Machine("Linux", "x86_64", "cp311", None), Machine("Linux", "aarch64", "cp312", None)],
)
def test_an_index_without_a_wheel_for_this_python_and_processor_does_not(machine):
    with index(page) as url:
        assert what_lacks(url, "2.13.0", machine) == (
            f"has no torch 2.13.0 for {machine.tag} on Linux {machine.processor}"
        )


def test_a_page_that_is_not_there_is_an_index_that_cannot_be_reached():
    with index(lambda handler: page(handler, 404, b"")) as url:
        assert what_lacks(url, "2.13.0", PLAIN) == "cannot be reached (HTTP 404)"


def test_a_port_that_nobody_listens_on_is_an_index_that_cannot_be_reached():
    with index(page) as url:
        pass
    assert "cannot be reached" in (what_lacks(url, "2.13.0", PLAIN) or "")


def test_an_index_that_accepts_and_says_nothing_is_left_at_the_deadline():
    with index(lambda _: time.sleep(3)) as url:
        began = time.monotonic()
        assert what_lacks(url, "2.13.0", PLAIN, deadline_s=0.3) == "did not answer within 0.3 s"
        assert time.monotonic() - began < 2


def test_an_index_that_sends_a_byte_at_a_time_is_left_at_the_deadline():
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(PAGE)))
        handler.end_headers()
        for byte in PAGE:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)

    with index(drip) as url:
        began = time.monotonic()
        assert what_lacks(url, "2.13.0", PLAIN, deadline_s=0.3) == "did not answer within 0.3 s"
        assert time.monotonic() - began < 2


def test_without_a_gpu_the_cpu_index_gives_torch_and_nothing_else():
    chosen = choose("2.13.0", "", PLAIN, lambda *_: None)
    assert chosen.options == ("--index-url", CPU_INDEX, "--no-deps")
    assert "CPU build (0.2 GB)" in chosen.line
    assert "\n" not in chosen.line


def test_a_cpu_index_that_does_not_answer_leaves_the_choice_to_pip_and_says_how_large_it_gets():
    chosen = choose("2.13.0", "", PLAIN, lambda *_: "did not answer within 5 s")
    assert chosen.options == ()
    assert "2.7 GB" in chosen.line
    assert "did not answer within 5 s" in chosen.line


@pytest.mark.parametrize(
    "machine",
    [Machine("Linux", "x86_64", "cp312", "NVIDIA H200"), Machine("Darwin", "arm64", "cp312", None)],
)
def test_a_gpu_or_a_mac_takes_the_index_s_own_torch_and_asks_nobody(machine):
    def asked(*_: object) -> str:
        raise AssertionError("asked")

    assert choose("2.13.0", "", machine, asked).options == ()


def test_the_user_s_word_goes_before_the_machine():
    gpu = Machine("Linux", "x86_64", "cp312", "NVIDIA H200")
    named = choose("2.13.0", "https://example.org/whl", gpu)
    assert named.options == ("--index-url", "https://example.org/whl", "--no-deps")
    assert choose("2.13.0", "default", PLAIN).options == ()


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'GPU 0: NVIDIA H200 (UUID: GPU-1)'; echo 'GPU 1: NVIDIA H200 (UUID: GPU-2)'", "NVIDIA H200"),
        ("echo 'No devices found.'", None),
        ("echo 'GPU 0: Failed'; exit 9", None),
    ],
)
def test_a_gpu_is_what_nvidia_smi_lists(script, found, tmp_path, monkeypatch):
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert first_gpu() == found


def test_the_stated_sizes_are_those_of_the_pinned_torch():
    constraints = Path(torch_build.__file__).parent.parent / "constraints.txt"
    assert f"torch=={torch_build.MEASURED}" in constraints.read_text(encoding="utf-8").splitlines()
