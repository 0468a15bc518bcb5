"""TLS and client certificates, with a certificate authority made by the openssl program."""
import http.client
import ssl
import subprocess
import unittest

from harness import DETECTED, ML1, Ledger, case, main, run


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Authority:
    def __init__(self, folder, name):
        self.folder = folder
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 1,
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, extension):
        """-> (certificate, key)"""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(extension)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", 1,
                "-extfile", extensions, "-out", certificate)
        return certificate, key


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ledger = Ledger()
        cls.addClassCleanup(cls.ledger.remove)
        server = cls.ledger.serve()
        cls.ledger.found(server)
        server.stop()
        cls.authority = Authority(cls.ledger.folder, "authority")
        cls.certificate, cls.key = cls.authority.issue("server", "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        cls.client = cls.authority.issue("client", "extendedKeyUsage=clientAuth\n")
        cls.stranger = Authority(cls.ledger.folder, "stranger").issue("other", "extendedKeyUsage=clientAuth\n")

    def serve(self, *more):
        server = self.ledger.serve("--tls-cert", self.certificate, "--tls-key", self.key, *more)
        self.addCleanup(lambda: server.stop())
        return server

    def get(self, server, context, path="/livez"):
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def context(self, certificate=None):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        if certificate:
            context.load_cert_chain(*certificate)
        return context

    def test_server_certificate(self):
        server = self.serve()
        self.assertEqual(self.get(server, self.context())[0], 200)
        with self.assertRaises(ssl.SSLError):  # who does not know the authority does not go on
            self.get(server, ssl.create_default_context())
        with server.socket() as s:  # no plain HTTP beside it
            s.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"200 OK", s.recv(4096))
        self.assertEqual(self.get(server, self.context())[0], 200)
        self.assertEqual(server.stop(), 0, server.errors())

    def test_old_versions(self):
        server = self.serve()
        old = self.context()
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, OSError)):
            self.get(server, old)
        newer = self.context()
        newer.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises((ssl.SSLError, OSError)):
            self.get(server, newer)
        server.stop()
        self.assertEqual(self.get(self.serve("--tls-1.2"), newer)[0], 200)

    def test_submit_over_tls(self):
        server = self.serve()
        url = f"https://127.0.0.1:{server.port}"
        file = self.ledger.folder / "statement.sd-jwt"
        file.write_text(self.ledger.signatories[ML1].statement("case.detected", case(), DETECTED))
        run("submit", "--url", url, "--ca", self.authority.certificate, file)
        # Without the authority the program does not send; with a plain URL nothing answers.
        run("submit", "--url", url, file, ok=(4,))
        run("submit", "--url", server.url, file, ok=(4,))
        run("verify", "--url", url, "--ca", self.authority.certificate, "--vkey", self.ledger.vkey)

    def test_client_certificate(self):
        server = self.serve("--client-ca", self.authority.certificate)
        self.assertEqual(self.get(server, self.context(self.client))[0], 200)
        for name, certificate in (("none", None), ("of another authority", self.stranger)):
            with self.subTest(certificate=name), self.assertRaises((ssl.SSLError, OSError, http.client.HTTPException)):
                self.get(server, self.context(certificate))
        self.assertEqual(self.get(server, self.context(self.client))[0], 200)

    def test_a_start_refuses_half_a_configuration(self):
        for arguments in (["--tls-cert", self.certificate], ["--client-ca", self.authority.certificate],
                          ["--tls-cert", self.certificate, "--tls-key", self.authority.key]):
            with self.subTest(arguments=list(map(str, arguments))):
                done = run("serve", "--data", self.ledger.data, "--listen", "127.0.0.1:0", *arguments, ok=None, timeout=20)
                self.assertNotEqual(done.returncode, 0)
                self.assertTrue(done.stderr.strip())


if __name__ == "__main__":
    main()
