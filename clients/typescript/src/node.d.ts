/** All that is used of Node, by webcrypto.node.ts alone. */
declare module "node:crypto" {
  export const webcrypto: Crypto;
}
