// Preloaded into a measured process: its peak memory, in KB, to file descriptor 3 when it ends.
process.on('exit', () => {
  require('node:fs').writeSync(3, String(process.resourceUsage().maxRSS))
})
