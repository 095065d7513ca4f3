/** Something that keeps the server from starting; the command prints the sentence and exits 3 (2 for wrong use). */
export class StartError extends Error {
  readonly exitCode: 2 | 3;

  constructor(message: string, exitCode: 2 | 3 = 3) {
    super(message);
    this.exitCode = exitCode;
  }
}
