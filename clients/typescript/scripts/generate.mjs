// Makes src/api.ts of the ledger's description: a type for each schema, a method for each reading operation, and the tables that
// say which members are sensitive and to whom they are sealed.
//
//     node scripts/generate.mjs DESCRIPTION OUT      writes OUT
//     node scripts/generate.mjs DESCRIPTION          prints it
import { readFileSync, writeFileSync } from "node:fs";

const [description, out] = process.argv.slice(2);
if (description === undefined) {
  console.error("usage: generate.mjs DESCRIPTION [OUT]");
  process.exit(2);
}
const api = JSON.parse(readFileSync(description, "utf8"));
const schemas = api.components.schemas;

/** "vocabulary.need" is VocabularyNeed, "If-None-Match" ifNoneMatch. */
const joined = (name) => name.replace(/[._-]+([a-zA-Z])/g, (_, letter) => letter.toUpperCase());
const typeName = (name) => joined(name).replace(/^./, (letter) => letter.toUpperCase());
const memberName = (name) => (name.includes("-") ? joined(name.toLowerCase()) : name);
const refName = (schema) => schema.$ref.split("/").at(-1);
const quoted = (value) => JSON.stringify(value);
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name));
const indented = (text) => text.replace(/\n/g, "\n  ");
const comment = (text) => (text ? `/** ${text.replace(/\s+/g, " ").replaceAll("*/", "* /").trim()} */\n` : "");

function union(parts) {
  const text = parts.join(" | ");
  return text.length <= 100 ? text : parts.map((part) => `\n  | ${indented(part)}`).join("");
}

function objectType(schema) {
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => comment(member.description) + `${key(name)}${required.has(name) ? "" : "?"}: ${typeOf(member)};`);
  const own = lines.length ? `{\n  ${indented(lines.join("\n"))}\n}` : "object";
  // What else may be there has no place in an index signature beside typed members: readers look at `unknown`.
  const more = schema.additionalProperties;
  return more && lines.length === 0 ? `Record<string, ${more === true ? "unknown" : typeOf(more)}>` : own;
}

function typeOf(schema) {
  if (schema.$ref) return typeName(refName(schema));
  if ("const" in schema) return quoted(schema.const);
  if (schema.enum) return union(schema.enum.map(quoted));
  if (schema.oneOf) {
    const base = schema.properties ? objectType(schema) : undefined;
    const alternatives = union(schema.oneOf.map(typeOf));
    return base === undefined ? alternatives : `${base} & (${alternatives})`;
  }
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type })));
  switch (schema.type) {
    case "string": case "boolean": case "null": return schema.type;
    case "integer": case "number": return "number";
    case "array": {
      const item = typeOf(schema.items ?? {});
      return /[ |&]/.test(item) && !item.startsWith("{") ? `Array<${item}>` : `${item}[]`;
    }
    case "object": return objectType(schema);
    default:
      if (schema.properties) return objectType(schema);
      return "unknown";
  }
}

/** What is read over the network by signatories: not what the administrator's socket has, nor what an operator's token opens. */
function reading() {
  return Object.entries(api.paths).flatMap(([path, methods]) => {
    const operation = methods.get;
    if (!operation || path.startsWith("/admin/") || operation.security?.some((s) => s.operatorToken)) return [];
    return [{ path, operation }];
  });
}

function answer(operation) {
  const kinds = Object.entries(operation.responses["200"]?.content ?? {})
    .filter(([kind]) => kind !== "application/x-ndjson");  // the same items, for `lines`
  return union([...new Set(kinds.map(([kind, { schema }]) => (kind === "application/octet-stream" ? "Uint8Array" :
    kind === "text/event-stream" ? "never" : typeOf(schema))))]);
}

/** The member of a list's page that has its items. */
function itemsOf(operation) {
  const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
  const page = schema?.$ref ? schemas[refName(schema)] : schema;
  if (!page?.properties?.next) return undefined;
  return Object.entries(page.properties).find(([name, member]) => member.type === "array" && name !== "looks")?.[0];
}

const lines = [
  "// Made of docs/openapi.json by scripts/generate.mjs (npm run generate): not edited by hand.", ""];
for (const [name, schema] of Object.entries(schemas).sort(([a], [b]) => (typeName(a) < typeName(b) ? -1 : 1)))
  lines.push(comment(schema.description) + `export type ${typeName(name)} = ${typeOf(schema)};`, "");

// --- events

const events = schemas.CloudEvent.oneOf.map((one) => ({
  type: one.properties.type.const,
  data: refName(one.properties.data),
}));
lines.push("/** What an event of each type says: what is disclosed and what is sealed included. */",
  "export interface EventData {");
