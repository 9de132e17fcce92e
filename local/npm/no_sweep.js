// Loaded before Azurite. Every ten minutes that looks for data which no blob refers to any more,
// removes it piece by piece, and answers nobody meanwhile: minutes, after the many small blobs of a
// long test. The real service does not pause, and what could be freed here is little.
"use strict";

const path = require("node:path");

const program = path.dirname(process.argv[1]);
const { default: BlobGCManager } = require(path.join(program, "blob", "gc", "BlobGCManager.js"));
if (typeof BlobGCManager.prototype.markSweep !== "function") {
  throw new Error("this version of Azurite sweeps in another way: see no_sweep.js");
}
BlobGCManager.prototype.markSweep = async () => {};
