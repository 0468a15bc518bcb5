/** Where there is no Node: browsers, workers, Deno. */
export const webcrypto: Crypto = globalThis.crypto;
