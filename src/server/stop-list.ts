type Stop = () => Promise<void> | void;

/** What was started, to be ended in the reverse order. */
export class StopList {
  readonly #stops: Stop[] = [];
  #stopping: Promise<void> | undefined;

  add(stop: Stop): void {
    this.#stops.push(stop);
  }

  /**
   * Ends everything once, whoever asks and how often. What fails to end keeps nothing else running.
   * @throws the first failure, once everything was tried
   */
  readonly stop = (): Promise<void> => (this.#stopping ??= this.#stopAll());

  async #stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
