// Without a ledger: proofs, keys, what is asked again, lines, keys of WebCrypto.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  Client, Disconnected, Fork, Invalid, Problem, Signer, Statement, Unsupported, open, openCheckpoint, verify,
} from "relais-client";
import { History, Tiles } from "../dist/history.js";
import { isConsistent, rootOf } from "../dist/receipt.js";
import { webcrypto } from "../dist/bytes.js";
import { Notary, root, sha256, treeHash } from "./support.mjs";

/** Without the file's own line end. */
const golden = (name) => readFileSync(`${root}/tests/data/golden/${name}`, "utf8").replace(/\n$/, "");
const jwk = () => generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
const refused = (code) => (error) => error instanceof Invalid && error.code === code;
const leaves = (count, seed = "") => Array.from({ length: count }, (_, i) => sha256([0], `${seed}${i}`));

/** Tiles as a server has them (c2sp.org/tlog-tiles), of these leaves. */
function tilesOf(all) {
  return new Tiles(async (path) => {
    const [, level, groups, width] = /^(\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path);
    const [first, count] = [Number(groups.replace(/[x/]/g, "")) * 256, Number(width ?? 256)];
    const span = 256 ** level;
    const hashes = Array.from({ length: count }, (_, i) => treeHash(all.slice((first + i) * span, (first + i + 1) * span)));
    return new Uint8Array(Buffer.concat(hashes));
  });
}

test("the golden receipt, which never changes", async () => {
  const [vkey, receipt, statement] = [golden("log.vkey"), golden("receipt.tlog-proof"), golden("statement.sd-jwt")];
  const proven = await verify(vkey, receipt, statement);
  assert.equal(Buffer.from(proven.root).toString("base64"), golden("checkpoint.note").split("\n")[2]);
  await assert.rejects(verify(vkey, receipt, statement.replace(".", "..")), refused("proof"));
  await assert.rejects(verify(vkey, receipt.replace("index ", "index 1"), statement), Invalid);
  await assert.rejects(verify(vkey, "exemple", statement), refused("receipt-form"));
  await assert.rejects(verify(new Notary(vkey.split("+")[0], jwk()).vkey, receipt, statement), refused("signature"));
  await assert.rejects(verify(vkey.replace(/\+[0-9a-f]/, "+0"), receipt, statement), Invalid);
});

test("consistency of trees of all sizes, and across tiles", async () => {
  const all = leaves(600);
  const pairs = [];
  for (let newer = 2; newer <= 20; newer++) for (let older = 1; older < newer; older++) pairs.push([older, newer]);
  for (const older of [1, 255, 256, 257, 400, 511, 512, 513, 599]) pairs.push([older, 600]);
  const tiles = tilesOf(all);
  for (const [older, newer] of pairs) {
    const [before, after] = [older, newer].map((size) => ({ size, root: new Uint8Array(treeHash(all.slice(0, size))) }));
    assert.deepEqual(Buffer.from(await tiles.node(0, older, newer)), Buffer.from(before.root));
    const proof = await tiles.consistency(older, newer);
    assert.ok(await isConsistent(before, after, proof), `${older} to ${newer}`);
    assert.ok(!await isConsistent({ ...before, root: new Uint8Array(32) }, after, proof));
    assert.ok(!await isConsistent(before, { ...after, root: new Uint8Array(32) }, proof));
    assert.ok(!await isConsistent(before, after, [...proof, new Uint8Array(32)]));
    if (proof.length > 0) assert.ok(!await isConsistent(before, after, proof.slice(1)));
  }
});

test("inclusion: too long, too short, past the end", async () => {
  const [a, b] = leaves(2).map((leaf) => new Uint8Array(leaf));
  assert.deepEqual(Buffer.from(await rootOf(0, 2, a, [b])), treeHash([a, b]));
  await assert.rejects(rootOf(0, 2, a, [b, b]), refused("proof"));
  await assert.rejects(rootOf(0, 2, a, []), refused("proof"));
  await assert.rejects(rootOf(2, 2, a, [b]), refused("proof"));
});

