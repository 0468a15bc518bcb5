/** A client of a Relais ledger: signs, appends, reads, and checks receipts. */
export type * as api from "./api.js";
export type { Accepted, CloudEvent, Event, EventData, Lists, Operations, Role } from "./api.js";
export { Invalid, Unsupported } from "./bytes.js";
export { Client } from "./client.js";
export type { AcceptedResult, AppendOptions, ClientOptions, Filters, Item, StatementOptions } from "./client.js";
export { Fork } from "./history.js";
export type { Memory } from "./history.js";
export { Disconnected, Problem } from "./http.js";
export type { HttpOptions, ProblemDocument } from "./http.js";
export { openCheckpoint, verify } from "./receipt.js";
export type { Head, Receipt } from "./receipt.js";
export { open, seal } from "./sealing.js";
export type { Opened, Sealed, SealingKey, SealingPair, Submission } from "./sealing.js";
export { Signer, Statement } from "./signing.js";
export type { SignedEvent, Signing, SigningPair } from "./signing.js";
