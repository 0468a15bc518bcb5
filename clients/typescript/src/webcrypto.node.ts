import { webcrypto as ofNode } from "node:crypto";

/** Node 18 does not have it among its globals. */
export const webcrypto: Crypto = globalThis.crypto ?? ofNode;