test("a log's history: it goes on, or it is refused", async () => {
  const notary = new Notary("relais.example/exemple", jwk());
  const [all, other] = [leaves(20), leaves(20, "other ")];
  const head = (size, of = all) => notary.checkpoint(size, treeHash(of.slice(0, size)));
  let kept;
  const history = (of) => new History({ load: () => kept, save: (note) => { kept = note; } }, tilesOf(of));
  await history(all).seen(head(7), notary.vkey);
  await history(all).seen(head(12), notary.vkey);
  await history(all).seen(head(9), notary.vkey);
  assert.equal(kept, head(12), "an older tree that leads to it is well, and not remembered");
  await assert.rejects(history(all).seen(head(9), notary.vkey, true), refused("history-shrunk"));
  await assert.rejects(history(other).seen(head(12, other), notary.vkey),
                       (e) => e instanceof Fork && JSON.parse(e.evidence).proof.length === 0);
  await assert.rejects(history(all).seen(head(15, other), notary.vkey), refused("history-unproven"));
  await assert.rejects(history(other).seen(head(15, other), notary.vkey), (error) => {
    const { older, newer, newer_begins_with: begins } = JSON.parse(error.evidence);
    assert.deepEqual([older, newer, begins], [head(12), head(15, other), treeHash(other.slice(0, 12)).toString("base64")]);
    return error instanceof Fork;
  });
  const stranger = new Notary(notary.name, jwk());
  await assert.rejects(history(all).seen(stranger.checkpoint(13, treeHash(all.slice(0, 13))), notary.vkey), refused("signature"));
  assert.equal(kept, head(12));
  // What is remembered is believed no more than what comes.
  kept = stranger.checkpoint(12, treeHash(all.slice(0, 12)));
  await assert.rejects(history(all).seen(head(15), notary.vkey), refused("signature"));
});

test("a key signs trees of its sizes", async () => {
  const [old, now] = [new Notary("relais.example/exemple", jwk()), new Notary("relais.example/exemple", jwk())];
  const vkeys = `${now.vkey}\n${old.vkey} 40\n`;
  const hash = sha256("exemple");
  assert.equal((await openCheckpoint(old.checkpoint(40, hash), vkeys)).size, 40);
  assert.equal((await openCheckpoint(now.checkpoint(41, hash), vkeys)).size, 41);
  await assert.rejects(openCheckpoint(old.checkpoint(41, hash), vkeys), refused("signature"));
  await assert.rejects(openCheckpoint(now.checkpoint(40, hash), vkeys), refused("signature"));
  const both = now.checkpoint(41, hash).replace("\n\n", `\n\n${old.line(`${old.name}\n41\n${hash.toString("base64")}\n`)}`);
  assert.equal((await openCheckpoint(both, vkeys)).size, 41);
});

test("checkpoints in other forms", async () => {
  const notary = new Notary("relais.example/exemple", jwk());
  const note = notary.checkpoint(3, sha256("exemple"));
  const sized = (size) => note.replace("\n3\n", `\n${size}\n`);
  for (const wrong of ["", "exemple", sized("03"), sized("3\nextension"), sized("9007199254740993"), note.split("\n\n")[0],
                       note.replaceAll(notary.name, "other.example"), note.replace("\u2014", "-")])
    await assert.rejects(openCheckpoint(wrong, notary.vkey), Invalid, wrong);
});

// --- what is asked again

const reader = (answers, more = {}) => {
  const asked = [];
  const relais = new Client("https://relais.example", { origin: "exemple", purpose: "test", ...more, fetch: async (url, init) => {
    asked.push([String(url), init]);
    const next = answers.shift();
    if (next === undefined) throw new TypeError("fetch failed");
    return typeof next === "function" ? next(init) : next;
  } });
  return { relais, asked };
};
const problem = (status, rule, headers = {}) => Response.json({ status, rule, detail: "exemple" }, { status, headers });

test("patience, and its end", async () => {
  const busy = () => problem(429, "too-many-requests", { "Retry-After": "0" });
  const { relais, asked } = reader([busy(), undefined, problem(503, "storage", { "Retry-After": "0" }), new Response("ok\n")]);
  assert.equal(await relais.getLiveness(), "ok\n");
  assert.equal(asked.length, 4);
  assert.ok(asked.every(([, init]) => init.redirect === "error" && init.credentials === "omit"));
  const hours = reader([problem(429, "too-much-stored", { "Retry-After": "7200" })]);
  await assert.rejects(hours.relais.getLiveness(), (e) => e instanceof Problem && e.rule === "too-much-stored");
  assert.equal(hours.asked.length, 1);
  const gone = reader([]);
  await assert.rejects(gone.relais.getLiveness(), Disconnected);
  assert.equal(gone.asked.length, 5);
  const proxy = reader([new Response("<html>", { status: 502 })]);
  await assert.rejects(proxy.relais.getLiveness(), (e) => e instanceof Problem && e.status === 502);
  const never = ({ signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason)));
  const slow = reader(Array(5).fill(never), { timeoutMs: 5 });
  await assert.rejects(slow.relais.getLiveness(), Disconnected);
});

