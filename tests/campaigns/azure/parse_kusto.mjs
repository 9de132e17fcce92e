// Asks Kusto's own parser about queries: `node parse_kusto.mjs FOLDER`, where FOLDER has node_modules.
// Reads one JSON object a line, {"tables": {name: "(column: type, …)"}, "query": "…"}, and answers each
// with a line: a JSON list of what the parser minds.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { runInThisContext } from "node:vm";

const library = `${process.argv[2]}/node_modules/@kusto/language-service-next`;
// Written for pages: they leave their names among the globals.
for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  runInThisContext(readFileSync(`${library}/${file}`, "utf8"), { filename: file });
}
const { KustoCode, GlobalState, Symbols } = globalThis.Kusto.Language;

function globals(tables) {
  const symbols = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, ""));
  const database = new Symbols.DatabaseSymbol.ctor("workspace", symbols);
  return GlobalState.Default.WithDatabase(database);
}

function complaints({ tables, query }) {
  const found = KustoCode.ParseAndAnalyze(query, globals(tables)).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => found.getItem(index))
    .map((one) => `${one.Code}: ${one.Message} (${query.slice(one.Start, one.Start + 30)})`);
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(complaints(JSON.parse(line))));
}
