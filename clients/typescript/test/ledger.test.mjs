// Against the real server: what it signs is taken, what it is told is checked.
import assert from "node:assert/strict";
import test from "node:test";
import { Problem, Statement, verify } from "relais-client";
import { CASE, DETECTED, client, ledger, lying, newCase } from "./support.mjs";

const [ML1, ML2, AMICALE, ANALYST] = ["mission-locale-1", "mission-locale-2", "amicale-du-nid-69", "observatoire"];
const ASSESSED = { risk: "high", grid_version: "2024-1" };
const rule = (name, status) => (e) => e instanceof Problem && e.rule === name && (status === undefined || e.status === status);
const all = async (items) => {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
};

test("signs, appends and reads", async () => {
  const [relais, subject] = [await client(ML1), newCase()];
  const id = subject.slice(5);
  const statement = await relais.statement(CASE, subject, { ...DETECTED, note: "exemple : confié", gender: "woman" });
  const { _sd, ...clear } = statement.event.data;
  assert.deepEqual([clear, _sd.length], [DETECTED, 2]);
  const accepted = await relais.append(statement, { ifNew: true });
  assert.deepEqual([accepted.stream, accepted.version], [subject, 1]);
  assert.deepEqual(await relais.append(statement), accepted, "sent again, it gets its first receipt");
  assert.deepEqual(await relais.append(Statement.of(statement.submission), { ifNew: true }), accepted);
  await assert.rejects(relais.append(await relais.statement(CASE, newCase(), DETECTED, { id: accepted.id })), Problem,
                       "another statement under its id");
  const shown = await relais.getEvent({ id: accepted.id });
  assert.deepEqual(shown.data, { ...DETECTED, note: "exemple : confié", gender: "woman" });
  assert.equal((await relais.getEvent({ id: accepted.id, format: "sd-jwt" })).split("~")[0], statement.jwt);
  assert.equal((await relais.getEvent({ id: accepted.id, format: "submission" })).statement.split("~")[0], statement.jwt);
  await relais.append(await relais.statement("relais.case.risk_assessed.v1", subject, ASSESSED), { ifMatch: 1 });
  await assert.rejects(relais.append(await relais.statement("relais.case.risk_assessed.v1", subject, ASSESSED), { ifMatch: 1 }),
                       rule("stream-moved", 412));
  assert.equal((await relais.getCase({ id })).phase, "ASSESSED");
  assert.equal(await relais.getCase({ id, ifNoneMatch: '"2"' }), null);
  assert.deepEqual((await relais.getTimeline({ id })).items.map((item) => item.type), [CASE, "relais.case.risk_assessed.v1"]);
});

test("each reading operation is there, and each path is right", async () => {
  const relais = await client(ML1);
  const { index } = await relais.append(await relais.statement(CASE, newCase(), DETECTED));
  assert.equal((await relais.getDescription()).openapi, "3.1.0");
  assert.equal(await relais.getLiveness(), "alive\n");
  assert.match(await relais.getLogKey(), /^relais/);
  assert.ok((await relais.getTile({ tile: `0/000.p/${index + 1}` })).length === 32 * (index + 1));
  assert.equal((await relais.getLogKeys()).origin, ledger.origin);
  assert.ok((await relais.listSignatories()).signatories.length > 3);
  assert.ok((await relais.getConvention()).documentHash);
  await relais.getReadsCheckpoint();
  for (const list of ["listParcours", "listSessions", "listAccreditations", "listLibrary", "listNetwork", "listDeadlines",
                      "listReferrals"])
    assert.ok(Array.isArray(await all(relais.every(list, {}))), list);
});

