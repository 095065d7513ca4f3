const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Takes over the signals that ask a command to end, until the returned function is called. To be called before anything
 * starts: whoever reads the ready file or the ready line may send one before the command has run another line.
 */
export function catchSignals(onSignal: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
