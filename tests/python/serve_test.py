"""The server of a store: what it shows, and what it keeps to itself."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import unquote

import pytest
import synchrodb as sdb
from pages import Page
from synchrodb.report.server import StoreServer


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("around")
    (folder / "secret.txt").write_text("secret")
    made = sdb.Store(folder / "store")
    test = sdb.Test(nodes=3, time_limit=8, name="first")
    made.save(test.simulate(1, trace=True))
    made.save(sdb.campaign(sdb.PlanShape(nodes=3, time=4), range(3), jobs=1), "many")
    entry = next(each for each in made if each.kind == "run")
    (entry.path / "leak.txt").symlink_to(folder / "secret.txt")
    (entry.path / "page.html").write_text("<script>alert(1)</script>")
    return made


@pytest.fixture(scope="module")
def server(store):
    with StoreServer(store, port=0) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def get(server):
    def ask(path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body.decode(errors="replace")

    return ask


def test_it_lists_runs_and_leads_to_reports_and_files(store, get):
    answer, body = get("/")
    listed = Page(body)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert len(listed.addresses) == 2 and "first" in listed.text and "ok" in listed.text
    for address in listed.addresses:
        answer, body = get("/" + address)
        shown = Page(body)
        assert answer.status == 200
        files = [each for each in shown.addresses if each.startswith("files/")]
        assert "files/entry.json" in files and "../../" in shown.addresses
        for file in files:
            if file == "files/leak.txt":
                continue
            answer, body = get(f"/{address}{file}")
            assert answer.status == 200, file
    run = next(each for each in store if each.kind == "run")
    answer, body = get(f"/first/{run.path.name}/files/plan.json")
    assert body == (run.path / "plan.json").read_text()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_pages_of_others_do_not_run(store, get):
    run = next(each for each in store if each.kind == "run")
    answer, _ = get(f"/first/{run.path.name}/files/page.html")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("way", [
    "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "//secret.txt",
    "/first/{name}/files/../../../../secret.txt", "/first/{name}/files/..%2f..%2f..%2fsecret.txt",
    "/first/{name}/files/%2e%2e/%2e%2e/%2e%2e/secret.txt", "/first/{name}/files/leak.txt",
    "/first/{name}/files//etc/passwd", "/first/{name}/files/%2fetc%2fpasswd",
    "/first/{name}/files/plan.json%00.txt", "/first/../{name}/",
    "/first/{name}/../../../secret.txt",
    "/first/{name}/files", "/first/{name}", "/first", "/latest/", "/first/latest/files/plan.json",
    "/%ff%fe", "/first/{name}/files/..\\..\\secret.txt",
])
def test_nothing_else_is_to_be_had(store, get, way):
    run = next(each for each in store if each.kind == "run")
    answer, body = get(way.format(name=run.path.name))
    assert answer.status == 404, unquote(way)
    assert body.strip() != "secret" and "root:" not in body
    assert "no such page" in body


def test_other_methods_and_names(get):
    answer, body = get("/", method="HEAD")
    assert answer.status == 200 and body == "" and int(answer.headers["Content-Length"]) > 100
    assert get("/", method="POST")[0].status == 501
    assert get("/", Host="evil.example:80")[0].status == 403
    assert get("/", Host="localhost:1")[0].status == 200


def test_a_damaged_entry_does_not_end_it(store, get):
    run = next(each for each in store if each.kind == "run")
    (run.path / "verdict.json").rename(run.path / "kept")
    try:
        many = [each for each in store if each.kind == "campaign"][0]
        (many.path / "campaign.jsonl").rename(many.path / "kept")
        answer, body = get(f"/many/{many.path.name}/?{time.monotonic()}")
        assert answer.status in (200, 500)
        assert get("/")[0].status == 200
    finally:
        (run.path / "kept").rename(run.path / "verdict.json")
        (many.path / "kept").rename(many.path / "campaign.jsonl")


def test_it_listens_on_the_loopback_alone(server):
    assert server.server_address[0] == "127.0.0.1"


def test_a_port_in_use_is_said_so(server, store):
    with pytest.raises(sdb.InvalidInput, match=f"cannot listen at 127.0.0.1:{server.server_port}"):
        StoreServer(store, server.server_port)
    for wrong in (-1, 65536, "80", True):
        with pytest.raises(sdb.InvalidInput, match="port: must be 0 to 65535"):
            StoreServer(store, wrong)


def test_ctrl_c_ends_it(store):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "synchrodb", "serve", str(store.folder), "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()


def test_the_command_line_writes_a_report(store, tmp_path):
    entry = next(each for each in store if each.kind == "run")
    out = tmp_path / "it.html"
    done = subprocess.run([sys.executable, "-m", "synchrodb", "report", str(entry.path), "--output",
                           str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "first" in Page(out.read_text()).text
