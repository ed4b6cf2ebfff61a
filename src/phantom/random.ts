/**
 * A small seeded generator (sfc32, public domain, PractRand-tested), so that every phantom is a function of its seed.
 * Streams are split by name with {@link fork}: adding a draw in one place leaves all others as they were.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(private readonly seed: string) {
    // FNV-1a over the seed with three different starts fills the state.
    const hash = (start: number) => {
      let h = start | 0;
      for (let index = 0; index < seed.length; index++) h = Math.imul(h ^ seed.charCodeAt(index), 0x01000193);
      return h;
    };
    this.#a = hash(0x811c9dc5);
    this.#b = hash(0x9e3779b9);
    this.#c = hash(0x85ebca6b);
    for (let round = 0; round < 15; round++) this.uint32();
  }

  /** An independent stream, a function of this one's seed and `name` alone. */
  fork(name: string | number): Random {
    return new Random(`${this.seed}/${name}`);
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + ((high - low) * this.uint32()) / 4294967296;
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Uniform integer in [0, count). */
  integer(count: number): number {
    return Math.floor(this.uniform(0, count));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(values.length)];
  }

  /** Normal with the given mean and standard deviation (Box–Muller). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A direction, uniform on the unit sphere. */
  direction(): [number, number, number] {
    const z = this.uniform(-1, 1);
    const angle = this.uniform(0, 2 * Math.PI);
    const r = Math.sqrt(1 - z * z);
    return [r * Math.cos(angle), r * Math.sin(angle), z];
  }
}
