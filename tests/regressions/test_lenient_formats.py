"""What the ledger accepts, others read, and read alike: it is signed for ever, and no reader can have it changed. Each row
goes through the API. One that is accepted is given to readers that share no code with the ledger or with each other, and
all must make the same of it; one that is refused names rule, field and what is accepted. What the readers make of a
refused row is no matter: often enough one of them takes it, and another takes it for something else."""
import email.headerregistry
import json
import re
import shutil
import subprocess
import unittest
import uuid
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlsplit

from acts import HASH, Acts, paris_day
from harness import AMICALE, ML1, Key, LedgerTest, main

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
ENVIRONMENT = {"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


def tool(*command):
    """What a program prints, or nothing where it refuses."""
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else None


def node(expression, text):
    """`t` in a JavaScript expression, whose exceptions are refusals; `t` itself where there is no node."""
    if not shutil.which("node"):
        return None
    script = f"const t = process.argv[1]; let r = null; try {{ r = {expression} }} catch {{}} console.log(JSON.stringify(r))"
    return json.loads(tool("node", "-e", script, "--", text))


def jq(filter_, text):
    found = tool("jq", "-n", "-c", "--arg", "t", text, filter_)
    return None if found is None else json.loads(found)


def perl(expression, text):
    found = tool("perl", "-e", f"my $t = shift; my $r = {expression}; defined $r or exit 1; print $r", "--", text)
    return found


def guarded(read, text):
    try:
        return read(text)
    except ValueError:
        return None


# --- readers: each gives what it makes of a text, in a form in which they can be compared, or None

def times(text):
    milliseconds = timedelta(milliseconds=1)
    gnu = tool("date", "-u", "-d", text, "+%s%3N")
    return {"Python": guarded(lambda t: (datetime.fromisoformat(t) - EPOCH) // milliseconds, text),
            "Node": node("new Date(t).getTime()", text), "GNU date": int(gnu) if gnu else None}


def dates(text):
    return {"Python": guarded(lambda t: date.fromisoformat(t).isoformat(), text),
            "Node": node("new Date(t).toISOString().slice(0, 10)", text), "GNU date": tool("date", "-u", "-d", text, "+%F"),
            "jq": jq('$t | strptime("%Y-%m-%d") | mktime | gmtime | strftime("%Y-%m-%d")', text)}


def hosts(text):
    """Scheme, host and port, of what is a link to all of them."""
    ports = {"http": 80, "https": 443}

    def python(t):
        parts = urlsplit(t)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme} {host} {parts.port if parts.port is not None else ports[parts.scheme]}"

    script = '(u => `${u.protocol.slice(0, -1)} ${u.hostname} ${u.port || {"http:": 80, "https:": 443}[u.protocol]}`)(new URL(t))'
    # curl reads the address, and then refuses to open it: 1; 3 is an address that it cannot read.
    curl = subprocess.run(["curl", "-q", "-s", "-g", "--proto", "=file", "--", text], env=ENVIRONMENT, timeout=30,
                          capture_output=True)
    made = guarded(python, text)
    return {"Python": made, "Node": node(script, text), "curl": made if curl.returncode == 1 else None}


def mailboxes(text):
    whatwg = ("/^[a-zA-Z0-9.!#$%&'*+\\/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
              "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/.test(t) ? t : null")
    rfc5321 = ("$t =~ m{^(?=.{3,254}$)(?=[^@]{1,64}@)([\\w!#\\$%&'*+/=?^`{|}~-]+)(\\.[\\w!#\\$%&'*+/=?^`{|}~-]+)*"
               "@([a-z0-9]([a-z0-9-]*[a-z0-9])?)(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$}i ? $t : undef")

    def python(t):
        try:
            return email.headerregistry.Address(addr_spec=t).addr_spec
        except (email.errors.MessageError, IndexError) as e:
            raise ValueError from e

    return {"Python": guarded(python, text), "HTML, Node": node(whatwg, text), "RFC 5321, Perl": perl(rfc5321, text)}


def uuids(text):
    # RFC 9562, section 4, by the expressions of two languages.
    return {"Python": guarded(lambda t: str(uuid.UUID(t)), text),
            "Node": node("/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(t) ? t.toLowerCase() : null", text),
            "jq": jq('$t | ascii_downcase | capture("^(?<u>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$").u', text)}


def sirets(text):
    """Luhn by three hands, over the first nine digits and over all; beside it the digits of La Poste's establishments."""

    def luhn(t):
        return sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(reversed(t))) % 10 == 0

    def python(t):
        good = re.fullmatch(r"[0-9]{14}", t) and luhn(t[:9]) and \
            (luhn(t) or (t[:9] == "356000000" and sum(map(int, t)) % 5 == 0))
        return t if good else None

    script = ('(l => /^\\d{14}$/.test(t) && l(t.slice(0, 9)) && (l(t) || (t.startsWith("356000000") && '
              '[...t].reduce((s, d) => s + +d, 0) % 5 === 0)) ? t : null)'
              '(x => [...x].reverse().reduce((s, d, i) => s + (i % 2 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][d] : +d), 0) % 10 === 0)')
    filter_ = ('def luhn: explode | reverse | map(. - 48) | to_entries | map(if .key % 2 == 1 then .value * 2 | '
               '(if . > 9 then . - 9 else . end) else .value end) | add % 10 == 0; '
               '$t | if test("^[0-9]{14}$") and (.[:9] | luhn) and (luhn or (.[:9] == "356000000" and '
               '(explode | map(. - 48) | add % 5 == 0))) then . else null end')
    return {"Python": python(text), "Node": node(script, text), "jq": jq(filter_, text)}