test("without a signer, what takes a token is refused before anything is sent", async () => {
  const { relais, asked } = reader([]);
  await assert.rejects(relais.listCases(), /no signer/);
  await assert.rejects(relais.call("listCases", { etat: "x" }), /it has: phase, cursor, limit/);
  await assert.rejects(relais.call("getCase", {}), /needs \{id\}/);
  await assert.rejects(relais.statement("relais.exemple.v1", "case/x", {}), /no signer/);
  await assert.rejects(relais.call("getEvent", { toString: "x" }), /no parameter toString/);
  assert.equal(asked.length, 0);
});

const lines = (...items) => new Response(items.map((item) => `${item === "" ? "" : JSON.stringify(item)}\n`).join(""),
                                         { headers: { "Content-Type": "application/x-ndjson" } });
const all = async (items) => {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
};

test("a list as lines, gone on with where it was refused", async () => {
  const signer = await Signer.of(jwk(), "urn:relais:rhone-2023:exemple");
  const ended = { type: "https://relais.example/problems/token-expired", rule: "token-expired", status: 401, next: "abc" };
  const { relais, asked } = reader([lines({ id: 1 }, "", { id: 2 }, ended), lines({ id: 3 })], { signer });
  assert.deepEqual(await all(relais.lines("listCases", { limit: 2 })), [{ id: 1 }, { id: 2 }, { id: 3 }]);
  assert.equal(asked[0][1].headers.get("Accept"), "application/x-ndjson");
  assert.deepEqual(asked.map(([url]) => new URL(url).search), ["?limit=2", "?limit=2&cursor=abc"]);
  assert.notEqual(asked[0][1].headers.get("Authorization"), asked[1][1].headers.get("Authorization"), "a token of its own");
  const final = reader([lines({ id: 1 }, { ...ended, next: undefined })], { signer });
  await assert.rejects(all(final.relais.lines("listCases", {})), (e) => e instanceof Problem && e.rule === "token-expired");
  const cut = reader([new Response(new ReadableStream({ start: (c) => c.error(new TypeError("terminated")) }),
                                   { headers: { "Content-Type": "application/x-ndjson" } })], { signer });
  await assert.rejects(all(cut.relais.lines("listCases", {})), Disconnected);
  const first = () => Response.json({ cases: [1], next: "n" });
  const pages = reader([first(), first(), Response.json({ cases: [2] })], { signer });
  assert.deepEqual(await all(pages.relais.lines("listCases", {})), [1, 2], "a ledger that knows pages alone");
});

test("an event stream: across connections, from where it was, in any pieces", async () => {
  const signer = await Signer.of(jwk(), "urn:relais:rhone-2023:exemple");
  const said = ": beat\nretry: 1\n\nid: 4\nevent: x\ndata: {\"index\":4,\r\ndata: \"é\":1}\r\n\r\nid: 9\n\nid: 12\ndata: {\"cut";
  const pieces = (text) => new Response(new ReadableStream({ start(controller) {
    for (const byte of Buffer.from(text)) controller.enqueue(Uint8Array.of(byte));
    controller.close();
  } }), { headers: { "Content-Type": "text/event-stream" } });
  const answers = [pieces(said), undefined, pieces("id: 10\ndata: {\"index\":10}\n\n"), problem(401, "token-form")];
  const { relais, asked } = reader(answers, { signer });
  const stream = relais.follow({ last: 3 });
  assert.deepEqual((await stream.next()).value, { index: 4, "é": 1 });
  assert.deepEqual((await stream.next()).value, { index: 10 });
  await assert.rejects(stream.next(), (e) => e instanceof Problem && e.rule === "token-form");
  assert.deepEqual(asked.map(([, init]) => init.headers.get("Last-Event-ID")), ["3", "9", "9", "10"]);
});

