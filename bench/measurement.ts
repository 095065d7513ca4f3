/** One figure that a benchmark reports. */
export interface Figure {
  /** What was measured, as a reader of the table meets it. */
  readonly name: string;
  readonly unit: string;
  readonly spread: Spread;
  /** What the figure must reach; absent for figures that are only shown. */
  readonly must?: { readonly atLeast: number } | { readonly atMost: number };
  readonly note?: string;
}

/** The middle of several measurements and their ends: on a shared machine one number says too little. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("nothing was measured");
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)!, count: sorted.length };
}

export function hasPassed({ must, spread }: Figure): boolean | undefined {
  if (must === undefined) return undefined;
  return "atLeast" in must ? spread.median >= must.atLeast : spread.median <= must.atMost;
}

/** What takes turns in one run. `measure` answers one sample, of whatever is compared. */
export interface Contender<Sample> {
  readonly name: string;
  measure(): Promise<Sample> | Sample;
}

/**
 * Measures in turns, A B C A B C …, each round in another order of start, so that a busy minute of the machine meets
 * all alike. Compare samples of the same round with each other and take the median of those ratios.
 */
export async function takeTurns<Sample>(
  contenders: readonly Contender<Sample>[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]!;
      samples.get(contender.name)!.push(await contender.measure());
    }
  }
  return samples;
}

/** The samples of one contender; a name that took no turn is our mistake. */
export function samplesOf<Sample>(samples: ReadonlyMap<string, readonly Sample[]>, name: string): readonly Sample[] {
  const found = samples.get(name);
  if (found === undefined) throw new RangeError(`${name} took no turn`);
  return found;
}

/** Per round: the first list's value through the second's. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, round) => value / below[round]!);
}

/** What a benchmark is asked for. */
export interface BenchOptions {
  /** Fewer and shorter rounds: to see that it runs, not to quote. */
  readonly quick: boolean;
}

/** Every benchmark's file exports one of these as `measure`. */
export type Benchmark = (options: BenchOptions) => Promise<readonly Figure[]>;