def telephones(text):
    """What is dialled (RFC 3966, section 5.1.1), at most 15 digits (E.164), or a short number of the French plan."""

    def python(t):
        dialled = t.translate({ord(c): None for c in " .-()"})
        return dialled if re.fullmatch(r"\+?[0-9]{6,15}|1[578]|1[19][0-9]|10[0-9]{2}|3[0-9]{3}", dialled) else None

    script = '(d => /^([+]?\\d{6,15}|1[578]|1[19]\\d|10\\d\\d|3\\d{3})$/.test(d) ? d : null)(t.replace(/[ .()-]/g, ""))'
    return {"Python": python(text), "Node": node(script, text),
            "Perl": perl("($t =~ tr/ .()-//dr) =~ /^([+]?[0-9]{6,15}|1[578]|1[19]\\d|10\\d\\d|3\\d{3})$/a ? $1 : undef", text)}


class LenientFormats(Acts, LedgerTest):
    def read_alike(self, text, readers, ledger=None):
        """All readers that are there make the same of the text; the ledger too, where it says what it made of it."""
        made = readers(text)
        if not shutil.which("node"):
            made = {name: value for name, value in made.items() if "Node" not in name}
        self.assertNotIn(None, made.values(), made)
        self.assertEqual(len(set(made.values()) | ({ledger} if ledger is not None else set())), 1, (made, ledger))

    def partner(self, **members):
        return "partner.introduced", f"network/exemple-{uuid.uuid4()}", {"partner_id": "dora--1", "nom": "Exemple",
                                                                        "date_maj": paris_day(), **members}

    def rows(self, field, form, accepts, readers, good, bad):
        for text in good:
            with self.subTest(field=field, accepted=text):
                self.act(ML1, *self.partner(**{field: text}))
                self.read_alike(text, readers)
        for text in bad:
            with self.subTest(field=field, refused=text):
                problem = self.refuse(f"format-{form}", ML1, *self.partner(**{field: text}))
                self.assertEqual(problem["field"], f"data.{field}")
                self.assertIn(accepts, problem["accepted"])

    # RFC 3339, section 5.6; what other readers of ISO 8601 take and not all of these do is refused.
    BAD_TIMES = ("2026-02-28T16:00:60Z", "2016-12-31T23:59:60Z", "2026-02-28T24:00:00Z", "2026-02-28t16:00:00Z",
                 "2026-02-28T16:00:00z", "2026-02-28 16:00:00Z", "2026-02-28T16:00:00,5Z", "2026-02-28T16:00:00.Z",
                 "2026-02-28T16:00:00+24:00", "2026-02-28T16:00:00-24:00", "2026-02-28T16:00:00+01:60",
                 "2026-02-28T16:00:00+0100", "2026-02-28T16:00:00+01", "2026-02-28T16:00:00", "2026-02-28T16:00Z",
                 "2026-02-28", "2026-02-30T16:00:00Z", "2026-02-29T16:00:00Z", "2026-13-01T16:00:00Z", "0000-01-01T00:00:00Z",
                 "1969-12-31T23:59:59Z", "+002026-02-28T16:00:00Z", "-2026-02-28T16:00:00Z", "2026-W09-6T16:00:00Z",
                 "2026-059T16:00:00Z", "20260228T160000Z", "2026-02-28T16:00:00Z ", "2026-02-28T16:00:00 Z",
                 "2026-02-28T16:00:00\u2212" + "01:00", "２026-02-28T16:00:00Z", "1772294400", "now",
                 # Moments of years that the ledger cannot write again.
                 "1970-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00")

    def test_times(self):
        for text in ("2026-02-28T16:00:00Z", "2026-02-28T16:00:00.5Z", "2026-02-28T16:00:00.123456789012345678Z",
                     "2026-02-28T16:00:00.999999999Z", "2026-02-28T16:00:00+01:00", "2026-02-28T16:00:00+23:59",
                     "2026-02-28T16:00:00-23:59", "2026-02-28T16:00:00-00:00", "2024-02-29T00:00:00Z",
                     "1970-01-01T00:00:00Z", "1970-01-01T00:00:00-01:00"):
            with self.subTest(accepted=text):
                taken = self.act(ML1, *self.partner(), time=text)
                written = self.reader(ML1).get(f"/v1/events/{taken['id']}").json()["time"]
                self.read_alike(text, times, (datetime.fromisoformat(written) - EPOCH) // timedelta(milliseconds=1))
        for text in self.BAD_TIMES:
            with self.subTest(refused=text):
                problem = self.refuse("cloudevents-time", ML1, *self.partner(), time=text)
                self.assertEqual(problem["field"], "time")
                self.assertIn("RFC 3339", problem["accepted"])

    def test_times_of_a_payload(self):
        own = f"signatory/{AMICALE}"
        for text in ("2027-02-28T16:00:00.25+01:00", "9999-12-31T23:59:59+01:00"):
            with self.subTest(accepted=text):
                key = Key()
                self.act(AMICALE, "key.enrolled", own, self.by(AMICALE).key_data(key, self.ledger.origin, valid_from=text))
                shown = [k["validFrom"] for k in self.reader(ML1).get("/v1/keys").json()["keys"] if k["kid"] == key.kid]
                self.read_alike(text, times, (datetime.fromisoformat(shown[0]) - EPOCH) // timedelta(milliseconds=1))
        for text in self.BAD_TIMES:
            with self.subTest(refused=text):
                data = self.by(AMICALE).key_data(Key(), self.ledger.origin, valid_from=text)
                problem = self.refuse("format-timestamp", AMICALE, "key.enrolled", own, data)
                self.assertEqual(problem["field"], "data.valid_from")
                self.assertIn("RFC 3339", problem["accepted"])

    def test_times_of_a_question(self):
        for text in self.BAD_TIMES:
            if text in ("2026-02-28", "1772294400"):
                continue  # a day and an index are taken here, and are what they look like
            with self.subTest(refused=text):
                asked = "".join(c if c.isascii() and c.isalnum() else "".join(f"%{b:02X}" for b in c.encode()) for c in text)
                self.assertEqual(self.reader(ML1).get(f"/v1/deadlines?from={asked}").rule, "time-form")

    def test_dates(self):
        self.rows("date_maj", "date", "2026-11-24", dates,
                  ("2026-02-28", "2024-02-29", "2000-02-29", "1970-01-01"),
                  ("2026-02-30", "2026-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01",
                   "1969-12-31", "20260228", "2026-2-28", "2026-02-28Z", "2026-02-28T00:00:00Z", "28/02/2026", "2026-W09-6",
                   "2026-059", "2026-02", "+2026-02-28", "12026-02-28", " 2026-02-28", "2026-02-28\n", "２026-02-28", ""))
        last = "9999-12-31"
        self.act(ML1, "case.consent_given", self.minor(ML1), {"scope": "referral", "form_hash": HASH, "expires_on": last})
        self.read_alike(last, dates)

    def test_sirets(self):
        """The seat of La Poste passes Luhn's formula; its other establishments have a rule of their own."""
        self.rows("siret", "siret", "SIRET", sirets,
                  ("13003013300016", "73282932000074", "35600000000048", "35600000049837"),
                  ("13003013300017", "13003013400016", "31003013300016", "73282932000075", "35600000049838", "35600000100000",
                   "00000000000000", "1300301330001", "130030133000160", "130 030 133 00016", "130030133", "1300301330001x",
                   "13003013300016 ", "FR13003013300016", "１3003013300016", ""))

    def test_links(self):
        for field in ("site_web", "lien_source", "accessibilite_lieu"):
            self.rows(field, "link", "http:// or https://", hosts,
                      ("https://example.org", "http://example.org:8080/a?b#c", "HTTPS://example.org/", "https://[2001:db8::1]/x",
                       "https://192.0.2.1/", "https://xn--prfecture-c4a.example/", "https://xn--uvre-f4a.example/",
                       "https://example.org/%C3%A9",
                       "https://example.org?a=b", "https://example.org:65535/", "https://1e2.example/"),
                      ("https://", "https:///example.org/", "http:example.org", "https:a", "//example.org", "example.org",
                       "/a", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,a", "file:///etc/passwd",
                       "mailto:a@example.org", "ftp://example.org", "https://u:p@example.org/", "https://u@example.org/",
                       "https://@example.org/", "https://example.org\\@example.net/", "https://example.org\\a", "https://:80/",
                       "https://exa mple.org/", "https://example.org/a b", " https://example.org/", "https://example.org/\t",
                       "https://example.org/\n", "https://example.org:99999/", "https://example.org:+80/", "https://example.org:x/",
                       "https://%65xample.org/", "https://a%00b/", "http://[zz]/", "http://[1.2]/", "http://[::1]x/",
                       "http://[::1%25eth0]/", "https://a..b/", "https://.a/", "https://préfecture.example/",
                       "https://example.org/é", "https://example.org/%zz", "https://example.org/#a#b", "https://example.org/|", "",
                       # Numbers, which browsers take for an address and others for a name.
                       "https://1.2.3.999/", "https://127.1/", "https://1.2.3.04/", "https://2130706433/", "https://0x7f000001/",
                       "https://1.2.3.0x4/", "https://1.2.3.4./", "https://a.0x4/",
                       # Punycode that is none, or that not all make the same of.
                       "http://xn--/", "http://xn--a/", "http://xn--a-/", "http://xn--a--/", "http://XN--A--.example/",
                       "http://xn---b4a/", "http://a.xn--0.example/", "http://xn--99999999999/", "http://xn--strae-oqa.example/"))

    def test_mailboxes(self):
        accepted = ("accueil@example.org", "a.b+c@example.org", "A_B@Example.ORG", "o'neil@example.org", "a/b=c@example.org",
                    "a@xn--prfecture-c4a.example", "a@sub.example.org", "a" * 64 + "@example.org")
        refused = ("", "accueil", "@example.org", "accueil@", "accueil@localhost", ".a@example.org", "a.@example.org",
                   "a..b@example.org", "a@b@example.org", '"a b"@example.org', "a b@example.org", "a@exa mple.org",
                   "Accueil <a@example.org>", "<a@example.org>", "mailto:a@example.org", "a@[192.0.2.1]", "a@-example.org",
                   "a@example-.org", "a@example..org", "a@.example.org", "a@example.org.", "a@exam_ple.org", "é@example.org",
                   "a@préfecture.example", "a@example.org ", " a@example.org", "a@example.org\r\nBcc: b@example.org",
                   "a@example.org,b@example.org", "a(x)@example.org", "a" * 65 + "@example.org", "a@" + "b" * 64 + ".org",
                   "a@" + ".".join(["b" * 60] * 5))
        self.rows("courriel", "email", "mailbox", mailboxes, accepted, refused)
        own = f"signatory/{AMICALE}"
        for text in accepted:
            with self.subTest("focal point", accepted=text):
                self.act(AMICALE, "focal_point.designated", own, {"mailbox": text})
        for text in refused:
            with self.subTest("focal point", refused=text):
                problem = self.refuse("format-email", AMICALE, "focal_point.designated", own, {"mailbox": text})
                self.assertEqual(problem["field"], "data.mailbox")

    def test_telephones(self):
        self.rows("telephone", "telephone", "6 to 15 digits", telephones,
                  ("+33472000000", "+33 4 72 00 00 00", "+33 (0)4 72 00 00 00", "0472000000", "04.72.00.00.00", "04-72-00-00-00",
                   "(04) 72 00 00 00", "123456", "+123456789012345", "15", "115", "119", "3919", "39 19", "1014", "196",
                   "116006"),
                  ("", "+", "demander l'accueil", "16", "012", "200", "2000", "+115", "1-", "12345", "+1234567890123456",
                   "+033472000000", "++33472000000", "33+472000000",
                   "tel:+33472000000", "04 72 00 00 00 poste 2", "0472000000;ext=2", "04/72/00/00/00", "04 72 00 00 00 / 01",
                   " 0472000000", "0472000000 ", "04\t72000000", "(0472000000", "0472000000)", "()0472000000", "0x47200000",
                   "accueil@example.org", "０472000000", "\u202a0472000000"))

    def test_uuids(self):
        subject = self.supported(ML1)
        given = str(uuid.uuid4())
        versions = ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", str(uuid.uuid1())]
        for text in (given.upper(), given[:18].upper() + given[18:].replace(given[0], given[0]), *versions):
            planned = {"step_id": text, "need": "shelter"}
            with self.subTest(accepted=text):
                if uuid.UUID(text) == uuid.UUID(given) and text != given.upper():
                    self.refuse("step-id-taken", ML1, "support.step_planned", subject, planned)
                else:
                    self.act(ML1, "support.step_planned", subject, planned)
                self.read_alike(text, uuids)
        for text in ("", "{" + given + "}", "urn:uuid:" + given, given.replace("-", ""), given[:-1], given + "0", given[:-1] + "g",
                     given.replace("-", "_"), given.replace("-", "", 1) + "-", " " + given[1:], given[:-1] + "\n", "0x" + given[2:],
                     given[:-1] + "０"):
            with self.subTest(refused=text):
                problem = self.refuse("format-uuid", ML1, "support.step_planned", subject, {"step_id": text, "need": "shelter"})
                self.assertEqual(problem["field"], "data.step_id")
                self.assertIn("36 characters", problem["accepted"])


if __name__ == "__main__":
    main()
