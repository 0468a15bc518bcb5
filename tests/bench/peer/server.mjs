// What a team would build instead of Relais: an HTTP service that verifies the same SD-JWT, checks id and version, and inserts the
// event into PostgreSQL, acknowledged when it is on disk. No tree, no receipt, no rules, no read models.
//
//   node server.mjs PORT KEYS SOCKET WORKERS     KEYS: JSON, an array of public JWKs; SOCKET: folder of PostgreSQL's socket
import cluster from 'node:cluster';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import pg from 'pg';

const [port, keysFile, socket, workers] = process.argv.slice(2);
const connections = Math.ceil(32 / Number(workers));

async function serve() {
  const keys = new Map();
  for (const { kty, crv, x } of JSON.parse(readFileSync(keysFile, 'utf8')))
    keys.set(await calculateJwkThumbprint({ kty, crv, x }), await importJWK({ kty, crv, x }, 'EdDSA'));
  const pool = new pg.Pool({ host: socket, user: 'postgres', database: 'postgres', max: connections });

  const refuse = (status, rule) => Object.assign(new Error(rule), { statusCode: status });
  const digestOf = (disclosure) => createHash('sha256').update(disclosure).digest('base64url');

  async function append(statement) {
    const [jwt, ...disclosures] = statement.split('~');
    const { payload } = await compactVerify(jwt, ({ kid }) => {
      if (!keys.has(kid)) throw refuse(401, 'key-unknown');
      return keys.get(kid);
    }, { algorithms: ['EdDSA'] });
    const digests = new Set();
    const event = JSON.parse(new TextDecoder().decode(payload), (name, value) => {
      if (name === '_sd') for (const digest of value) digests.add(digest);
      return value;
    });
    for (const disclosure of disclosures)
      if (disclosure && !digests.has(digestOf(disclosure))) throw refuse(400, 'disclosure-unknown');
    // The version is the stream's next one: two writers of one stream cannot both have it.
    const { rows } = await pool.query({
      name: 'append',
      text: `insert into events (id, source, stream, version, type, payload)
             select $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5 from events where stream = $3
             returning index, version`,
      values: [event.id, event.source, event.subject, event.type, JSON.stringify(event)],
    });
    return { id: event.id, index: Number(rows[0].index), version: rows[0].version };
  }

  const app = Fastify({ bodyLimit: 1 << 20 });
  app.addContentTypeParser('application/sd-jwt', { parseAs: 'string' }, (request, body, done) => done(null, body));
  app.post('/v1/events', async (request, reply) => {
    try {
      reply.code(201);
      return await append(request.body);
    } catch (error) {
      if (error.code === '23505') throw refuse(409, 'id-or-version-taken');
      if (error.code?.startsWith('ERR_J')) throw refuse(401, 'signature-invalid');
      throw error;
    }
  });
  await app.listen({ port: Number(port), host: '127.0.0.1' });
}

if (cluster.isPrimary) {
  for (let i = 0; i < Number(workers); ++i) cluster.fork();
  cluster.on('listening', () => console.log('listening'));
  process.on('SIGTERM', () => { for (const worker of Object.values(cluster.workers)) worker.kill(); process.exit(0); });
} else {
  await serve();
}