// --- keys

test("keys that cannot be extracted", async () => {
  const pair = await webcrypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const signer = await Signer.of(pair, "urn:relais:rhone-2023:exemple");
  const sealing = () => webcrypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  const xOf = async ({ publicKey }) => (await webcrypto.subtle.exportKey("jwk", publicKey)).x;
  const seals = await sealing();
  const x = await xOf(seals);
  const kid = Buffer.from(sha256(JSON.stringify({ crv: "X25519", kty: "OKP", x }))).toString("base64url");
  const other = { kid: "other", x: await xOf(await sealing()) };
  const said = { open: "clear", note: "é", identity: { of: "exemple" }, left: undefined };
  const statement = await signer.statement("relais.exemple.v1", "case/x", said,
    { id: "one", sensitive: ["note", "identity", "absent"], sealTo: { identity: [{ kid, x }, other] } });
  const { data, _sd_alg: alg, id } = statement.event;
  assert.deepEqual([data.open, Object.keys(data), data._sd.length, alg, id], ["clear", ["open", "_sd"], 2, "sha-256", "one"]);
  assert.deepEqual(data._sd, [...data._sd].sort());
  const [head, payload, signature] = statement.jwt.split(".");
  assert.deepEqual(JSON.parse(Buffer.from(head, "base64url")), { alg: "EdDSA", typ: "cloudevents+sd-jwt", kid: signer.kid });
  const bytes = Buffer.from(signature, "base64url");
  assert.ok(await webcrypto.subtle.verify("Ed25519", pair.publicKey, bytes, Buffer.from(`${head}.${payload}`)));
  const [salt, name, value] = JSON.parse(Buffer.from(statement.sdJwt.split("~")[1], "base64url"));
  assert.deepEqual([name, value, Buffer.from(salt, "base64url").length], ["note", "é", 16]);
  assert.deepEqual(await open(statement.submission, seals), [{ member: "identity", value: { of: "exemple" } }]);
  assert.deepEqual(Statement.of(JSON.parse(JSON.stringify(statement.submission))).body, statement.body, "kept and read again");
  const lengths = await Promise.all(["é", "é".repeat(90)].map(async (short) => {
    const signing = { sensitive: ["note"], sealTo: { note: [other] } };
    const one = await signer.statement("relais.exemple.v1", "case/x", { note: short }, signing);
    return one.sealed[0].ciphertext.length;
  }));
  assert.equal(lengths[0], lengths[1], "what is sealed is padded");
  await assert.rejects(signer.statement("relais.exemple.v1", "case/x", said, { sealTo: { open: [other] } }), /cannot be sealed/);
  const another = await signer.statement("relais.exemple.v1", "case/x", said, { sensitive: ["note", "identity"] });
  await assert.rejects(open({ ...statement.submission, statement: another.sdJwt }, seals), refused("sealed-digest"));
  const [jwe] = statement.sealed;
  for (const wrong of [{ ...jwe, aad: "YQ" }, { ...jwe, recipients: [...jwe.recipients, jwe.recipients[0]] },
                       { ...jwe, recipients: [{ ...jwe.recipients[0], header: { ...jwe.recipients[0].header, apu: "YQ" } }] },
                       { ...jwe, protected: Buffer.from('{"enc":"A256GCM","zip":"DEF"}').toString("base64url") }])
    await assert.rejects(open({ ...statement.submission, sealed: [wrong] }, seals), refused("sealed-form"));
  const tag = Buffer.alloc(16).toString("base64url");
  await assert.rejects(open({ ...statement.submission, sealed: [{ ...jwe, tag }] }, seals));
});

test("keys that are none", async () => {
  await assert.rejects(Signer.of({ kty: "relais-encrypted" }, "urn:x"), /has a passphrase/);
  const { d, ...half } = jwk();
  await assert.rejects(Signer.of(half, "urn:x"), /no private part/);
});

test("where WebCrypto lacks an algorithm, that is what it says", async (t) => {
  t.mock.method(Object.getPrototypeOf(webcrypto.subtle), "importKey", async () => {
    throw new DOMException("Unrecognized algorithm name", "NotSupportedError");
  });
  await assert.rejects(openCheckpoint(golden("checkpoint.note"), golden("log.vkey")),
                       (e) => e instanceof Unsupported && /Ed25519/.test(e.message));
});
