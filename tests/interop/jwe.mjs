// Run by test_jwe.py. Reads {jwe, keys, text, own} from standard input: opens `jwe` with each private key of `keys` by npm
// jose, and seals `text` to all of them and to the last alone. Prints {opened, sealed}.
import { readFileSync } from "node:fs";
import * as jose from "jose";

const work = JSON.parse(readFileSync(0, "utf8"));
const opened = [];
for (const jwk of work.keys) {
  const { plaintext, protectedHeader } = await jose.generalDecrypt(work.jwe, await jose.importJWK(jwk), {
    keyManagementAlgorithms: ["ECDH-ES+A256KW"], contentEncryptionAlgorithms: ["A256GCM"] });
  opened.push({ text: new TextDecoder().decode(plaintext), header: protectedHeader });
}

async function seal(keys) {
  const jwe = new jose.GeneralEncrypt(new TextEncoder().encode(work.text)).setProtectedHeader({ enc: "A256GCM", ...work.own });
  for (const { d, ...jwk } of keys)
    jwe.addRecipient(await jose.importJWK(jwk)).setUnprotectedHeader({ alg: "ECDH-ES+A256KW", kid: jwk.kid });
  return jwe.encrypt();
}
process.stdout.write(JSON.stringify({ opened, sealed: [await seal(work.keys), await seal(work.keys.slice(-1))] }));
