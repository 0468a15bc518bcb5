"""`relais export` of the story: each format by other people's readers and by the rules of its standard, pseudonyms, rights, the
signed manifest, and exports that are cut short.

DuckDB reads the CSV where node and npm `@duckdb/node-api` are installed, LibreOffice where `soffice` is:

    npm install --prefix build/interop --no-save @duckdb/node-api@1.5.6-r.1
"""
import csv
import hashlib
import io
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml
from datetime import datetime
from pathlib import Path

from harness import RELAIS, ROOT, main, run

NODE_MODULES = ROOT / "build/interop/node_modules"
FILES = {"ndjson": ["events.ndjson"], "csv": ["events.csv", "signatories.csv"], "ocel-json": ["log.ocel.json"],
         "ocel-sqlite": ["log.ocel.sqlite"], "xes": ["log.xes"]}
OBJECT = re.compile(r"^(case|referral|psp|session)-[0-9a-f]{32}$|^signatory-[a-z0-9-]+$")
PSEUDONYM = re.compile(r"\b[0-9a-f]{32}\b")
XES = "{http://www.xes-standard.org/}"


def rfc3339(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if re.search(r"T.*(Z|[+-]\d\d:\d\d)$", text) else None


class Story(unittest.TestCase):
    """One ledger for all tests: the whole story, told in process."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="relais-export-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.data = cls.folder / "data"
        run("scenario", "--data", cls.data, "--seed", 3)
        cls.vkey = cls.data / "log.vkey"
        cls.key = cls.folder / "pseudonym.key"
        cls.key.touch(mode=0o600)
        cls.key.write_text("0f" * 32 + "\n")
        cls.made = 0

    def export(self, form, *arguments, out=None, ok=(0,)):
        type(self).made += 1
        out = out or self.folder / f"out-{self.made}"
        done = run("export", "--data", self.data, "--format", form, "--out", out, "--json", *arguments, ok=ok)
        return out, done

    def whole(self, form, *arguments):
        out, _ = self.export(form, *arguments)
        return out

    def verify(self, out, ok=(0,)):
        return run("verify", "--export", out / "manifest.json", "--vkey", self.vkey, "--json", ok=ok)

    def events(self, *arguments):
        return [json.loads(line) for line in (self.whole("ndjson", *arguments) / "events.ndjson").read_text().splitlines()]


class Formats(Story):
    def test_csv(self):
        out = self.whole("csv")
        raw = (out / "events.csv").read_bytes()
        self.assertTrue(raw.startswith(b"\xef\xbb\xbf"))
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
        self.assertEqual(len(rows), len(self.events()))
        self.assertIn("Rhône", rows[0]["title"])
        self.assertEqual(rows[0]["event_type"], "convention.opened")
        for row in rows:
            self.assertNotIn(None, row)
            self.assertIsNotNone(rfc3339(row["received_at"]))
            for value in row.values():
                self.assertFalse(value.startswith(("=", "+", "-", "@", "\t", "\r")), value)
        signatories = list(csv.DictReader(io.StringIO((out / "signatories.csv").read_text("utf-8-sig"), newline="")))
        self.assertLessEqual({row["by"] for row in rows}, {s["signatory"] for s in signatories})
        self.assertTrue(any("é" in s["name"] for s in signatories))

    def test_csv_in_duckdb(self):
        node = shutil.which("node")
        if not node or not (NODE_MODULES / "@duckdb/node-api").is_dir():
            self.skipTest("no node, or no DuckDB: npm install --prefix build/interop --no-save @duckdb/node-api@1.5.6-r.1")
        script = Path(shutil.copy(ROOT / "tests/interop/duckdb.mjs", NODE_MODULES.parent))  # modules are found from there
        out = self.whole("csv", "--pseudonym-key", self.key)
        table = f"read_csv('{out}/events.csv', header=true)"
        queries = [f"SELECT count(*)::INT AS n, count(DISTINCT case_of)::INT AS cases, max(\"index\")::INT AS last FROM {table}",
                   f"SELECT title FROM {table} WHERE event_type = 'convention.opened'",
                   f"SELECT count(*)::INT AS n FROM {table} WHERE received_at >= TIMESTAMP '2024-01-01'",
                   f"SELECT name FROM read_csv('{out}/signatories.csv', header=true) WHERE signatory = 'prefecture'"]
        done = subprocess.run([node, str(script)], input=json.dumps({"queries": queries}), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        totals, title, timed, name = json.loads(done.stdout)
        events = self.events("--pseudonym-key", self.key)
        cases = {e["subject"] for e in events if e["subject"].startswith("case/")}
        self.assertEqual(totals, [{"n": len(events), "cases": len(cases), "last": int(events[-1]["relaisindex"])}])
        self.assertEqual(title, [{"title": events[0]["data"]["title"]}])
        self.assertEqual(timed, [{"n": len(events)}])
        self.assertIn("é", name[0]["name"])

    def test_csv_in_libreoffice(self):
        office = shutil.which("soffice") or shutil.which("libreoffice")
        if not office:
            self.skipTest("no LibreOffice here")
        out, back = self.whole("csv"), self.folder / "office"
        home = f"-env:UserInstallation=file://{self.folder}/office-profile"
        subprocess.run([office, home, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true",
                        "--outdir", str(back), str(out / "events.csv")], check=True, capture_output=True, timeout=240)
        ours = list(csv.reader(io.StringIO((out / "events.csv").read_text("utf-8-sig"), newline="")))
        theirs = list(csv.reader(io.StringIO((back / "events.csv").read_text("utf-8-sig"), newline="")))
        self.assertEqual(len(theirs), len(ours))
        at = ours[0].index("event_type")
        self.assertEqual([row[at] for row in theirs], [row[at] for row in ours])
        title = ours[0].index("title")
        self.assertEqual(theirs[1][title], ours[1][title])

    def test_ocel_json(self):
        log = json.loads((self.whole("ocel-json") / "log.ocel.json").read_text("utf-8"))
        self.assertEqual(set(log), {"eventTypes", "objectTypes", "events", "objects"})
        declared = {}
        for what in ("event", "object"):
            for kind in log[what + "Types"]:
                self.assertEqual(set(kind), {"name", "attributes"})
                attributes = declared[what, kind["name"]] = {a["name"]: a["type"] for a in kind["attributes"]}
                self.assertEqual(len(attributes), len(kind["attributes"]))
                self.assertLessEqual(set(attributes.values()), {"string", "time", "integer", "float", "boolean"})
        objects = {o["id"]: o for o in log["objects"]}
        self.assertEqual(len(objects), len(log["objects"]))
        self.assertEqual(len({e["id"] for e in log["events"]}), len(log["events"]))
        self.assertEqual({o["type"] for o in objects.values()}, {"case", "referral", "psp", "session", "signatory"})
        for what, things in (("event", log["events"]), ("object", log["objects"])):
            for thing in things:
                self.one_of_ocel(what, thing, declared, objects)
        self.assertEqual({name for what, name in declared if what == "event"}, {e["type"] for e in log["events"]})

    def one_of_ocel(self, what, thing, declared, objects):
        timed = {"time"} if what == "object" else set()
        self.assertEqual(set(thing), {"id", "type", "attributes", "relationships"} | ({"time"} - timed))
        for attribute in thing["attributes"]:
            self.assertEqual(set(attribute), {"name", "value"} | timed)
            self.assertTrue(all(isinstance(value, str) for value in attribute.values()), attribute)
            self.value_of(declared[what, thing["type"]][attribute["name"]], attribute["value"])
        for moment in [a["time"] for a in thing["attributes"] if timed] or ([] if timed else [thing["time"]]):
            self.assertIsNotNone(rfc3339(moment))
        links = [(r["objectId"], r["qualifier"]) for r in thing["relationships"]]
        self.assertEqual(len(set(links)), len(links))
        for target, _ in links:
            self.assertIn(target, objects)
        if what == "object":
            self.assertRegex(thing["id"], OBJECT)

    def value_of(self, kind, text):
        if kind == "integer":
            self.assertRegex(text, r"^\d+$")
        elif kind == "boolean":
            self.assertIn(text, ("true", "false"))
        elif kind == "time":
            self.assertIsNotNone(rfc3339(text))

    def test_ocel_sqlite(self):
        out = self.whole("ocel-sqlite", "--pseudonym-key", self.key)
        database = sqlite3.connect(f"file:{out}/log.ocel.sqlite?mode=ro", uri=True)
        self.addCleanup(database.close)

        def ask(sql):
            return database.execute(sql).fetchall()

        self.assertEqual(ask("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(ask("PRAGMA foreign_key_check"), [])
        tables = {name for name, in ask("SELECT name FROM sqlite_master WHERE type = 'table'")}
        expected = {"event", "object", "event_object", "object_object", "event_map_type", "object_map_type"}
        for what in ("event", "object"):
            for kind, mapped in ask(f"SELECT ocel_type, ocel_type_map FROM {what}_map_type"):
                self.assertRegex(mapped, r"^[A-Za-z0-9_]+$")
                table = f"{what}_{mapped}"
                expected.add(table)
                columns = [c[1] for c in ask(f"PRAGMA table_info('{table}')")]
                self.assertEqual(columns[:2], ["ocel_id", "ocel_time"])
                if what == "object":
                    self.assertEqual(columns[2], "ocel_changed_field")
                # Each one of the type, and nothing else, is in the type's own table.
                self.assertEqual(ask(f"SELECT ocel_id FROM {table} ORDER BY 1"),
                                 ask(f"SELECT ocel_id FROM {what} WHERE ocel_type = '{kind}' ORDER BY 1"))
                self.assertTrue(all(rfc3339(time) for time, in ask(f"SELECT ocel_time FROM {table}")))
        self.assertEqual(tables, expected)
        self.same_as_json(ask)

    def same_as_json(self, ask):
        """Both forms of OCEL say the same."""
        log = json.loads((self.whole("ocel-json", "--pseudonym-key", self.key) / "log.ocel.json").read_text("utf-8"))
        self.assertEqual(ask("SELECT ocel_id, ocel_type FROM event ORDER BY 1"), sorted((e["id"], e["type"]) for e in log["events"]))
        self.assertEqual(ask("SELECT ocel_id, ocel_type FROM object ORDER BY 1"), sorted((o["id"], o["type"]) for o in log["objects"]))
        for things, table in (("events", "event_object"), ("objects", "object_object")):
            self.assertEqual(ask(f"SELECT * FROM {table} ORDER BY 1, 2, 3"),
                             sorted((t["id"], r["objectId"], r["qualifier"]) for t in log[things] for r in t["relationships"]))
        trained = [{a["name"]: a["value"] for a in e["attributes"]} for e in log["events"] if e["type"] == "training.delivered"]
        self.assertEqual(ask("SELECT headcount, typeof(headcount) FROM event_training_delivered ORDER BY ocel_id"),
                         [(int(t["headcount"]), "integer") for t in trained])

    def test_xes(self):
        """The order of elements and the types of values, as the XSD of IEEE 1849-2016 has them."""
        log = xml.parse(self.whole("xes", "--pseudonym-key", self.key) / "log.xes").getroot()
        self.assertEqual(log.tag, XES + "log")
        self.assertRegex(log.get("xes.version"), r"^\d+\.\d+$")
        order = [child.tag.removeprefix(XES) for child in log]
        self.assertEqual(order, sorted(order, key=["extension", "global", "classifier", "trace"].index))
        for extension in log.iter(XES + "extension"):
            self.assertEqual(set(extension.attrib), {"name", "prefix", "uri"})
        self.assertEqual({g.get("scope") for g in log.iter(XES + "global")}, {"trace", "event"})
        known = {g.get("scope"): {a.get("key") for a in g} for g in log.iter(XES + "global")}
        traces = log.findall(XES + "trace")
        names = []
        for trace in traces:
            tags = [child.tag for child in trace]
            self.assertEqual(tags, sorted(tags, key=lambda tag: tag == XES + "event"))
            names.append(self.attributes(trace, known["trace"])["concept:name"])
            times = [self.attributes(e, known["event"])["time:timestamp"] for e in trace.iter(XES + "event")]
            self.assertEqual(times, sorted(times, key=rfc3339))
        self.assertEqual(len(set(names)), len(names))
        by_case = [e for e in self.events("--pseudonym-key", self.key) if e["subject"].startswith("case/")]
        self.assertEqual(set(names), {e["subject"].replace("/", "-") for e in by_case})
        self.assertEqual(len(list(log.iter(XES + "event"))), len(by_case))

    def attributes(self, element, known):
        found = {}
        forms = {"string": r"[\s\S]*", "int": r"-?\d+", "boolean": r"true|false", "date": r"\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)"}
        for child in element:
            kind = child.tag.removeprefix(XES)
            if kind == "event":
                continue
            self.assertEqual(set(child.attrib), {"key", "value"})
            self.assertRegex(child.get("key"), r"^[A-Za-z_][A-Za-z0-9_:.-]*$")
            self.assertRegex(child.get("value"), f"^({forms[kind]})$")
            self.assertNotIn(child.get("key"), found)
            found[child.get("key")] = child.get("value")
        self.assertLessEqual(known, set(found))
        return found


class Pseudonymised(Story):
    def test_rights(self):
        """What the commission says among itself is in the log, and in no export."""
        logged = run("replay", "--data", self.data, "--json").stdout
        events = self.events()
        self.assertGreater(json.loads(logged)["events"], len(events))
        types = {e["type"].removeprefix("relais.").removesuffix(".v1") for e in events}
        self.assertGreater(len(types), 80)
        self.assertFalse({"psp.opinion_given", "member.recused"} & types)

    def test_exports_have_no_pseudonym_in_common(self):
        for form, files in FILES.items():
            found = [set(PSEUDONYM.findall((self.whole(form) / files[0]).read_bytes().decode("utf-8", "replace"))) for _ in range(2)]
            self.assertGreater(len(found[0]), 3, form)
            self.assertEqual(found[0] & found[1], set(), form)

    def test_a_kept_key_joins_them(self):
        early, late = self.events("--pseudonym-key", self.key, "--until", 150), self.events("--pseudonym-key", self.key)
        self.assertEqual(early, late[:len(early)])
        self.assertEqual({int(e["relaisindex"]) < 150 for e in early}, {True})
        until = late[40]["relaisreceived"]
        timed = self.events("--pseudonym-key", self.key, "--until", until)
        self.assertEqual(timed, [e for e in late if rfc3339(e["relaisreceived"]) < rfc3339(until)])
        out = self.whole("ndjson", "--pseudonym-key", self.key)
        self.assertEqual(json.loads((out / "manifest.json").read_text())["pseudonyms"], "kept")
        self.assertNotIn("0f" * 32, (out / "manifest.json").read_text())


class Manifest(Story):
    def test_each_format_verifies(self):
        for form, files in FILES.items():
            out, done = self.export(form)
            self.assertEqual({p.name for p in out.iterdir()}, {*files, "manifest.json", "manifest.note"})
            report = json.loads(self.verify(out).stdout)
            manifest = json.loads((out / "manifest.json").read_text())
            self.assertEqual((report["format"], report["rows"]), (form, json.loads(done.stdout)["rows"]))
            self.assertEqual(report["entries"], report["size"])
            for file in manifest["files"]:
                self.assertEqual(hashlib.sha256((out / file["name"]).read_bytes()).hexdigest(), file["sha256"])
            self.assertEqual(manifest["checkpoint"].split("\n")[1], str(report["size"]))

    def test_what_was_changed_does_not(self):
        out = self.whole("csv")
        with (out / "events.csv").open("ab") as file:
            file.write(b"one more\r\n")
        self.assertIn("export-file", self.verify(out, ok=(1,)).stderr)
        out = self.whole("csv")
        manifest = out / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"format":"csv"', '"format":"xes"'))
        self.assertIn("export-manifest", self.verify(out, ok=(1,)).stderr)
        other = self.folder / "other"
        run("scenario", "--data", other, "--seed", 4)
        done = run("verify", "--export", self.whole("csv") / "manifest.json", "--vkey", other / "log.vkey", ok=(1,))
        self.assertIn("note-unsigned", done.stderr)


class Interrupted(Story):
    def test_nothing_has_the_name_before_it_is_whole(self):
        """Killed while it writes; a disk that takes no more; begun again."""
        for form, files in FILES.items():
            out = self.folder / f"cut-{form}"
            part = Path(f"{out}.part")
            command = [RELAIS, "export", "--data", str(self.data), "--format", form, "--out", str(out)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not part.exists() and process.poll() is None:
                time.sleep(0.001)
            process.kill()
            process.wait()
            if out.exists():  # it was faster
                self.verify(out)
                shutil.rmtree(out)
            full = subprocess.run(command, capture_output=True, text=True, timeout=60,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)))
            self.assertNotEqual(full.returncode, 0)
            self.assertFalse(out.exists())
            self.assertRegex(full.stderr, "storage-full|file-write")
            (part / files[0]).write_bytes(b"half of something else, and longer than nothing" * 10_000)
            self.export(form, out=out)
            self.assertFalse(part.exists())
            self.verify(out)

    def test_what_is_there_stays(self):
        out = self.folder / "mine"
        out.mkdir()
        self.assertIn("file-exists", self.export("csv", out=out, ok=(1,))[1].stderr)
        self.assertIn("path-in-ledger", self.export("csv", out=self.data / "x", ok=(1,))[1].stderr)
        part = self.folder / "new.part"
        part.mkdir()
        (part / "thesis.odt").write_text("years of work")
        self.assertIn("file-exists", self.export("csv", out=self.folder / "new", ok=(1,))[1].stderr)
        self.assertEqual((part / "thesis.odt").read_text(), "years of work")

    def test_what_is_asked_wrongly(self):
        self.export("parquet", ok=(2,))
        self.assertIn("until-form", self.export("csv", "--until", "soon", ok=(1,))[1].stderr)
        key = self.folder / "bad.key"
        key.touch(mode=0o600)
        key.write_text("short\n")
        self.assertIn("pseudonym-key", self.export("csv", "--pseudonym-key", key, ok=(1,))[1].stderr)
        key.write_text("0f" * 32)
        os.chmod(key, 0o644)
        self.assertIn("key-file-mode", self.export("csv", "--pseudonym-key", key, ok=(1,))[1].stderr)


if __name__ == "__main__":
    main()
