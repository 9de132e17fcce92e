// Loaded before a server: ends it when the process that started it is gone, however that ended.
// The starter holds the other end of this process's standard input and never writes to it.
"use strict";

process.stdin.resume();
// Listening here must not keep a server alive that was asked to stop.
process.stdin.unref();
process.stdin.on("end", () => {
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(0), 3000).unref();
});
