"""TLS: versions, key exchanges, ciphers, keys, client certificates, resumption."""
import contextlib
import shutil
import socket
import ssl
import subprocess

from harness import Ledger, Server, copy_ledger
from stage import Stage, start
from table import Row, control
from test_tls import Authority, openssl

VERSIONS, CIPHERS, KEYS, CLIENTS = "versions", "key exchange and ciphers", "modes of keys", "client certificates"
REFUSED = "no handshake"


@contextlib.contextmanager
def stage():
    """Two servers: for anybody, with an RSA certificate, since only RSA has the key exchange of old; and for known clients."""
    s = Stage()
    try:
        s.authority = Authority(s.folder, "authority")
        s.stranger = Authority(s.folder, "stranger")
        s.rsa = rsa_certificate(s)
        s.server_files = s.authority.issue("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        s.client_files = s.authority.issue("client", "extendedKeyUsage=clientAuth\n")
        s.stranger_files = s.stranger.issue("other", "extendedKeyUsage=clientAuth\n")
        s.expired_files = expired(s)
        for _, key in (s.rsa, s.server_files):
            key.chmod(0o600)
        s.open_server = s.serve("--tls-cert", s.rsa[0], "--tls-key", s.rsa[1], "--tls-1.2")
        s.strict = Ledger()  # as it is without being asked for 1.2
        s.addCleanup(s.strict.remove)
        s.strict_server = Server(s.strict, "--tls-cert", s.rsa[0], "--tls-key", s.rsa[1])
        s.addCleanup(s.strict_server.kill)
        yield s
    finally:
        s.doCleanups()


def rsa_certificate(s):
    key, request, certificate, extensions = (s.folder / f"rsa.{end}" for end in ("key", "csr", "pem", "ext"))
    extensions.write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", s.authority.certificate, "-CAkey", s.authority.key, "-CAcreateserial", "-days",
            1,
            "-extfile", extensions, "-out", certificate)
    return certificate, key


def expired(s):
    """A client's certificate that ended yesterday."""
    certificate, key = s.authority.issue("expired", "extendedKeyUsage=clientAuth\n")
    openssl("x509", "-req", "-in", s.folder / "expired.csr", "-CA", s.authority.certificate, "-CAkey", s.authority.key,
            "-CAcreateserial",
            "-days", -1, "-extfile", s.folder / "expired.ext", "-out", certificate)
    return certificate, key


def context(s, files=None, version=None, ciphers=None):
    made = ssl.create_default_context(cafile=s.authority.certificate)
    if version:
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        made.maximum_version = version
    if ciphers:
        made.set_ciphers(ciphers + "@SECLEVEL=0")
    if files:
        made.load_cert_chain(*files)
    return made


def get(server, made, session=None):
    """-> (what came, the session for the next time, whether this one was resumed)"""
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    try:
        with made.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as tls:
            tls.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while chunk := tls.recv(4096):
                answer += chunk
            return answer[9:12].decode() or "closed", tls.session, tls.session_reused
    except (ssl.SSLError, OSError):
        return REFUSED, None, False
    finally:
        raw.close()


def with_context(**how):
    return lambda s: get(s.open_server, context(s, **how))[0]


def versions():
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        yield Row(version.name, VERSIONS, with_context(version=version, ciphers="ALL"), REFUSED)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        yield control(version.name, VERSIONS, with_context(version=version), "200")
    yield Row("TLS 1.2 that nobody asked for", VERSIONS, lambda s: get(s.strict_server, context(s, version=ssl.TLSVersion.TLSv1_2))[0],
              REFUSED)
    yield control("TLS 1.3 there", VERSIONS, lambda s: get(s.strict_server, context(s, version=ssl.TLSVersion.TLSv1_3))[0], "200")
    yield Row("no TLS", VERSIONS, plain, "closed|400")
    yield Row("data before the handshake ends", VERSIONS, early_data, "False")
    yield Row("a renegotiation by the client", VERSIONS, renegotiated, "False")


def plain(s):
    with s.open_server.socket() as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = connection.recv(4096)
    return answer[9:12].decode() if answer.startswith(b"HTTP") else "closed"


def s_client(s, *arguments, stdin=b""):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{s.open_server.port}", "-CAfile",
                           str(s.authority.certificate),
                           *map(str, arguments)], input=stdin, capture_output=True, timeout=30, check=False)
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


