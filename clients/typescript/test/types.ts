// Compiled, never run: what the types refuse. An expected error that does not come is an error.
import type { Client, Statement } from "relais-client";

export async function typed(relais: Client): Promise<unknown[]> {
  const detected = { channel: "interview", age_band: "16_17", territory: "69387", risk: "high" } as const;
  const statement: Statement = await relais.statement("relais.case.detected.v1", "case/x", { ...detected, note: "exemple" });
  // @ts-expect-error: no such member
  await relais.statement("relais.case.detected.v1", "case/x", { ...detected, remark: "exemple" });
  // @ts-expect-error: not in the vocabulary
  await relais.statement("relais.case.detected.v1", "case/x", { ...detected, risk: "exemple" });
  // @ts-expect-error: a member is missing
  await relais.statement("relais.case.detected.v1", "case/x", { channel: "interview", age_band: "16_17", risk: "high" });
  // @ts-expect-error: no such type
  await relais.statement("relais.case.exemple.v1", "case/x", {});
  // @ts-expect-error: no such parameter
  await relais.listCases({ etat: "DETECTED" });
  // @ts-expect-error: it needs an id
  await relais.getCase();
  // @ts-expect-error: null where it has not changed
  (await relais.getCase({ id: "x", ifNoneMatch: '"1"' })).phase;
  // @ts-expect-error: it is no list
  relais.every("getCase", { id: "x" });
  const kept: string = (await relais.getEvent({ id: "x", format: "sd-jwt" })).trim();
  const phases: string[] = [(await relais.getCase({ id: "x" })).phase];
  for await (const one of relais.every("listCases", { phase: "DETECTED", limit: 10 })) phases.push(one.phase);
  for await (const event of relais.follow({ type: "referral.*" }))
    if (event.type === "relais.case.detected.v1") phases.push(event.data.risk);
  return [statement, kept, phases];
}
