// Run by test_export.py. Reads {queries} from standard input, SQL for DuckDB, and prints the rows of each as JSON.
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const { queries } = JSON.parse(readFileSync(0, "utf8"));
const connection = await (await DuckDBInstance.create(":memory:")).connect();
const answers = [];
for (const sql of queries) answers.push((await connection.runAndReadAll(sql)).getRowObjectsJson());
process.stdout.write(JSON.stringify(answers));