def early_data(s):
    session, request = s.folder / "session", s.folder / "early"
    request.write_bytes(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    s_client(s, "-tls1_3", "-sess_out", session, "-ign_eof", stdin=request.read_bytes())
    said = s_client(s, "-tls1_3", "-sess_in", session, "-early_data", request) if session.exists() else "no session"
    return str("Early data was accepted" in said)


def renegotiated(s):
    said = s_client(s, "-tls1_2", stdin=b"R\nGET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return str("200 OK" in said)


def ciphers():
    for cipher in (
            "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA", "AES128-SHA256", "AES256-SHA256",
            "AES128-CCM", "CAMELLIA128-SHA", "ARIA128-GCM-SHA256"):
        yield Row(f"key exchange by RSA: {cipher}", CIPHERS, with_context(version=ssl.TLSVersion.TLSv1_2, ciphers=cipher), REFUSED)
    for cipher in ("ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384",
                   "ECDHE-RSA-CAMELLIA128-SHA256"):
        yield Row(f"CBC: {cipher}", CIPHERS, with_context(version=ssl.TLSVersion.TLSv1_2, ciphers=cipher), REFUSED)
    for cipher in ("NULL-SHA256", "ECDHE-RSA-NULL-SHA", "AECDH-AES128-SHA", "ADH-AES128-GCM-SHA256", "PSK-AES128-GCM-SHA256"):
        yield Row(f"no secret or no name: {cipher}", CIPHERS, with_context(version=ssl.TLSVersion.TLSv1_2, ciphers=cipher), REFUSED)
    for cipher in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"):
        yield control(cipher, CIPHERS, with_context(version=ssl.TLSVersion.TLSv1_2, ciphers=cipher), "200")


def modes():
    def with_mode(mode):
        def attempt(s):
            key = s.folder / "mode.key"
            shutil.copy(s.server_files[1], key)
            key.chmod(mode)
            return start_with(s, s.server_files[0], key)
        return attempt

    for mode in (0o644, 0o604, 0o666, 0o602, 0o777):
        yield Row(f"a TLS key with mode {mode:o}", KEYS, with_mode(mode), "refused")
    yield Row("the key of another certificate", KEYS, lambda s: start_with(s, s.server_files[0], s.rsa[1]), "refused")
    for mode in (0o600, 0o400):
        yield control(f"a TLS key with mode {mode:o}", KEYS, with_mode(mode), "started")


def start_with(s, certificate, key):
    """Whether a server starts with these files, on a copy of the folder that the other server has."""
    copy = s.folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy_ledger(s.ledger.data, copy, "*.sock", "LOCK")
    return start(copy, "--tls-cert", certificate, "--tls-key", key)


def clients():
    yield Row("none", CLIENTS, known(lambda s: None), REFUSED)
    yield Row("of another authority", CLIENTS, known(lambda s: s.stranger_files), REFUSED)
    yield Row("of another authority that calls itself so", CLIENTS, known(namesake), REFUSED)
    yield Row("that has ended", CLIENTS, known(lambda s: s.expired_files), REFUSED)
    yield Row("that is for servers", CLIENTS, known(lambda s: s.server_files), REFUSED)
    yield control("as it should be", CLIENTS, known(lambda s: s.client_files), "200")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        yield Row(f"resumption, {version.name}", CLIENTS, resumed(version), "200, then 200, resumed True")


def namesake(s):
    folder = s.folder / "namesake"
    folder.mkdir()
    return Authority(folder, "authority").issue("client", "extendedKeyUsage=clientAuth\n")


def client_server(s):
    if not hasattr(s, "known_server"):
        s.open_server.stop()
        s.known_server = s.serve("--tls-cert", s.server_files[0], "--tls-key", s.server_files[1], "--client-ca",
                                 s.authority.certificate, "--tls-1.2")
    return s.known_server


def known(files):
    return lambda s: get(client_server(s), context(s, files(s)))[0]


def resumed(version):
    def attempt(s):
        made = context(s, s.client_files, version)
        first, session, _ = get(client_server(s), made)
        second, _, again = get(client_server(s), made, session)
        return f"{first}, then {second}, resumed {again}"
    return attempt


def rows():
    for part in (versions, ciphers, modes, clients):
        yield from part()