test("lists over all pages, and as lines", async () => {
  const relais = await client(AMICALE);
  const made = [];
  for (let i = 0; i < 5; i++) {
    const subject = newCase();
    await relais.append(await relais.statement(CASE, subject, DETECTED));
    made.push(subject.slice(5));
  }
  const ids = (await all(relais.every("listCases", { limit: 2 }))).map((one) => one.id);
  assert.deepEqual([...made].sort(), ids.filter((id) => made.includes(id)).sort());
  assert.equal(new Set(ids).size, ids.length);
  const kinds = [];
  const watching = await client(AMICALE, { fetch: lying((_, __, answer) => { kinds.push(answer.headers.get("Content-Type")); }) });
  assert.deepEqual((await all(watching.lines("listCases", { limit: 2 }))).map((one) => one.id), ids);
  assert.deepEqual(kinds, ["application/x-ndjson"], "one request for all pages");
});

test("refusals", async () => {
  const relais = await client(ML1);
  await assert.rejects(relais.append(await relais.statement(CASE, newCase(), { ...DETECTED, risk: "exemple" })), (e) => {
    assert.deepEqual([e.status, e.rule, e.field], [422, "vocabulary", "data.risk"]);
    assert.match(e.accepted, /immediate/);
    return true;
  });
  await assert.rejects((await client(ML2)).getCase({ id: newCase().slice(5) }), rule("not-found"));
  const analyst = await client(ANALYST);
  await assert.rejects(analyst.append(await analyst.statement(CASE, newCase(), DETECTED)), rule("emitter-forbidden"));
  await assert.rejects(relais.openEmergencyAccess(await relais.statement(CASE, newCase(), DETECTED)), rule("break-glass-type"));
});

test("a list of statements", async () => {
  const relais = await client(AMICALE);
  const bad = await relais.statement("relais.case.closed.v1", newCase(), { reason: "moved" });
  const [first, second] = await relais.appendAll([await relais.statement(CASE, newCase(), DETECTED), bad]);
  assert.equal(first.status, 201);
  assert.ok(rule("stream-unknown", 404)(second));
  await assert.rejects(relais.appendAll([await relais.statement(CASE, newCase(), DETECTED), bad], { atomic: true }),
                       (e) => e.document.results[0].position === 1);
});

test("an answer that was lost is asked for again, and nothing is there twice", async () => {
  let lost = 0;
  const relais = await client(ML1, { fetch: lying((_, init) => {
    if (init.method === "POST" && lost++ === 0) throw new TypeError("fetch failed");
  }) });
  const subject = newCase();
  const accepted = await relais.append(await relais.statement(CASE, subject, DETECTED), { ifNew: true });
  assert.deepEqual([lost, accepted.version], [2, 1]);
  assert.equal((await relais.getCase({ id: subject.slice(5) })).version, 1);
});

test("what is remembered, from one client to the next", async () => {
  const notes = [];
  const memory = { load: async () => notes.at(-1), save: async (note) => { notes.push(note); } };
  const one = await client(ML1, { memory });
  const statement = await one.statement(CASE, newCase(), DETECTED);
  const { id, receipt } = await one.append(statement);
  const next = await client(ML1, { memory });
  await next.append(await next.statement(CASE, newCase(), DETECTED));
  assert.equal(notes.length, 2);
  await next.verify(receipt, statement);  // of a smaller tree, which leads to this one
  assert.equal(notes.length, 2);
  const { size } = await next.checkpoint();
  assert.ok(size >= Number(notes[1].split("\n")[1]));
  assert.equal((await verify(ledger.vkey, await next.getReceipt({ id }), statement)).index, (await one.append(statement)).index);
});

test("follows", async () => {
  const relais = await client(ML1);
  const first = await relais.append(await relais.statement(CASE, newCase(), DETECTED));
  const stream = relais.follow({ type: "case.detected", from: first.index });
  assert.equal((await stream.next()).value.index, first.index);
  const second = await relais.append(await relais.statement(CASE, newCase(), DETECTED));
  assert.equal((await stream.next()).value.id, second.id);
  await stream.return();
  const end = new AbortController();
  const again = relais.follow({ type: "case.detected", last: first.index, signal: end.signal });
  assert.equal((await again.next()).value.index, second.index);
  end.abort(new Error("exemple"));
  await assert.rejects(again.next(), /exemple/);
  await assert.rejects(relais.follow({ stream: "exemple" }).next(), Problem);
});