for (const { type, data } of events) lines.push(`  ${quoted(type)}: ${typeName(data)};`);
lines.push("}", "", "/** Members that are never signed in clear, and the roles that alone may open them where they are sealed. */",
  "export const events: Readonly<Record<keyof EventData, {",
  "  readonly sensitive: readonly string[];", "  readonly sealedTo: Readonly<Record<string, readonly Role[]>>;", "}>> = {");
for (const { type, data } of events) {
  const members = Object.entries(schemas[data].properties ?? {});
  const sensitive = members.filter(([, member]) => member["x-relais-sensitive"]).map(([name]) => name);
  const sealed = members.filter(([, member]) => member["x-relais-sealed-to"])
    .map(([name, member]) => `${key(name)}: ${quoted(member["x-relais-sealed-to"])}`);
  const sealedTo = sealed.length ? `{ ${sealed.join(", ")} }` : "{}";
  lines.push(`  ${quoted(type)}: { sensitive: ${quoted(sensitive)}, sealedTo: ${sealedTo} },`);
}
lines.push("};", "");

// --- operations

lines.push("export interface Operations {");
for (const { operation } of reading()) {
  const parameters = (operation.parameters ?? []).map((p) =>
    comment(p.description) +
    `${memberName(p.name)}${p.required ? "" : "?"}: ${typeOf(p.schema)}${p.required ? "" : " | undefined"};`);
  lines.push(`  ${operation.operationId}: {`,
    `    parameters: ${parameters.length ? `{\n      ${indented(indented(indented(parameters.join("\n"))))}\n    }` : "{}"};`,
    `    answer: ${indented(indented(answer(operation)))};`);
  const items = itemsOf(operation);
  if (items) lines.push(`    item: (${answer(operation)})[${quoted(items)}][number];`);
  lines.push("  };");
}
const lists = reading().filter(({ operation }) => itemsOf(operation)).map(({ operation }) => quoted(operation.operationId));
lines.push("}", "", "/** The lists, of which `every` and `lines` give item by item. */",
  `export type Lists = ${union(lists)};`, "");
lines.push("export interface Operation {", "  readonly path: string;", "  /** Whether it takes an access token. */",
  "  readonly authorized: boolean;", "  /** By their names in TypeScript: where they stand, and their names in HTTP. */",
  "  readonly parameters: Readonly<Record<string, readonly [\"path\" | \"query\" | \"header\", string]>>;",
  "  /** The member of a page that has its items. */", "  readonly items?: string;", "}", "",
  "export const operations: Readonly<Record<keyof Operations, Operation>> = {");
for (const { path, operation } of reading()) {
  const parameters = (operation.parameters ?? []).map((p) => `${memberName(p.name)}: [${quoted(p.in)}, ${quoted(p.name)}]`);
  const items = itemsOf(operation);
  const authorized = (operation.security ?? []).length > 0;
  lines.push(`  ${operation.operationId}: {`,
    `    path: ${quoted(path)}, authorized: ${authorized},${items ? ` items: ${quoted(items)},` : ""}`,
    `    parameters: {${parameters.length ? ` ${parameters.join(", ")} ` : ""}},`, "  },");
}
lines.push("};", "", "export type Given<O extends keyof Operations> = Operations[O][\"parameters\"];",
  "export type Answer<O extends keyof Operations> = Operations[O][\"answer\"];", "",
  "/** A method for each of them. */", "export abstract class Reading {",
  "  abstract call<O extends keyof Operations>(operation: O, parameters: Given<O>): Promise<Answer<O> | null>;");
for (const { operation } of reading()) {
  const id = operation.operationId;
  if (operation.responses["200"]?.content?.["text/event-stream"]) continue;  // `follow` reads it
  const given = `Given<"${id}">`;
  const parameters = (operation.parameters ?? []).some((p) => p.required) ? given : `${given} = {}`;
  const result = `Answer<"${id}">`;
  lines.push("", "  " + comment(operation.summary).trim());
  if (operation.responses["304"]) {  // null only for who asks whether it has changed
    const optional = parameters === given ? "" : "?";
    lines.push(`  ${id}(parameters${optional}: ${given} & { ifNoneMatch?: undefined }): Promise<${result}>;`,
      `  ${id}(parameters${optional}: ${given}): Promise<${result} | null>;`,
      `  ${id}(parameters: ${parameters}): Promise<${result} | null> {`,
      `    return this.call("${id}", parameters) as Promise<${result} | null>;`, "  }");
  } else {
    lines.push(`  ${id}(parameters: ${parameters}): Promise<${result}> {`,
      `    return this.call("${id}", parameters) as Promise<${result}>;`, "  }");
  }
}
lines.push("}", "");
const text = lines.join("\n");
if (out === undefined) process.stdout.write(text);
else writeFileSync(out, text);
